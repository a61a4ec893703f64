import { appendFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { Heartbeats, Thread } from "../../../bridge/contract/heartbeats.ts";
import type { WorkerReady } from "../../../bridge/contract/worker-host.ts";
import type { PredictRequest } from "../../../bridge/contract/world-model.ts";
import { disableTelemetry } from "../../../models/engine/telemetry.ts";
import {
  openInferenceWorker,
  type InferenceClient,
} from "../../../models/inference/inference-client.ts";
import { InferenceMailbox } from "../../../models/inference/mailbox.ts";
import type { InferenceServing, InferenceWorkerData } from "../../../models/inference/protocol.ts";
import { observationAt } from "../../contract/models/world-model-contract.ts";
import { tinyGolden, writeTinyPackage, type TinyPackageChanges } from "../../fakes/tiny-package.ts";

const entry = new URL("../../../dist/models/inference/inference-worker.js", import.meta.url);
const scripted = new URL("../../../dist/test/fakes/scripted-inference-worker.js", import.meta.url);
const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const folders: string[] = [];
async function tinyPackage(changes?: TinyPackageChanges): Promise<string> {
  const folder = await writeTinyPackage(changes);
  folders.push(folder);
  return folder;
}
beforeAll(disableTelemetry);
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

const openScripted = (script: string, tickBudgetMs = 5000): Promise<InferenceClient> =>
  openInferenceWorker({
    entry: scripted,
    packageFolder: script,
    tickBudgetMs,
    readyTimeoutMs: 2000,
  });

/** A request whose echo tells which one it was. */
function marked(mark: number): PredictRequest {
  return { actionsRad: new Float32Array(4).fill(mark), candidateCount: 1, horizonSteps: 1 };
}

describe("an inference worker that cannot start", () => {
  test("tells what is wrong with its package", async () => {
    const missing = openInferenceWorker({ entry, packageFolder: "/nonexistent/package" });
    await expect(missing).rejects.toThrow(code("model/missing"));
    const changed = await tinyPackage();
    await appendFile(join(changed, "golden.json"), " ");
    const hash = openInferenceWorker({ entry, packageFolder: changed });
    await expect(hash).rejects.toThrow(code("model/hash"));
    const golden = tinyGolden();
    (golden["mean"] as number[][])[0]![0]! += 1;
    const wrong = openInferenceWorker({ entry, packageFolder: await tinyPackage({ golden }) });
    await expect(wrong).rejects.toThrow(code("model/golden"));
    await expect(wrong).rejects.toThrow(/^\[model\/golden\] mean at step 1, column 0/);
  });

  test("tells that the library it was given cannot be used, and takes no other", async () => {
    const engine = { libraryPath: "/nonexistent/libonnxruntime.so" };
    const opening = openInferenceWorker({ entry, packageFolder: await tinyPackage(), engine });
    await expect(opening).rejects.toThrow(code("engine/library"));
  });

  test("publishes why it runs on the fallback, when no library that was found loads", async () => {
    const path = "/nonexistent/libonnxruntime.so";
    const found = { path, source: "system", version: undefined, accelerators: [] } as const;
    const engine = { libraries: [found] };
    await using model = await openInferenceWorker({
      entry,
      packageFolder: await tinyPackage(),
      engine,
    });
    expect(model.description.engine.name).toBe("ort-node");
    expect(model.description.engine.fallbackReasons.join()).toContain(path);
  });

  test("is given up when it does not get ready", async () => {
    await expect(openScripted("silent")).rejects.toThrow(code("thread/timeout"));
  });
});

describe("an inference worker that dies", () => {
  test.each([
    ["exit", /inference thread ended: exit code 3/],
    ["throw", /inference thread ended: the scripted fault/],
  ])("by %s fails everything that waits and everything after", async (script, text) => {
    await using model = await openScripted(script);
    const waiting = [model.observe(observationAt(0)), model.predict(marked(1)), model.reset()];
    for (const call of waiting) {
      await expect(call).rejects.toThrow(code("thread/failed"));
      await expect(call).rejects.toThrow(text);
    }
    expect((await model.exited)?.message).toMatch(text);
    await expect(model.predict(marked(2))).rejects.toThrow(code("thread/failed"));
  });
});

describe("an inference worker that is slow", () => {
  test("serves the newest waiting prediction and refuses those it replaced", async () => {
    await using model = await openScripted("answer-after:100");
    const calls = [1, 2, 3, 4].map((mark) => model.predict(marked(mark)));
    await expect(calls[1]).rejects.toThrow(code("model/superseded"));
    await expect(calls[2]).rejects.toThrow(code("model/superseded"));
    expect((await calls[0])?.meanPosRad[0]).toBe(1);
    expect((await calls[3])?.meanPosRad[0]).toBe(4);
    expect(model.counters.supersededCount).toBe(2);
  });

  test("drops an answer that comes too late and gives later callers their own", async () => {
    await using model = await openScripted("answer-after:600,1", 450);
    await expect(model.predict(marked(1))).rejects.toThrow(code("model/deadline"));
    expect(model.counters.missedCount).toBe(1);
    await model.observe(observationAt(0));
    expect((await model.predict(marked(2))).meanPosRad[0]).toBe(2);
  });

  test("never drops an observation, and says when it is too far behind", async () => {
    await using model = await openScripted("answer-after:5");
    const calls = Array.from({ length: 70 }, (_, t) => model.observe(observationAt(t)));
    const results = await Promise.allSettled(calls);
    const refused = results.filter((result) => result.status === "rejected");
    // One is being served and 64 wait.
    expect(results.length - refused.length).toBe(65);
    for (const result of refused) expect(result.reason).toMatchObject({ code: "thread/timeout" });
  });

  test("closes while it runs: what waits is refused, the thread ends", async () => {
    const model = await openScripted("answer-after:300");
    const calls = [model.observe(observationAt(0)), model.predict(marked(1))];
    await sleep(30);
    const closing = model[Symbol.asyncDispose]();
    for (const call of calls) await expect(call).rejects.toThrow(code("model/closed"));
    await closing;
    expect(await model.exited).toBeUndefined();
  });
});

describe("the real inference worker", () => {
  test.each(["ort-ffi", "ort-node"] as const)(
    "on %s closes while it runs, again and again",
    async (kind) => {
      const packageFolder = await tinyPackage();
      for (let round = 0; round < 5; round += 1) {
        const model = await openInferenceWorker({ entry, packageFolder, engine: { engine: kind } });
        const busy = Array.from({ length: 20 }, (_, t) => model.observe(observationAt(t)));
        const actionsRad = new Float32Array(64 * 32 * 4);
        busy.push(
          model.predict({ actionsRad, candidateCount: 64, horizonSteps: 32 }).then(() => undefined),
        );
        const settled = Promise.allSettled(busy);
        await busy[round];
        await model[Symbol.asyncDispose]();
        const results = await settled;
        const reasons = results.flatMap((result) =>
          result.status === "rejected" ? [(result.reason as { code: string }).code] : [],
        );
        expect(new Set(reasons)).toEqual(new Set(["model/closed"]));
        expect(await model.exited).toBeUndefined();
      }
    },
  );

  test("on ort-ffi is torn down in the middle of a run, and the process goes on", async () => {
    const workerData: InferenceWorkerData = {
      packageFolder: await tinyPackage(),
      engine: { engine: "ort-ffi" },
      maxCandidateCount: 64,
      maxFrameBytes: 0,
    };
    for (let round = 0; round < 5; round += 1) {
      const worker = new Worker(entry, { workerData });
      const { ready } = await new Promise<WorkerReady<InferenceServing>>((resolve) => {
        worker.once("message", resolve);
      });
      const mailbox = new InferenceMailbox(ready.mailboxSize, ready.mailbox);
      mailbox.writeObserve(observationAt(0));
      await mailbox.exchange();
      const actionsRad = new Float32Array(64 * 32 * 4);
      mailbox.writePredict({ actionsRad, candidateCount: 64, horizonSteps: 32 });
      void mailbox.exchange();
      await worker.terminate();
    }
    const { packageFolder } = workerData;
    await using model = await openInferenceWorker({ entry, packageFolder });
    await model.observe(observationAt(0));
    expect((await model.predict(marked(0.5))).stateSequence).toBe(1);
  });

  test("beats its heart while it idles and while it works", async () => {
    const heartbeats = new Heartbeats();
    const packageFolder = await tinyPackage();
    await using model = await openInferenceWorker({
      entry,
      packageFolder,
      heartbeats: heartbeats.buffer,
    });
    for (const work of [() => sleep(200), () => model.observe(observationAt(0))]) {
      const beforeMs = monotonicMs();
      await work();
      await expect
        .poll(() => beforeMs - monotonicMs() + heartbeats.ageMs(Thread.Inference, monotonicMs()))
        .toBeLessThan(0);
    }
  });
});
