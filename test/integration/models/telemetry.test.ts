import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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

/** Threads and sockets that came while an engine was opened and half a second after, as JSON. */
const watching = (openIt: string): string => `
  import { readdirSync, readlinkSync } from "node:fs";
  import { readFile } from "node:fs/promises";
  import { connect } from "node:net";
  // Node's own pool of threads starts when it is first used.
  await Promise.all(Array.from({ length: 8 }, () => readFile("/proc/self/status")));
  const { openEngine } = await import("${dist}open-engine.js");
  const { OrtFfiEngine } = await import("${dist}ort-ffi/ort-ffi-engine.js");
  const { packagedLibrary } = await import("${dist}library.js");
  const link = (fd) => { try { return readlinkSync("/proc/self/fd/" + fd); } catch { return ""; } };
  const now = () => [
    ...readdirSync("/proc/self/task").map((id) => "thread " + id),
    ...readdirSync("/proc/self/fd").map(link).filter((to) => to.startsWith("socket:")),
  ];
  const before = new Set(now());
  const engine = ${openIt};
  await engine.openSession({ name: "model.onnx", model });
  const seen = new Set();
  for (let round = 0; round < 25; round += 1) {
    for (const each of now()) if (!before.has(each)) seen.add(each.split(" ")[0].split(":")[0]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  writeFileSync("seen.json", JSON.stringify([...seen]));
  await new Promise((resolve) => connect(9, "127.0.0.9").on("error", resolve).on("connect", resolve));
  process.exit(0);`;

async function newcomers(openIt: string): Promise<string[]> {
  await filesLeftBy(`import { writeFileSync } from "node:fs";${watching(openIt)}`);
  return JSON.parse(await readFile(join(home, "seen.json"), "utf8")) as string[];
}

describe.skipIf(process.platform !== "linux")("threads and sockets (needs /proc)", () => {
  test.each(["ort-ffi", "ort-node"])("%s starts no thread and opens no socket", async (kind) => {
    expect(await newcomers(`await openEngine({ engine: "${kind}" })`)).toEqual([]);
  });

  test("the check sees a thread: the same library without the switch starts one", async () => {
    const withoutSwitch = 'OrtFfiEngine.open(packagedLibrary(), "npm package")';
    expect(await newcomers(withoutSwitch)).toContain("thread");
  });
});

const hasStrace = spawnSync("strace", ["-e", "trace=connect", "true"]).status === 0;
describe.skipIf(!hasStrace)("connections (needs strace, and to be allowed to trace)", () => {
  test.each(["ort-ffi", "ort-node"])("%s attempts none", async (kind) => {
    const script = join(home, "watch.mjs");
    const head = `
      import { readFileSync, writeFileSync } from "node:fs";
      const model = readFileSync(${JSON.stringify(join(home, "model.onnx"))});`;
    await writeFile(script, head + watching(`await openEngine({ engine: "${kind}" })`));
    const trace = join(home, "trace");
    const args = ["-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", trace];
    const env = { PATH: process.env["PATH"], HOME: home, TMPDIR: home };
    await promisify(execFile)("strace", [...args, process.execPath, script], { env, cwd: home });
    const calls = (await readFile(trace, "utf8"))
      .split("\n")
      .filter((call) => call.includes('AF_INET'));
    // The script's own attempt at the end shows that the trace sees such calls.
    expect(calls).toHaveLength(1);
    expect(calls[0]).toContain("127.0.0.9");
  });
});
