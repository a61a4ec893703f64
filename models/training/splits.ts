import { defaultRanges, type DynamicsRanges } from "../../sims/embedded/mount-dynamics.ts";

/** A set of episodes: seeds `firstSeed .. firstSeed + episodes - 1`, never shared between splits. */
export interface Split {
  readonly firstSeed: number;
  readonly episodes: number;
  readonly steps: number;
  readonly ranges: DynamicsRanges;
}

/** Wider than the simulator's own, so that its mounts lie well inside what the model has met. */
const trainedRanges: DynamicsRanges = {
  payloadMassKg: [0.04, 0.75],
  payloadOffsetM: [-0.015, 0.015],
  commandLatencyMs: [5, 80],
  gainRatio: [0.6, 1.6],
  servoDampingRatio: [0.6, 1.7],
  jointDampingRatio: [0.4, 2.5],
  frictionRatio: [0.2, 3],
  armatureRatio: [0.6, 1.6],
};

/** A phone with a heavy lens on it: outside what the model has met, and often more than a servo can hold. */
const heavyRanges: DynamicsRanges = { ...defaultRanges, payloadMassKg: [0.85, 1.1] };

const steps = 256;

/** Calibrated and judged on mounts as the simulator draws them. */
export const splits: Readonly<Record<"train" | "val" | "test" | "heavy", Split>> = {
  train: { firstSeed: 1_000_000, episodes: 6000, steps, ranges: trainedRanges },
  val: { firstSeed: 2_000_000, episodes: 200, steps, ranges: defaultRanges },
  test: { firstSeed: 3_000_000, episodes: 240, steps, ranges: defaultRanges },
  heavy: { firstSeed: 4_000_000, episodes: 120, steps, ranges: heavyRanges },
};
