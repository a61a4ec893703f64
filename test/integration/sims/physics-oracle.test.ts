import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeObservation, type Observation } from "../../../bridge/contract/observation.ts";
import type { PredictRequest } from "../../../bridge/contract/world-model.ts";
import {
  defaultDynamics,
  randomDynamics,
  type MountDynamics,
} from "../../../sims/embedded/mount-dynamics.ts";
import { openMountSimulator, type MountSimulator } from "../../../sims/embedded/mount-simulator.ts";
import { openPhysicsOracle, type PhysicsOracle } from "../../../sims/embedded/physics-oracle.ts";
import { makeTelemetry, phoneMount } from "../../unit/sims/phone-mount.ts";

const axisCount = phoneMount.axes.length;
const stepMs = 40;
const horizonSteps = 16;
const truth: MountDynamics = { ...randomDynamics(phoneMount, 4), commandLatencyMs: 55 };

/** A smooth setpoint with speeds up to about 1.5 rad/s. */
function commandAt(timeMs: number, axis: number): number {
  const timeS = timeMs / 1e3;
  const moves = [
    2.1,
    0.8 * Math.sin(1.9 * timeS),
    0.3 * Math.sin(3 * timeS + 1),
    0.4 * Math.sin(2.5 * timeS),
  ];
  return moves[axis] ?? 0;
}

/** Runs the mount to `untilMs` along the setpoint. */
function advance(mount: MountSimulator, untilMs: number): void {
  const targets = new Float64Array(axisCount);
  for (let ms = Math.round(mount.timeS * 1e3); ms < untilMs; ms += 1) {
    for (let axis = 0; axis < axisCount; axis += 1) targets[axis] = commandAt(ms, axis);
    mount.setTargets(targets);
    mount.step(1);
  }
}

function observationOf(mount: MountSimulator): Observation {
  const state = makeTelemetry();
  mount.readState(state);
  const observation = makeObservation(axisCount);
  observation.stampMs = state.stampMs;
  observation.jointPosRad.set(state.posRad);
  observation.jointVelRadPerS.set(state.velRadPerS);
  observation.jointEffortNm.set(state.effortNm);
  observation.commandPosRad.forEach((_, axis, command) => {
    command[axis] = commandAt(state.stampMs, axis);
  });
  return observation;
}

function actionsFrom(stampMs: number): Float32Array {
  return Float32Array.from({ length: horizonSteps * axisCount }, (_, i) =>
    commandAt(stampMs + stepMs * (1 + Math.floor(i / axisCount)), i % axisCount),
  );
}

const request = (actionsRad: Float32Array, candidateCount = 1): PredictRequest => ({
  actionsRad,
  candidateCount,
  horizonSteps,
});

let mount: MountSimulator;
let oracle: PhysicsOracle;

beforeEach(async () => {
  mount = await openMountSimulator({ device: phoneMount, dynamics: truth, seed: 1 });
  oracle = await openPhysicsOracle({ device: phoneMount, dynamics: truth });
});
afterEach(async () => {
  mount[Symbol.dispose]();
  await oracle[Symbol.asyncDispose]();
});

/** Root mean square error over all axes and steps, rad, of predictions made at 20 moments. */
async function errorsRad(model: PhysicsOracle): Promise<{ model: number; hold: number }> {
  mount.reset(1);
  let modelSum = 0;
  let holdSum = 0;
  let count = 0;
  for (let i = 0; i < 20; i += 1) {
    for (let k = 0; k < 4; k += 1) {
      advance(mount, (4 * i + k + 1) * stepMs);
      await model.observe(observationOf(mount));
    }
    const from = observationOf(mount);
    const { meanPosRad } = await model.predict(request(actionsFrom(from.stampMs)));
    const now = new Float64Array(mount.stateWidth);
    mount.save(now);
    for (let step = 1; step <= horizonSteps; step += 1) {
      advance(mount, from.stampMs + step * stepMs);
      observationOf(mount).jointPosRad.forEach((posRad, axis) => {
        const predictedRad = meanPosRad[(step - 1) * axisCount + axis]!;
        modelSum += (predictedRad - posRad) ** 2;
        holdSum += (from.jointPosRad[axis]! - posRad) ** 2;
        count += 1;
      });
    }
    mount.restore(now);
  }
  return { model: Math.sqrt(modelSum / count), hold: Math.sqrt(holdSum / count) };
}

