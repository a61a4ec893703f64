import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

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

/** Opens an engine in a process that has loaded no ONNX Runtime yet, and gives what it says of itself. */
async function infoWith(libraryPath: string): Promise<{ name: string; fallbackReasons: string[] }> {
  const script = `
    const { openEngine } = await import("${dist}open-engine.js");
    const engine = await openEngine({ libraryPath: ${JSON.stringify(libraryPath)} });
    process.stdout.write(JSON.stringify(engine.info));`;
  const args = ["--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as { name: string; fallbackReasons: string[] };
}

describe.skipIf(!hasCompiler)("a library that is refused (needs a C compiler)", () => {
  test.each([
    ["1.20.1", /is ONNX Runtime 1\.20\.1, expected 1\.21 or newer/],
    ["2.0.0", /is ONNX Runtime 2\.0\.0, expected 1\.21 or newer/],
    ["1.22.0", /is ONNX Runtime 1\.22\.0 and offers no API version 22/],
  ])("because it is %s leaves the way free for the fallback", async (version, reason) => {
    const info = await infoWith(await makeLibrary(version));
    expect(info.name).toBe("ort-node");
    expect(info.fallbackReasons).toHaveLength(1);
    expect(info.fallbackReasons[0]).toMatch(reason);
  });
});
