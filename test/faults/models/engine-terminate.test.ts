import { execFile } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, test } from "vitest";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { openTerminator } from "../../../models/engine/ort-ffi/terminator.ts";
import { disableTelemetry } from "../../../models/engine/telemetry.ts";
import { countingGraph } from "../../fakes/engine-graphs.ts";
import type { LongRunMessage } from "../../fakes/long-run-worker.ts";
import { onnxModel } from "../../fakes/onnx-writer.ts";

const entry = new URL("../../../dist/test/fakes/long-run-worker.js", import.meta.url);
const dist = new URL("../../../dist/", import.meta.url).href;
/** Hours, were it not stopped. */
const endless = 10 ** 9;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(disableTelemetry);

interface LongRun {
  readonly worker: Worker;
  readonly handle: bigint;
  readonly library: string;
  readonly next: () => Promise<LongRunMessage>;
}

async function startLongRun(turns: readonly number[]): Promise<LongRun> {
  const worker = new Worker(entry, { workerData: { kind: "ort-ffi", turns } });
  const messages: LongRunMessage[] = [];
  worker.on("message", (message: LongRunMessage) => messages.push(message));
  const next = async (): Promise<LongRunMessage> => {
    while (messages.length === 0) await once(worker, "message");
    return messages.shift()!;
  };
  const open = await next();
  if (open.kind !== "open") throw new Error(`the worker began with ${open.kind}`);
  return { worker, handle: open.handle, library: open.library, next };
}

describe("stopping a run of another thread", () => {
  test("ends it with engine/terminated, and the next run is complete", async () => {
    const { worker, handle, library, next } = await startLongRun([2, endless, 2]);
    expect(await next()).toMatchObject({ kind: "running" });
    const whole = await next();
    expect(whole).toMatchObject({ kind: "ended", code: "done" });
    expect(await next()).toMatchObject({ kind: "running" });
    await sleep(50);
    expect(openTerminator(library).terminate(handle)).toBe(true);
    expect(await next()).toMatchObject({ kind: "ended", code: "engine/terminated" });
    expect(await next()).toMatchObject({ kind: "running" });
    expect(await next()).toEqual(whole);
    await worker.terminate();
  });

  test("asked for while nothing runs, leaves the next run alone", async () => {
    await using engine = await openEngine({ engine: "ort-ffi" });
    const session = await engine.openSession({ name: "c", model: onnxModel(countingGraph(1)) });
    const y = new Float32Array(1);
    const shape = [1, 1];
    const binding = session.bind(
      { x: { data: Float32Array.of(4), shape } },
      { y: { data: y, shape } },
    );
    const terminator = openTerminator(engine.info.library);
    for (let round = 0; round < 3; round += 1) {
      y[0] = 0;
      terminator.terminate(session.terminateHandle);
      await binding.run();
      expect(y[0]).toBe(5);
    }
  });

  test("asked for after the session went, harms nobody", async () => {
    const { worker, handle, library, next } = await startLongRun([2]);
    await next();
    expect(await next()).toMatchObject({ code: "done" });
    await worker.terminate();
    expect(openTerminator(library).terminate(handle)).toBe(true);
  });

  test("an engine that offers no way says so", async () => {
    const { worker, library } = await startLongRun([]);
    expect(openTerminator(library).terminate(0n)).toBe(false);
    await worker.terminate();
  });
});

/**
 * A process whose worker is in the middle of a run when `ending` comes. Resolves with how it left.
 */
async function leave(kind: string, ending: string, turns: number): Promise<number | string> {
  const script = `
    import { Worker } from "node:worker_threads";
    const { disableTelemetry } = await import("${dist}models/engine/telemetry.js");
    const { openTerminator } = await import("${dist}models/engine/ort-ffi/terminator.js");
    const { guardNativeCalls, nativeCallsEnded } = await import(
      "${dist}bridge/contract/native-calls.js"
    );
    disableTelemetry();
    guardNativeCalls();
    const worker = new Worker(new URL("${entry.href}"), {
      execArgv: [],
      workerData: { kind: "${kind}", turns: [${turns}] },
    });
    let open;
    worker.on("message", (message) => {
      if (message.kind === "open") open = message;
      if (message.kind === "running") setTimeout(ending, 5 + 10 * Math.random());
    });
    async function ending() { ${ending} }`;
  const args = ["--input-type=module", "--eval", script];
  try {
    await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    return 0;
  } catch (error) {
    const { code, signal } = error as { code: number | null; signal: string | null };
    return signal ?? code ?? "unknown";
  }
}

const stop = "openTerminator(open.library).terminate(open.handle);";
describe("leaving with a run of ort-ffi in flight, 50 times", () => {
  test.each([
    [
      "the worker is terminated after the run was stopped",
      `${stop} await worker.terminate();`,
      endless,
    ],
    ["the process exits after the run was stopped", `${stop} process.exit(0);`, endless],
    ["the worker is terminated, and waits for the run", "await worker.terminate();", 5000],
    ["the process exits, and waits for the run", "process.exit(0);", 5000],
  ])(
    "%s: no abort, no hang",
    async (_, ending, turns) => {
      const results: (number | string)[] = [];
      for (let round = 0; round < 13; round += 1) {
        results.push(await leave("ort-ffi", ending, turns));
      }
      expect(results).toEqual(results.map(() => 0));
    },
    120_000,
  );
});

describe("leaving with a run of ort-node in flight, 50 times", () => {
  test.each([
    [
      "the worker is terminated when its call has ended",
      "await nativeCallsEnded(worker.threadId); await worker.terminate();",
    ],
    ["the process exits", "process.exit(0);"],
  ])(
    "%s: no abort, no hang",
    async (_, ending) => {
      const results: (number | string)[] = [];
      for (let round = 0; round < 25; round += 1) {
        results.push(await leave("ort-node", ending, 3000));
      }
      expect(results).toEqual(results.map(() => 0));
    },
    120_000,
  );

  test("without waiting, the add-on aborts: should a later one not, drop the gate", async () => {
    const ending = "process.removeAllListeners('exit'); await worker.terminate();";
    expect(await leave("ort-node", ending, 5000)).toBe("SIGABRT");
  });
});