describe("the physics oracle", () => {
  it("foresees 0.64 s of a mount it knows to a milliradian, a hundredth of holding still", async () => {
    const found = await errorsRad(oracle);
    expect(found.model).toBeLessThan(0.001);
    expect(found.hold).toBeGreaterThan(100 * found.model);
  });

  it("is clearly worse with another payload, friction and latency in mind", async () => {
    const dynamics = defaultDynamics(phoneMount);
    await using mistaken = await openPhysicsOracle({ device: phoneMount, dynamics });
    const [right, wrong] = [await errorsRad(oracle), await errorsRad(mistaken)];
    expect(wrong.model).toBeGreaterThan(5 * right.model);
    expect(wrong.model).toBeLessThan(right.hold);
  });

  it("predicts each candidate from the same state, and changes nothing by it", async () => {
    advance(mount, 400);
    await oracle.observe(observationOf(mount));
    const going = actionsFrom(400);
    const staying = Float32Array.from(going, (_, i) => commandAt(400, i % axisCount));
    const both = Float32Array.from([...staying, ...going]);
    const alone = await oracle.predict(request(going));
    const together = await oracle.predict(request(both, 2));
    const size = horizonSteps * axisCount;
    expect(together.meanPosRad.subarray(size)).toEqual(alone.meanPosRad);
    expect(together.meanPosRad.subarray(0, size)).not.toEqual(alone.meanPosRad);
    expect((await oracle.predict(request(going))).meanPosRad).toEqual(alone.meanPosRad);
  });

  it("counts observations, and starts over after a gap, a step back in time, and a reset", async () => {
    const observation = makeObservation(axisCount);
    observation.jointPosRad.set(phoneMount.homeRad);
    observation.commandPosRad.set(phoneMount.homeRad);
    const sequences: number[] = [];
    for (const stampMs of [1000, 1040, 1080, 2000, 2040, 500]) {
      observation.stampMs = stampMs;
      await oracle.observe(observation);
      sequences.push((await oracle.predict(request(actionsFrom(0)))).stateSequence);
    }
    expect(sequences).toEqual([1, 2, 3, 1, 2, 1]);
    await oracle.reset();
    await expect(oracle.predict(request(actionsFrom(0)))).rejects.toThrow(/^\[model\/not-ready\]/);
  });

  it.each<[string, Partial<PredictRequest>]>([
    ["too few actions", { actionsRad: new Float32Array(3) }],
    ["no candidates", { candidateCount: 0, actionsRad: new Float32Array(0) }],
    ["too many steps", { horizonSteps: 33, actionsRad: new Float32Array(33 * axisCount) }],
    ["half a step", { horizonSteps: 0.5, actionsRad: new Float32Array(2) }],
  ])("refuses %s", async (_, changes) => {
    await oracle.observe(observationOf(mount));
    const asked = { ...request(actionsFrom(0)), ...changes };
    await expect(oracle.predict(asked)).rejects.toThrow(/^\[model\/shape\]/);
  });

  it.each([
    [
      "three joints",
      (observation: Observation) => ({ ...observation, jointPosRad: new Float64Array(3) }),
    ],
    [
      "a velocity that is no number",
      (observation: Observation) => ({
        ...observation,
        jointVelRadPerS: Float64Array.of(0, Number.NaN, 0, 0),
      }),
    ],
  ])("refuses an observation with %s and keeps what it knew", async (_, change) => {
    const good = observationOf(mount);
    await oracle.observe(good);
    const before = await oracle.predict(request(actionsFrom(0)));
    await expect(oracle.observe(change(good))).rejects.toThrow(/^\[model\/shape\]/);
    expect((await oracle.predict(request(actionsFrom(0)))).meanPosRad).toEqual(before.meanPosRad);
  });

  it("refuses to work once disposed", async () => {
    await oracle[Symbol.asyncDispose]();
    await expect(oracle.observe(makeObservation(axisCount))).rejects.toThrow(/^\[model\/closed\]/);
    await expect(oracle.predict(request(actionsFrom(0)))).rejects.toThrow(/^\[model\/closed\]/);
  });
});
