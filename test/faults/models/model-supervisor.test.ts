import process from "node:process";
import { describe, expect, test } from "vitest";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import { makeObservation, type Observation } from "../../../bridge/contract/observation.ts";
import type { OpenOrder } from "../../../models/inference/candidate.ts";
import {
  ModelSupervisor,
  type ModelSupervisorOptions,
} from "../../../models/inference/model-supervisor.ts";
import { planRungs } from "../../../models/ladder/plan-rungs.ts";
import { ScriptedModel, type ScriptedModelOptions } from "../../fakes/scripted-model.ts";

const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;
const request = { actionsRad: new Float32Array(1), candidateCount: 1, horizonSteps: 1 };
const soon = { timeout: 5000, interval: 2 };

function observedAt(stampMs: number): Observation {
  const observation = makeObservation(1);
  observation.stampMs = stampMs;
  return observation;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function promiseWithResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Every opening in turn, with what it was asked for; an entry may wait, or fail. */
type Opening = ScriptedModel | (() => Promise<ScriptedModel>);

function rig(openings: readonly Opening[], change: Partial<ModelSupervisorOptions> = {}) {
  const orders: OpenOrder[] = [];
  const left = [...openings];
  const open = async (order: OpenOrder): Promise<ScriptedModel> => {
    orders.push(order);
    const next = left.shift();
    if (next === undefined) throw new BridgeError(ErrorCode.ModelMissing, "nothing more to open");
    return typeof next === "function" ? await next() : next;
  };
  const options: ModelSupervisorOptions = {
    packagePath: "/models/first",
    rungs: planRungs({
      providers: [{ name: "Better", library: "/lib/better.so" }, "cpu"],
      cudaPluginLibrary: "",
      precision: "fp32",
      minNodeShare: 0,
      cpuFallback: true,
    }),
    open,
    exists: () => true,
    log: silentLog,
    backoffMs: 1,
    ...change,
  };
  return { options, orders };
}

const cpuOnly: Partial<ModelSupervisorOptions> = {
  rungs: planRungs({
    providers: ["cpu"],
    cudaPluginLibrary: "",
    precision: "fp32",
    minNodeShare: 0,
    cpuFallback: true,
  }),
};
const make = (options: ScriptedModelOptions = {}): ScriptedModel => new ScriptedModel(options);
const better = (options: ScriptedModelOptions = {}): ScriptedModel =>
  new ScriptedModel({ provider: "Better", ...options });

describe("a better provider", () => {
  test("is built for 3 s while cpu serves, then takes over with the same observations", async () => {
    const [cpu, fast] = [make(), better()];
    const slow = async (): Promise<ScriptedModel> => {
      await new Promise((resolve) => setTimeout(resolve, 3000));
      return fast;
    };
    const { options, orders } = rig([cpu, slow]);
    await using model = await ModelSupervisor.open(options);
    let longestGapMs = 0;
    let lastMs = performance.now();
    const swapCount = (): number => model.status.swapCount;
    for (let t = 1; swapCount() === 0; t += 1) {
      await model.observe(observedAt(t * 20));
      const { stateSequence } = await model.predict(request);
      if (swapCount() === 0) expect(stateSequence).toBe(t);
      longestGapMs = Math.max(longestGapMs, performance.now() - lastMs);
      lastMs = performance.now();
      if (t === 10) expect(model.status.building?.providers).toEqual(["Better"]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    process.stdout.write(
      `longest gap between predictions: ${longestGapMs.toFixed(0)} ms at 20 ms steps\n`,
    );
    expect(
      orders.map(({ place, rungs }) => [place, rungs.map((rung) => rung.request.name)]),
    ).toEqual([
      ["foreground", ["cpu"]],
      ["background", ["Better"]],
    ]);
    expect(cpu.seenMs.length).toBeGreaterThan(100);
    // The last 64 and the one that came with the swap; no gap, none twice.
    const expected = fast.seenMs.map((_, i) => fast.seenMs[0]! + 20 * i);
    expect(fast.seenMs).toEqual(expected);
    expect(fast.seenMs.length).toBeGreaterThanOrEqual(64);
    expect(model.description.engine.provider).toBe("Better");
    await expect.poll(() => cpu.isClosed, soon).toBe(true);
    expect(model.status).toMatchObject({ building: undefined, swapCount: 1, restartCount: 0 });
  });

  test("that is forgotten meanwhile starts from what was observed since", async () => {
    const fast = better();
    const gate = promiseWithResolvers();
    const { options } = rig([
      make(),
      async () => {
        await gate.promise;
        return fast;
      },
    ]);
    await using model = await ModelSupervisor.open(options);
    for (let t = 1; t <= 5; t += 1) await model.observe(observedAt(t));
    await model.reset();
    await model.observe(observedAt(6));
    gate.resolve();
    await expect.poll(() => fast.seenMs, soon).toEqual([6]);
    await model.observe(observedAt(7));
    expect(fast.seenMs).toEqual([6, 7]);
  });

  test("takes over although nothing is observed any more", async () => {
    const { options } = rig([make(), better()]);
    await using model = await ModelSupervisor.open(options);
    await expect.poll(() => model.description.engine.provider, soon).toBe("Better");
  });

  test("of another package than the one that serves is refused", async () => {
    const wrong = better({ sha256: "other" });
    const { options } = rig([make(), wrong]);
    await using model = await ModelSupervisor.open(options);
    await expect.poll(() => model.status.refusals, soon).toMatchObject([{ provider: "Better" }]);
    expect(model.status.refusals[0]?.found).toMatch(/package changed/);
    expect(wrong.isClosed).toBe(true);
    expect(model.description.engine.provider).toBe("cpu");
  });

  test("that dies twice at work is not tried a third time", async () => {
    const fast = [better(), better()];
    const { options, orders } = rig([make(), fast[0]!, make(), fast[1]!, make()]);
    await using model = await ModelSupervisor.open(options);
    for (const one of fast) {
      await expect.poll(() => model.description.engine.provider, soon).toBe("Better");
      await model.predict(request);
      one.die();
      await expect.poll(() => model.description.engine.provider, soon).toBe("cpu");
    }
    expect(model.status.refusals).toMatchObject([{ provider: "Better", gate: "serves" }]);
    expect(model.status).toMatchObject({ restartCount: 2, swapCount: 2, building: undefined });
    expect(orders).toHaveLength(5);
  });
});

describe("a worker that dies", () => {
  test("is replaced by one that has seen the recent observations", async () => {
    const [first, second] = [make(), make()];
    const { options } = rig([first, second], cpuOnly);
    await using model = await ModelSupervisor.open(options);
    for (let t = 1; t <= 100; t += 1) await model.observe(observedAt(t));
    first.die();
    await expect.poll(() => model.restartCount, soon).toBe(1);
    expect(second.seenMs).toEqual(Array.from({ length: 64 }, (_, i) => 37 + i));
    expect((await model.predict(request)).stateSequence).toBe(64);
  });

  test("of an observation does not take the next one with it", async () => {
    const poison = { diesOfStampMs: 3 };
    const { options } = rig([make(poison), make(poison), make(poison)], cpuOnly);
    await using model = await ModelSupervisor.open(options);
    await model.observe(observedAt(1));
    await expect(model.observe(observedAt(3))).rejects.toThrow(code("thread/failed"));
    await expect.poll(() => model.restartCount, soon).toBe(1);
    await model.observe(observedAt(4));
    expect((await model.predict(request)).stateSequence).toBe(1);
  });

  test("refuses calls with its death until the next one serves, and keeps what was observed", async () => {
    const gate = promiseWithResolvers();
    const [first, second] = [make(), make()];
    const { options } = rig(
      [
        first,
        async () => {
          await gate.promise;
          return second;
        },
      ],
      cpuOnly,
    );
    await using model = await ModelSupervisor.open(options);
    await model.observe(observedAt(1));
    first.die();
    await expect.poll(() => model.status.state, soon).toBe("absent");
    await expect(model.observe(observedAt(2))).rejects.toThrow(/scripted death/);
    await expect(model.predict(request)).rejects.toThrow(code("thread/failed"));
    gate.resolve();
    await expect.poll(() => model.restartCount, soon).toBe(1);
    expect(second.seenMs).toEqual([1, 2]);
  });

  test("is not replaced by another package", async () => {
    const first = make();
    const { options } = rig([first, make({ sha256: "other" })], { ...cpuOnly, maxRestarts: 1 });
    await using model = await ModelSupervisor.open(options);
    first.die();
    expect((await model.gaveUp).code).toBe("model/hash");
    expect(model.restartCount).toBe(0);
  });

  test("too often stays down and says so", async () => {
    const models = [make(), make(), make()];
    const { options } = rig(models, { ...cpuOnly, maxRestarts: 2 });
    await using model = await ModelSupervisor.open(options);
    for (const one of models) {
      one.die();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await model.gaveUp).code).toBe("thread/failed");
    expect(model.status).toMatchObject({ state: "absent", restartCount: 2 });
    await expect(model.predict(request)).rejects.toThrow(code("thread/failed"));
  });
});

describe("another package", () => {
  test("takes over between two steps and is then the one that is restarted", async () => {
    const [first, second, third] = [
      make(),
      make({ sha256: "2", id: "next" }),
      make({ sha256: "2" }),
    ];
    const { options, orders } = rig([first, second, third], cpuOnly);
    await using model = await ModelSupervisor.open(options);
    await model.observe(observedAt(1));
    const using = model.use("/models/next");
    await expect.poll(() => second.seenMs, soon).toEqual([1]);
    await model.observe(observedAt(2));
    await using;
    expect(model.description.id).toBe("next");
    expect([first.seenMs, second.seenMs]).toEqual([[1], [1, 2]]);
    second.die();
    await expect.poll(() => model.restartCount, soon).toBe(1);
    expect(orders.map((order) => order.packagePath)).toEqual([
      "/models/first",
      "/models/next",
      "/models/next",
    ]);
  });

  test.each<[string, Opening, RegExp]>([
    [
      "cannot be read",
      () => Promise.reject(new BridgeError(ErrorCode.ModelHash, "golden.json has another sha256")),
      /another sha256/,
    ],
    ["has other joints", make({ axisNames: ["pitch"] }), /has pitch, expected yaw/],
    ["dies of what was observed", make({ diesOfStampMs: 1 }), /died of 1/],
  ])("that %s leaves the old one serving, and says why", async (_, opening, why) => {
    const first = make();
    const { options } = rig([first, opening], {
      ...cpuOnly,
      requireFit: (running, next) => {
        if (String(next.axisNames) === String(running.axisNames)) return;
        const text = `has ${String(next.axisNames)}, expected ${String(running.axisNames)}`;
        throw new BridgeError(ErrorCode.ModelUnsupported, text);
      },
    });
    await using model = await ModelSupervisor.open(options);
    await model.observe(observedAt(1));
    await expect(model.use("/models/next")).rejects.toThrow(why);
    expect(model.status.lastUseError).toMatch(why);
    expect(model.status).toMatchObject({ state: "serving", swapCount: 0 });
    await model.observe(observedAt(2));
    expect((await model.predict(request)).stateSequence).toBe(2);
    expect(first.isClosed).toBe(false);
    if (opening instanceof ScriptedModel) expect(opening.isClosed).toBe(true);
  });

  test("ends the building of a provider for the old one", async () => {
    const late = better();
    const gate = promiseWithResolvers();
    const build = async (): Promise<ScriptedModel> => {
      await gate.promise;
      return late;
    };
    const next = make({ sha256: "2" });
    const { options, orders } = rig([make(), build, next, better({ sha256: "2" })]);
    await using model = await ModelSupervisor.open(options);
    await model.use("/models/next");
    expect(orders[1]?.signal.aborted).toBe(true);
    gate.resolve();
    await expect.poll(() => late.isClosed, soon).toBe(true);
    await expect.poll(() => model.description.engine.provider, soon).toBe("Better");
    expect(model.description.sha256).toBe("2");
  });

  test("waits for nobody: a second one at the same time is refused", async () => {
    const { options } = rig([make(), make()], cpuOnly);
    await using model = await ModelSupervisor.open(options);
    const first = model.use("/models/next");
    await expect(model.use("/models/third")).rejects.toThrow(code("model/not-ready"));
    await first;
  });
});

describe("closing", () => {
  test("refuses what comes after and opens nothing more", async () => {
    const first = make();
    const { options, orders } = rig([first, make()], cpuOnly);
    const model = await ModelSupervisor.open(options);
    await model[Symbol.asyncDispose]();
    expect(first.isClosed).toBe(true);
    await expect(model.predict(request)).rejects.toThrow(code("model/closed"));
    expect(model.status.state).toBe("closed");
    expect(orders).toHaveLength(1);
  });
});
