import { beforeAll, describe, expect, it } from "vitest";
import type { Observation } from "../../../../bridge/contract/observation.ts";
import type { PredictRequest, Prediction } from "../../../../bridge/contract/world-model.ts";
import { openFollower } from "../../../../models/follower/open-follower.ts";
import { SetpointFollower } from "../../../../models/follower/setpoint-follower.ts";

const stepMs = 40;
const horizonSteps = 16;
const axisNames = ["pan", "tilt"];
const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;
const open = (): SetpointFollower => new SetpointFollower({ axisNames, because: "a test" });

/** Two axes told where to go by moves and waves, as a shaper would tell them: 1 ms steps. */
function setpointRad(axis: number, ms: number): number {
  const s = ms / 1000;
  return axis === 0
    ? 0.8 * Math.sin(1.3 * s) + 0.3 * Math.sin(4.1 * s)
    : 0.5 * Math.tanh(8 * Math.sin(0.9 * s));
}

/** Servos that hear late and lag behind: pan by 60 and 30 ms, tilt by 100 and 90 ms. */
const servos = [
  { delayMs: 60, lagMs: 30 },
  { delayMs: 100, lagMs: 90 },
];

/** What is observed every 40 ms of `steps`. */
function motion(steps: number): readonly Observation[] {
  const pos = axisNames.map((_, axis) => setpointRad(axis, 0));
  const vel = axisNames.map(() => 0);
  return Array.from({ length: steps }, (_, step) => {
    const stampMs = step * stepMs;
    const observation = {
      stampMs,
      jointPosRad: Float64Array.from(pos),
      jointVelRadPerS: Float64Array.from(vel),
      jointEffortNm: new Float64Array(2),
      commandPosRad: Float64Array.from(axisNames, (_, axis) => setpointRad(axis, stampMs)),
    };
    for (let ms = stampMs; ms < stampMs + stepMs; ms += 1) {
      servos.forEach(({ delayMs, lagMs }, axis) => {
        vel[axis] = (1000 * (setpointRad(axis, ms - delayMs) - pos[axis]!)) / lagMs;
        pos[axis] = pos[axis]! + vel[axis] / 1000;
      });
    }
    return observation;
  });
}

function requestAt(stampMs: number): PredictRequest {
  const actionsRad = Float32Array.from({ length: horizonSteps * 2 }, (_, index) =>
    setpointRad(index % 2, stampMs + (Math.floor(index / 2) + 1) * stepMs),
  );
  return { actionsRad, candidateCount: 1, horizonSteps };
}

describe("the setpoint follower on servos it has never seen", () => {
  const observations = motion(1500);
  const learnt = 500;
  const predictions: Prediction[] = [];
  beforeAll(async () => {
    const model = open();
    for (const observation of observations) {
      await model.observe(observation);
      predictions.push(await model.predict(requestAt(observation.stampMs)));
    }
  });

  /** Root of the mean squared error of one axis some steps ahead, by whoever says where it will be. */
  function rmseRad(axis: number, step: number, say: (at: number) => number): number {
    let squares = 0;
    let count = 0;
    for (let at = learnt; at + step < observations.length; at += 1) {
      squares += (observations[at + step]!.jointPosRad[axis]! - say(at)) ** 2;
      count += 1;
    }
    return Math.sqrt(squares / count);
  }

  it.each([
    ["pan", 0, 1],
    ["pan", 0, 4],
    ["pan", 0, 16],
    ["tilt", 1, 1],
    ["tilt", 1, 4],
    ["tilt", 1, 16],
  ])(
    "says where %s (axis %i) will be %i steps ahead, far better than who holds or goes straight on",
    (_, axis, step) => {
      const model = rmseRad(
        axis,
        step,
        (at) => predictions[at]!.meanPosRad[(step - 1) * 2 + axis]!,
      );
      const hold = rmseRad(axis, step, (at) => observations[at]!.jointPosRad[axis]!);
      const straight = rmseRad(axis, step, (at) => {
        const { jointPosRad, jointVelRadPerS } = observations[at]!;
        return jointPosRad[axis]! + (jointVelRadPerS[axis]! * step * stepMs) / 1000;
      });
      expect(model).toBeLessThan(Math.min(hold / 10, straight / 2));
    },
  );

  it.each([0, 1])("knows how far off it is: axis %i within 1.645 deviations", (axis) => {
    for (const step of [1, 4, 16]) {
      let [inside, count] = [0, 0];
      for (let at = learnt; at + step < observations.length; at += 1) {
        const index = (step - 1) * 2 + axis;
        const off =
          observations[at + step]!.jointPosRad[axis]! - predictions[at]!.meanPosRad[index]!;
        if (Math.abs(off) <= 1.645 * predictions[at]!.stdPosRad[index]!) inside += 1;
        count += 1;
      }
      expect(inside / count).toBeGreaterThan(0.85);
    }
  });

  it("says velocities that fit its positions", () => {
    const { meanPosRad, meanVelRadPerS } = predictions.at(-1)!;
    for (let step = 1; step < horizonSteps - 1; step += 1) {
      const slope = (meanPosRad[(step + 1) * 2]! - meanPosRad[(step - 1) * 2]!) / 0.08;
      expect(meanVelRadPerS[step * 2]).toBeCloseTo(slope, 0);
    }
  });
});

