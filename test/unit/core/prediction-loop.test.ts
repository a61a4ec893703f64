import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Observation, ObserveOutcome } from "../../../bridge/contract/observation.ts";
import type {
  PredictRequest,
  Prediction,
  WorldModel,
} from "../../../bridge/contract/world-model.ts";
import { PredictionLoop, type HeldReason } from "../../../bridge/core/prediction-loop.ts";
import { ManualClock } from "../../fakes/manual-clock.ts";

/** An answer of one step and one axis; what it says does not matter here, unless it is no number. */
function answer(posRad: number): Prediction {
  const one = (value: number): Float32Array => Float32Array.of(value);
  const prediction: Partial<Prediction> = {
    meanPosRad: one(posRad),
    stdPosRad: one(0.1),
    meanVelRadPerS: one(0),
    stdVelRadPerS: one(0.1),
  };
  return prediction as Prediction;
}

const description = { stepS: 0.04, stateTtlS: 1 } as WorldModel["description"];

function set(options: {
  observe?: (timeMs: number) => ObserveOutcome;
  plan?: boolean;
  observeModel?: () => Promise<void>;
  predictedRad?: () => number;
}) {
  const clock = new ManualClock();
  const observedMs: number[] = [];
  const predictedMs: number[] = [];
  const held: HeldReason[] = [];
  const requests: PredictRequest[] = [];
  let resets = 0;
  const model: WorldModel = {
    description,
    observe: options.observeModel ?? (() => Promise.resolve()),
    predict: (request) => {
      requests.push(request);
      return Promise.resolve(answer(options.predictedRad?.() ?? 0));
    },
    reset: () => {
      resets += 1;
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const loop = new PredictionLoop({
    source: {
      axisNames: ["yaw"],
      observeAt: (timeMs: number, out: Observation) => {
        const outcome = options.observe?.(timeMs) ?? "ok";
        if (outcome === "ok") out.stampMs = timeMs;
        return outcome;
      },
      frameBorrowed: () => undefined,
    },
    model,
    plan: { fill: () => options.plan ?? true },
    clock,
    horizonSteps: 3,
    previewStep: () => 2,
    previewWanted: () => false,
    onObservation: (observation) => observedMs.push(observation.stampMs),
    onPrediction: (_, observation) => predictedMs.push(observation.stampMs),
    onHeld: (reason) => held.push(reason),
  });
  const advance = async (ms: number): Promise<void> => {
    for (let i = 0; i < ms; i += 1) {
      clock.nowMs += 1;
      await vi.advanceTimersByTimeAsync(1);
    }
  };
  return { clock, loop, observedMs, predictedMs, held, requests, advance, resets: () => resets };
}

describe("PredictionLoop", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("observes and predicts once per model step, on a grid that does not drift", async () => {
    const { loop, observedMs, predictedMs, advance } = set({});
    loop.start();
    await advance(400);
    await loop.stop();
    expect(predictedMs).toEqual([1040, 1080, 1120, 1160, 1200, 1240, 1280, 1320, 1360]);
    expect(observedMs).toEqual(predictedMs);
  });

  it("observes missed steps from the history and predicts only from the newest", async () => {
    const { loop, clock, observedMs, predictedMs, advance } = set({});
    loop.start();
    await advance(50);
    clock.nowMs += 500;
    await advance(40);
    await loop.stop();
    expect(observedMs.slice(0, 14)).toEqual(Array.from({ length: 14 }, (_, i) => 1040 + 40 * i));
    expect(predictedMs.length).toBeLessThan(5);
    expect(loop.stats.caughtUpCount).toBeGreaterThan(10);
  });

  it("resets the model after a gap longer than its state lives", async () => {
    const { loop, clock, resets, advance } = set({});
    loop.start();
    await advance(50);
    clock.nowMs += 5000;
    await advance(100);
    await loop.stop();
    expect(resets()).toBe(1);
    expect(loop.stats.predictedCount).toBeGreaterThan(1);
  });

  it("holds with a reason while no sample comes, and goes on when they do", async () => {
    let outcome: ObserveOutcome = "ahead";
    const { loop, held, predictedMs, advance } = set({ observe: () => outcome });
    loop.start();
    await advance(600);
    expect(held.length).toBeGreaterThan(1);
    expect(new Set(held)).toEqual(new Set(["observation-late"]));
    outcome = "ok";
    await advance(200);
    await loop.stop();
    expect(predictedMs.length).toBeGreaterThan(2);
  });

  it("holds when there is no plan of actions, and does not ask the model", async () => {
    const { loop, held, requests, advance } = set({ plan: false });
    loop.start();
    await advance(100);
    await loop.stop();
    expect([held[0], requests.length]).toEqual(["no-plan", 0]);
  });

  it("tells every observation also while the model takes none", async () => {
    const observeModel = (): Promise<void> => Promise.reject(new Error("no worker serves"));
    const { loop, observedMs, predictedMs, held, advance } = set({ observeModel });
    loop.start();
    await advance(200);
    await loop.stop();
    expect(observedMs).toEqual([1040, 1080, 1120, 1160]);
    expect(predictedMs).toEqual([]);
    expect(new Set(held)).toEqual(new Set(["model-error"]));
  });

  it("survives a model that fails", async () => {
    const { loop, held, advance } = set({ observeModel: () => Promise.reject(new Error("dead")) });
    loop.start();
    await advance(200);
    await loop.stop();
    expect(held.length).toBeGreaterThanOrEqual(3);
    expect(new Set(held)).toEqual(new Set(["model-error"]));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "holds a prediction of %d and publishes the next one that is a number",
    async (bad) => {
      let count = 0;
      const { loop, predictedMs, held, advance } = set({
        predictedRad: () => (++count === 1 ? bad : 0.5),
      });
      loop.start();
      await advance(130);
      await loop.stop();
      expect(held).toEqual(["model-error"]);
      expect(predictedMs.length).toBe(count - 1);
      expect(loop.stats.predictedCount).toBe(count - 1);
    },
  );

  it("predicts once per step from a source that always lags by more than a step", async () => {
    const rig = set({ observe: (timeMs) => (timeMs > rig.clock.nowMs - 60 ? "ahead" : "ok") });
    const { loop, observedMs, predictedMs, advance } = rig;
    loop.start();
    await advance(900);
    await loop.stop();
    expect(observedMs.length).toBeGreaterThanOrEqual(20);
    expect(predictedMs).toEqual(observedMs);
  });
});
