import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BridgeError } from "../../../bridge/contract/errors.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import type { Gate } from "../../../bridge/contract/model-status.ts";
import { disableTelemetry } from "../../../models/engine/telemetry.ts";
import type { ModelSupervisor } from "../../../models/inference/model-supervisor.ts";
import { openSupervisedModel } from "../../../models/inference/open-supervised-model.ts";
import { planRungs } from "../../../models/ladder/plan-rungs.ts";
import type { TickBudget } from "../../../models/ladder/rung.ts";
import { observationAt } from "../../contract/models/world-model-contract.ts";
import { writeTinyPackage } from "../../fakes/tiny-package.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import {
  endMockEpHangs,
  mockEpLibrary,
  mockProvider,
  type MockFailure,
} from "../../peers/mock-ep/mock-ep.ts";

const entry = new URL("../../../dist/models/inference/inference-worker.js", import.meta.url);
const peer = await mockEpLibrary();
let packagePath = "";

beforeAll(async () => {
  disableTelemetry();
  packagePath = await writeTinyPackage();
});
afterAll(async () => {
  // For the whole process, so after the last test; what hung then goes and the runner can leave.
  if (peer.missing === undefined) endMockEpHangs(peer.programs.library);
  await rm(packagePath, { recursive: true });
});

interface LadderCase {
  readonly options?: Readonly<Record<string, string>>;
  readonly library?: string;
  readonly minNodeShare?: number;
  readonly tickBudgetMs?: TickBudget;
  readonly buildTimeoutMs?: number;
  readonly name?: string;
}

function openLadder(library: string, asked: LadderCase): Promise<ModelSupervisor> {
  const provider = {
    name: asked.name ?? mockProvider.host,
    options: asked.options ?? {},
    library: asked.library ?? library,
  };
  return openSupervisedModel({
    packagePath,
    rungs: planRungs({
      providers: [provider, "cpu"],
      cudaPluginLibrary: "",
      precision: "fp32",
      minNodeShare: asked.minNodeShare ?? 0,
      cpuFallback: true,
    }),
    worker: { entry },
    ladder: { horizonSteps: 4, cudaGraph: false, engineCache: { folder: "", maxBytes: 0 } },
    tickBudgetMs: asked.tickBudgetMs ?? 1000,
    buildTimeoutMs: asked.buildTimeoutMs ?? 20_000,
    log: silentLog,
  });
}

const zeros = { actionsRad: new Float32Array(16), candidateCount: 1, horizonSteps: 4 };