describe("the setpoint follower as a world model", () => {
  it("answers candidates apart, and predicting changes nothing", async () => {
    const model = open();
    for (const observation of motion(60)) await model.observe(observation);
    const one = requestAt(59 * stepMs);
    const other = one.actionsRad.map((action) => -action);
    const alone = await model.predict(one);
    const both = await model.predict({
      actionsRad: Float32Array.from([...one.actionsRad, ...other]),
      candidateCount: 2,
      horizonSteps,
    });
    expect(both.meanPosRad.subarray(0, 2 * horizonSteps)).toEqual(alone.meanPosRad);
    expect(both.meanPosRad.subarray(2 * horizonSteps)).not.toEqual(alone.meanPosRad);
    expect((await model.predict(one)).meanPosRad).toEqual(alone.meanPosRad);
    expect(alone).toMatchObject({ stateSequence: 60, stampMs: 59 * stepMs, stepMs, axisCount: 2 });
  });

  it("says that an axis at rest stays, and is sure of it", async () => {
    const model = open();
    for (let step = 0; step < 400; step += 1) {
      await model.observe({
        stampMs: step * stepMs,
        jointPosRad: Float64Array.of(0.5, -0.2),
        jointVelRadPerS: new Float64Array(2),
        jointEffortNm: new Float64Array(2),
        commandPosRad: Float64Array.of(0.5, -0.2),
      });
    }
    const actionsRad = Float32Array.of(0.5, -0.2, 0.5, -0.2);
    const { meanPosRad, stdPosRad } = await model.predict({
      actionsRad,
      candidateCount: 1,
      horizonSteps: 2,
    });
    expect([...meanPosRad]).toEqual([...actionsRad]);
    expect(Math.max(...stdPosRad)).toBeLessThan(0.005);
  });

  it("forgets the past after a gap, and what it learnt of the servos stays", async () => {
    const model = open();
    const observations = motion(600);
    for (const observation of observations) await model.observe(observation);
    const { stdPosRad } = await model.predict(requestAt(599 * stepMs));
    const late = { ...observations.at(-1)!, stampMs: 5_000_000 };
    await model.observe(late);
    const after = await model.predict(requestAt(0));
    expect(after.stateSequence).toBe(1);
    expect(after.stdPosRad[31]).toBeLessThan(2 * stdPosRad[31]!);
  });

  it.each<[string, (model: SetpointFollower) => Promise<unknown>, string]>([
    ["before it has observed", (model) => model.predict(requestAt(0)), "model/not-ready"],
    [
      "setpoints of another length",
      (model) => model.predict({ ...requestAt(0), horizonSteps: 15 }),
      "model/shape",
    ],
    [
      "an observation with a number missing",
      (model) => model.observe({ ...motion(1)[0]!, jointPosRad: Float64Array.of(0, Number.NaN) }),
      "model/shape",
    ],
    [
      "anything once closed",
      async (model) => {
        await model[Symbol.asyncDispose]();
        await model.observe(motion(1)[0]!);
      },
      "model/closed",
    ],
  ])("refuses %s", async (_, call, expected) => {
    await expect(call(open())).rejects.toEqual(code(expected));
  });

  it("cannot be exchanged for a package while it runs, and says how", async () => {
    const model = openFollower({ axisNames, because: "a test" });
    await expect(model.use("./mine")).rejects.toThrow(/start with model.package: .\/mine/);
    expect(model.status).toMatchObject({ state: "serving" });
    expect(model.status.lastUseError).toContain("./mine");
    await model[Symbol.asyncDispose]();
    expect(model.status.state).toBe("closed");
  });
});
