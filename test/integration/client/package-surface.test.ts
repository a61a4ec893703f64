import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// What a program that installs the package gets: types under both ways of resolution that are in use, and
// code that needs nothing of Node.

const root = fileURLToPath(new URL("../../../", import.meta.url));
const examples = join(root, "bridge/client/examples");
const tsc = join(root, "node_modules/typescript/bin/tsc");

/** React Native has no DOM library; these are the globals of it that the SDK and its users touch. */
const reactNativeGlobals = `
declare function setTimeout(run: () => void, ms?: number): number;
declare function clearTimeout(id: number | undefined): void;
declare function setInterval(run: () => void, ms?: number): number;
declare function clearInterval(id: number | undefined): void;
declare class URL { constructor(url: string); readonly href: string }
declare const performance: { now(): number };
`;

const platforms = [
  {
    name: "the web, bundled",
    source: "web",
    options: {
      module: "preserve",
      moduleResolution: "bundler",
      lib: ["es2022", "dom", "dom.iterable"],
    },
  },
  {
    name: "Node",
    source: "node",
    options: { module: "nodenext", moduleResolution: "nodenext", lib: ["es2022"], types: ["node"] },
  },
  {
    name: "React Native, without a DOM",
    source: "react-native",
    options: { module: "esnext", moduleResolution: "bundler", lib: ["es2022"] },
    globals: reactNativeGlobals,
  },
];

describe("the package as others install it", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "kairos-client-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(platforms)("has types that are right for $name", ({ source, options, globals }) => {
    const project = join(folder, source);
    mkdirSync(join(project, "node_modules/@types"), { recursive: true });
    symlinkSync(root, join(project, "node_modules/kairos-bridge"));
    for (const name of ["ws", "@types/ws", "@types/node"]) {
      symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name));
    }
    cpSync(join(examples, source), project, { recursive: true });
    if (globals !== undefined) writeFileSync(join(project, "globals.d.ts"), globals);
    writeFileSync(join(project, "package.json"), '{ "type": "module" }');
    const compilerOptions = {
      target: "es2022",
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      noEmit: true,
      types: [],
      ...options,
    };
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({ compilerOptions, include: ["*.ts"] }),
    );
    expect(typeErrors(project)).toBe("");
  });
});

function typeErrors(project: string): string {
  try {
    execFileSync(process.execPath, [tsc, "-p", project], { encoding: "utf8" });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe("the built client", () => {
  const dist = join(root, "dist/bridge/client");
  const files = readdirSync(dist).filter((name) => name.endsWith(".js"));

  it.each(files)("%s imports nothing but its own and what works everywhere", (name) => {
    const code = readFileSync(join(dist, name), "utf8");
    const imported = [...code.matchAll(/\bfrom "([^"]+)"/g)].map((match) => match[1] ?? "");
    const foreign = imported.filter((specifier) => !specifier.startsWith("./"));
    expect(foreign.filter((specifier) => !everywhere.includes(specifier))).toEqual([]);
  });
});

const everywhere = ["@msgpack/msgpack", "@noble/ed25519"];