/** Observes at the model's pace until nothing is built any more. */
async function settled(model: ModelSupervisor): Promise<void> {
  for (let t = 0; model.status.building !== undefined; t += 1) {
    await model.observe(observationAt(t));
    expect((await model.predict(zeros)).meanPosRad).toHaveLength(16);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Ticks until `done`; gives the codes of calls that failed on the way. */
async function tickUntil(model: ModelSupervisor, done: () => boolean): Promise<Set<string>> {
  const codes = new Set<string>();
  const note = (error: unknown): void => {
    codes.add((error as BridgeError).code);
  };
  for (let t = 1000; !done(); t += 1) {
    if (t === 4000) throw new Error(`nothing came of 3000 ticks but ${[...codes].join()}`);
    await model.observe(observationAt(t)).catch(note);
    await model.predict(zeros).catch(note);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return codes;
}

describePeer("the provider ladder on a plugin provider", peer, ({ library, failingAtLoad }) => {
  test("lets a provider in that passes every gate, and publishes whose nodes are whose", async () => {
    await using model = await openLadder(library, {});
    expect(model.description.engine.provider).toBe("cpu");
    await settled(model);
    const { engine } = model.description;
    expect(model.status.refusals).toEqual([]);
    expect(engine.provider).toBe(mockProvider.host);
    expect(engine.graphs?.map(({ graph }) => graph)).toEqual([
      "graphs/observe.onnx",
      "graphs/rollout.onnx",
    ]);
    for (const { nodeCounts } of engine.graphs ?? []) {
      expect(nodeCounts?.[mockProvider.host]).toBeGreaterThan(0);
    }
    expect(model.status).toMatchObject({ swapCount: 1, restartCount: 0, state: "serving" });
    await model.observe(observationAt(500));
    expect((await model.predict(zeros)).stateSequence).toBeGreaterThan(0);
  });

  const failing = (fail: MockFailure, after = "0"): LadderCase => ({ options: { fail, after } });
  const cases: readonly [string, LadderCase, Gate, RegExp][] = [
    ["has no device in its library", { library: failingAtLoad }, "loads", /MockEP|provider/],
    ["cannot be created", failing("create"), "loads", /told to fail/],
    ["cannot compile a graph", failing("compile"), "loads", /told to fail/],
    ["fails in its first run", failing("compute"), "warm-up", /told to fail in compute/],
    ["fails after some runs", failing("compute", "900"), "warm-up", /told to fail in compute/],
    ["computes something else", failing("numerics"), "golden", /golden rollout says/],
    [
      "is too slow",
      { options: { fail: "deadline", delay_ms: "25", after: "900" }, tickBudgetMs: 90 },
      "deadline",
      /a tick takes .* ms at p99/,
    ],
    ["takes no node", { options: { ops: "MatMul" } }, "assignment", /^0 of \d+ nodes/],
    ["takes too few nodes", { minNodeShare: 0.99 }, "assignment", /of \d+ nodes/],
    ["is not in its library", { name: "NoSuchEP" }, "loads", /NoSuchEP/],
    ["has no library", { library: "/nonexistent/ep.so" }, "present", /not there/],
  ];
  test.each(cases)("refuses a provider that %s, and cpu goes on", async (_, asked, gate, found) => {
    await using model = await openLadder(library, asked);
    await settled(model);
    expect(model.description.engine.provider).toBe("cpu");
    const [refusal, ...others] = model.status.refusals;
    expect(others).toEqual([]);
    expect(refusal).toMatchObject({ provider: asked.name ?? mockProvider.host, gate });
    expect(refusal?.found).toMatch(found);
    expect(refusal?.expected).not.toBe("");
    expect(model.status).toMatchObject({ swapCount: 0, restartCount: 0 });
  });

  test("a run that takes two budgets at work is ended through the engine, and the worker stays", async () => {
    const options = { fail: "deadline", delay_ms: "100", after: "3000" };
    await using model = await openLadder(library, { options, tickBudgetMs: 150 });
    await settled(model);
    expect(model.description.engine.provider).toBe(mockProvider.host);
    const codes = await tickUntil(model, () => model.status.terminatedCount > 1);
    expect(codes).toContain("model/deadline");
    expect(model.status).toMatchObject({ restartCount: 0, state: "serving", abandonedCount: 0 });
    expect(model.status.missedCount).toBeGreaterThan(0);
    expect(model.description.engine.provider).toBe(mockProvider.host);
  });

  test("a provider that hangs at work costs its worker, and cpu predicts again", async () => {
    await using model = await openLadder(library, {
      options: { fail: "hang", after: "3000" },
      tickBudgetMs: 100,
    });
    await settled(model);
    expect(model.description.engine.provider).toBe(mockProvider.host);
    const codes = await tickUntil(model, () => model.status.restartCount === 1);
    expect(codes).toEqual(new Set(["model/deadline", "thread/timeout"]));
    expect((await model.predict(zeros)).stateSequence).toBeGreaterThan(0);
    expect(model.status).toMatchObject({ abandonedCount: 1, state: "serving" });
    expect(model.status.refusals).toMatchObject([{ provider: mockProvider.host, gate: "serves" }]);
    expect(model.status.building).toBeUndefined();
  });

  test("gives a provider up that hangs while it is tried, and leaves its thread behind", async () => {
    await using model = await openLadder(library, { ...failing("hang"), buildTimeoutMs: 1500 });
    await settled(model);
    expect(model.status.refusals).toMatchObject([{ provider: mockProvider.host, gate: "loads" }]);
    expect(model.status.refusals[0]?.found).toMatch(/not ready within 1500 ms/);
    expect(model.status.abandonedCount).toBe(1);
  });
});
