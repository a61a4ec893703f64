import { execFile, execFileSync, spawnSync } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packagedLibrary, type LibraryCandidate } from "../../../models/engine/library.ts";
import type { OpenEngineOptions } from "../../../models/engine/open-engine.ts";

const dist = new URL("../../../dist/models/engine/", import.meta.url).href;
const compiler = process.env["CC"] ?? "cc";
const hasCompiler = spawnSync(compiler, ["--version"]).status === 0;

/** A library that calls itself an ONNX Runtime of another version, under the real one's SONAME. */
const source = (version: string): string => `
  static const char *version(void) { return "${version}"; }
  static const void *api(unsigned wanted) { (void)wanted; return 0; }
  static const struct { const void *(*api)(unsigned); const char *(*version)(void); } base =
    { api, version };
  const void *OrtGetApiBase(void) { return &base; }`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kairos-fallback-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function makeLibrary(version: string): Promise<string> {
  const path = join(folder, `${version}.so`);
  await writeFile(`${path}.c`, source(version));
  const soname = "-Wl,-soname,libonnxruntime.so.1";
  execFileSync(compiler, ["-shared", "-fPIC", soname, "-o", path, `${path}.c`]);
  return path;
}

interface Info {
  readonly name: string;
  readonly library: string;
  readonly fallbackReasons: readonly string[];
}

/** Opens an engine in a process that has loaded no ONNX Runtime yet, and gives what it says of itself. */
async function infoWith(options: OpenEngineOptions): Promise<Info> {
  const script = `
    const { openEngine } = await import("${dist}open-engine.js");
    const engine = await openEngine(${JSON.stringify(options)});
    process.stdout.write(JSON.stringify(engine.info));`;
  const args = ["--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Info;
}

const found = (path: string): LibraryCandidate => ({
  path,
  source: "system",
  version: undefined,
  accelerators: [],
});

const refusals: [version: string, reason: RegExp][] = [
  ["1.20.1", /is ONNX Runtime 1\.20\.1, expected 1\.21 or newer/],
  ["2.0.0", /is ONNX Runtime 2\.0\.0, expected 1\.21 or newer/],
  ["1.22.0", /is ONNX Runtime 1\.22\.0 and offers no API version 22/],
];

describe.skipIf(!hasCompiler)("a library that is refused (needs a C compiler)", () => {
  test.each(refusals)(
    "because it is %s leaves the way free for ort-node",
    async (version, reason) => {
      const info = await infoWith({ libraries: [found(await makeLibrary(version))] });
      expect(info.name).toBe("ort-node");
      expect(info.fallbackReasons).toHaveLength(1);
      expect(info.fallbackReasons[0]).toMatch(reason);
    },
  );

  test.each(refusals)("because it is %s makes place for the next one", async (version, reason) => {
    const refused = await makeLibrary(version);
    const info = await infoWith({ libraries: [found(refused), found(packagedLibrary())] });
    expect(info).toMatchObject({ name: "ort-ffi", library: packagedLibrary() });
    expect(info.fallbackReasons).toEqual([expect.stringMatching(reason)]);
  });

  test("is an error, not a fallback, when it was named", async () => {
    const libraryPath = await makeLibrary("1.20.1");
    await expect(infoWith({ libraryPath })).rejects.toThrow(
      /engine\/library.*1\.20\.1, expected 1\.21/s,
    );
  });

  test("is not tried when it was passed over already", async () => {
    const passed = { ...found(await makeLibrary("1.20.1")), passedOver: "too old" };
    const info = await infoWith({ libraries: [passed, found(packagedLibrary())] });
    expect(info).toMatchObject({ name: "ort-ffi", fallbackReasons: [] });
    const only = await infoWith({ libraries: [passed] });
    expect(only.fallbackReasons).toEqual([expect.stringContaining(`${passed.path}: too old`)]);
  });
});

test.each([
  ["does not exist", "missing.so", /cannot open shared object|no such file/i],
  ["is no library", "text.so", /too short|invalid ELF|not a/i],
  ["is another library", "libc.so.6", /libc\.so\.6 cannot be used as ONNX Runtime/],
])("a named library that %s is an error in the loader's words", async (_, name, reason) => {
  await writeFile(join(folder, "text.so"), "not a library");
  const libraryPath = name.startsWith("libc") ? name : join(folder, name);
  const opening = infoWith({ libraryPath });
  await expect(opening).rejects.toThrow(/engine\/library/);
  await expect(opening).rejects.toThrow(reason);
});

test("a second ONNX Runtime never comes into a process that runs on one", async () => {
  const copy = join(folder, "libonnxruntime.so.1");
  await copyFile(packagedLibrary(), copy);
  const script = `
    const { openEngine } = await import("${dist}open-engine.js");
    const { findLibraries } = await import("${dist}library.js");
    const engine = await openEngine({ libraryPath: "${copy}" });
    const told = await openEngine({ libraryPath: "${packagedLibrary()}" }).catch((error) => error.message);
    const addOn = await openEngine({ engine: "ort-node" }).catch((error) => error.message);
    const passed = findLibraries().find((each) => each.source === "npm package").passedOver;
    await engine[Symbol.asyncDispose]();
    process.stdout.write(JSON.stringify({ library: engine.info.library, told, addOn, passed }));`;
  const args = ["--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toEqual({
    library: copy,
    told: expect.stringContaining(`this process runs on ${copy}`) as string,
    addOn: expect.stringContaining(`this process runs on ${copy}`) as string,
    passed: expect.stringContaining(`this process runs on ${copy}`) as string,
  });
});
