import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { onnxModel } from "../../fakes/onnx-writer.ts";
import { observeGraph } from "../../fakes/tiny-package.ts";

const dist = new URL("../../../dist/models/engine/", import.meta.url).href;
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "kairos-home-"));
  await writeFile(join(home, "model.onnx"), onnxModel(observeGraph));
});
afterEach(async () => {
  await rm(home, { recursive: true });
});

/** Runs a script in a process whose home and temporary directory are empty, and lists what it left. */
async function filesLeftBy(script: string): Promise<string[]> {
  const preamble = `
    import { readFileSync } from "node:fs";
    import { Worker, isMainThread } from "node:worker_threads";
    const model = readFileSync(${JSON.stringify(join(home, "model.onnx"))});`;
  const env = { PATH: process.env["PATH"], HOME: home, TMPDIR: home, XDG_CACHE_HOME: undefined };
  await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", preamble + script],
    { env, cwd: home },
  );
  const entries = await readdir(home, { recursive: true });
  return entries.filter((entry) => entry !== "model.onnx");
}

const openSession = (kind: string): string => `
  const { openEngine } = await import("${dist}open-engine.js");
  const engine = await openEngine({ engine: "${kind}" });
  await engine.openSession({ name: "model.onnx", model });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await engine[Symbol.asyncDispose]();`;

test.each(["ort-ffi", "ort-node"])(
  "%s leaves no telemetry store, log or session file",
  async (kind) => {
    expect(await filesLeftBy(openSession(kind))).toEqual([]);
  },
);

test("the check sees a store: the same library without the switch leaves one", async () => {
  // A test that cannot fail proves nothing; if a later library has no telemetry, drop this one.
  const script = `
    const { OrtFfiEngine } = await import("${dist}ort-ffi/ort-ffi-engine.js");
    const { packagedLibrary } = await import("${dist}library.js");
    const engine = OrtFfiEngine.open(packagedLibrary(), "npm package");
    await engine.openSession({ name: "model.onnx", model });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await engine[Symbol.asyncDispose]();`;
  expect(await filesLeftBy(script)).not.toEqual([]);
});

test("an engine in a worker refuses to load while the main thread has not switched it off", async () => {
  const worker = `
    import("${dist}open-engine.js").then(async ({ openEngine }) => {
      const { parentPort } = await import("node:worker_threads");
      await openEngine().then(() => parentPort.postMessage("opened"), (e) => parentPort.postMessage(e.code));
    });`;
  const run = (before: string, expected: string): string => `
    ${before}
    const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
    const answer = await new Promise((resolve) => worker.once("message", resolve));
    await worker.terminate();
    if (answer !== "${expected}") throw new Error("answered " + answer);`;
  expect(await filesLeftBy(run("", "engine/library"))).toEqual([]);
  const disable = `(await import("${dist}telemetry.js")).disableTelemetry();`;
  expect(await filesLeftBy(run(disable, "opened"))).toEqual([]);
});
