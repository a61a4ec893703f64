import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { MountMotion } from "../../devices/actuation/motion.ts";
import { randomDynamics, type DynamicsRanges } from "../../sims/embedded/mount-dynamics.ts";
import { openMountSimulator, type MountSimulator } from "../../sims/embedded/mount-simulator.ts";
import { seededRandom, uniform } from "../../bridge/core/seeded-random.ts";
import { CommandMix } from "./command-mix.ts";

/** Periods of the shaper and of the model, as in live use. */
const tickMs = 5;
const stepMs = 40;
const axisCount = 4;

/** Joint position, velocity, torque and the standing setpoint, 4 each. */
export const rowWidth = 4 * axisCount;

/** Makes episodes from seeds: mount, start pose and commands all follow from the seed. */
export class EpisodeRecorder {
  readonly #device: DeviceDescription;
  readonly #simulator: MountSimulator;
  readonly #motion: MountMotion;

  constructor(device: DeviceDescription, simulator: MountSimulator) {
    this.#device = device;
    this.#simulator = simulator;
    this.#motion = new MountMotion(device, tickMs);
  }

  static async open(device: DeviceDescription): Promise<EpisodeRecorder> {
    return new EpisodeRecorder(device, await openMountSimulator({ device, seed: 0 }));
  }

  /**
   * Writes `out.length / rowWidth` rows, one per 40 ms. A row is what an observation at that instant
   * holds: the joints as they are, and the setpoint issued just then, which they have not felt yet.
   */
  record(seed: number, ranges: DynamicsRanges, out: Float32Array): void {
    const device = this.#device;
    const startPosRad = startPose(device, seed);
    const dynamics = randomDynamics(device, seed, ranges);
    this.#simulator.reset(seed, { dynamics, startPosRad });
    const motion = this.#motion;
    motion.reset(Float64Array.from(startPosRad));
    const folded = (startPosRad[0] ?? 0) < (device.interlock?.readyRad ?? 0);
    const mix = new CommandMix(device, seed, { folded });
    const joints = new Float64Array(3 * axisCount);
    const tickCount = (out.length / rowWidth) * (stepMs / tickMs);
    for (let tick = 0; tick < tickCount; tick += 1) {
      const timeMs = tick * tickMs;
      this.#simulator.readRow(joints);
      const intent = mix.next(timeMs, motion.posRad);
      if (intent !== undefined) motion.setIntent(intent);
      motion.setMeasuredDeploy(joints[0] ?? 0);
      motion.tick(timeMs);
      if (timeMs % stepMs === 0) {
        const at = (timeMs / stepMs) * rowWidth;
        out.set(joints, at);
        out.set(motion.posRad, at + joints.length);
      }
      this.#simulator.setTargets(motion.posRad);
      this.#simulator.step(tickMs);
    }
  }
}

/** Mostly deployed and turned anywhere, sometimes at home, sometimes folded or half way out. */
function startPose(device: DeviceDescription, seed: number): readonly number[] {
  const random = seededRandom(seed ^ 0x0057_a127);
  const kind = random();
  if (kind < 0.15) return device.homeRad;
  if (kind < 0.25) return [kind < 0.18 ? 0 : uniform(random, 0, 1.95), 0, 0, 0];
  return device.axes.map(({ lowerRad, upperRad }, axis) =>
    axis === 0 ? uniform(random, 2, upperRad) : uniform(random, 0.98 * lowerRad, 0.98 * upperRad),
  );
}
