import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { makeObservation, type Observation } from "../../../bridge/contract/observation.ts";
import { MountMotion, type MotionIntent } from "../../../devices/actuation/motion.ts";
import { randomDynamics } from "../../../sims/embedded/mount-dynamics.ts";
import type { MountSimulator } from "../../../sims/embedded/mount-simulator.ts";
import { seededRandom, uniform, type Random } from "../../../bridge/core/seeded-random.ts";

const tickMs = 5;
export const stepMs = 40;

/**
 * Runs the simulator behind the shaper from `fromMs` on and takes an observation every 40 ms, as the
 * service does: the joints as they are, and the setpoint issued at that instant.
 */
export function observeSteps(
  parts: { readonly simulator: MountSimulator; readonly motion: MountMotion },
  run: {
    readonly fromMs: number;
    readonly stepCount: number;
    readonly intentAt?: (timeMs: number) => MotionIntent | undefined;
  },
): Observation[] {
  const { simulator, motion } = parts;
  const observations: Observation[] = [];
  const untilMs = run.fromMs + run.stepCount * stepMs;
  for (let timeMs = run.fromMs; timeMs < untilMs; timeMs += tickMs) {
    const intent = run.intentAt?.(timeMs);
    if (intent !== undefined) motion.setIntent(intent);
    motion.tick(timeMs);
    if (timeMs % stepMs === 0) observations.push(observationOf(simulator, motion, timeMs));
    simulator.setTargets(motion.posRad);
    simulator.step(tickMs);
  }
  return observations;
}

function observationOf(
  simulator: MountSimulator,
  motion: MountMotion,
  stampMs: number,
): Observation {
  const observation = makeObservation(simulator.axisNames.length);
  simulator.readState({
    stampMs: 0,
    posRad: observation.jointPosRad,
    velRadPerS: observation.jointVelRadPerS,
    effortNm: observation.jointEffortNm,
  });
  observation.stampMs = stampMs;
  observation.commandPosRad.set(motion.posRad);
  return observation;
}

/** A mount nobody has seen, driven from its home pose by moves and sticks, then brought to rest. */
export function drivenEpisode(
  simulator: MountSimulator,
  seed: number,
  { stepCount, restSteps = 0 }: { readonly stepCount: number; readonly restSteps?: number },
): Observation[] {
  const { device } = simulator;
  simulator.reset(seed, { dynamics: randomDynamics(device, seed), startPosRad: device.homeRad });
  const motion = new MountMotion(device, tickMs);
  const random = seededRandom(seed);
  const restFromMs = (stepCount - restSteps) * stepMs;
  let dueMs = 0;
  const intentAt = (timeMs: number): MotionIntent | undefined => {
    if (timeMs >= restFromMs) return { kind: "hold" };
    if (timeMs < dueMs) return undefined;
    dueMs = timeMs + uniform(random, 200, 1200);
    return drawIntent(device, random, timeMs);
  };
  return observeSteps({ simulator, motion }, { fromMs: 0, stepCount, intentAt });
}

/** A stick held for a while or a move, of some of the axes; the arm stays out. */
export function drawIntent(
  device: DeviceDescription,
  random: Random,
  timeMs: number,
): MotionIntent {
  const some = (draw: (axis: number) => number): (number | null)[] =>
    device.axes.map((_, axis) => (axis > 0 && random() < 0.7 ? draw(axis) : null));
  if (random() < 0.5) {
    const posRad = some((axis) => {
      const { lowerRad, upperRad } = device.axes[axis]!;
      return uniform(random, lowerRad, upperRad);
    });
    return { kind: "position", posRad, velocityRatio: uniform(random, 0.2, 1) };
  }
  const velRadPerS = some((axis) => uniform(random, -1, 1) * device.axes[axis]!.maxVelocityRadPerS);
  return { kind: "velocity", velRadPerS, expiresAtMs: timeMs + uniform(random, 150, 1000) };
}
