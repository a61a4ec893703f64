import { wideDomain, type DomainSpec } from "../../sims/embedded/domain.ts";
import { defaultRanges, type DynamicsRanges } from "../../sims/embedded/mount-dynamics.ts";

/** A set of episodes: seeds `firstSeed .. firstSeed + episodes - 1`, never shared between splits. */
export interface Split {
  readonly firstSeed: number;
  readonly episodes: number;
  readonly steps: number;
  /** False: joints alone, in the scene that is fastest. */
  readonly hasPictures: boolean;
  readonly domain: DomainSpec;
  /**
   * Every seed so many times over: the same to the bit up to and including row `step`, from then on under
   * commands of its own. No pictures are taken after it.
   */
  readonly branches?: { readonly step: number; readonly count: number };
}

/** The simulator's own range of worlds: what calibration and judgement are about. */
const inRange: DynamicsRanges = { ...defaultRanges, backlashRad: [0, 0.01] };

/** Wider than that, so that its worlds lie well inside what the model has met. */
const trained: DynamicsRanges = {
  payloadMassKg: [0.04, 0.8],
  payloadOffsetM: [-0.015, 0.015],
  commandLatencyMs: [5, 80],
  gainRatio: [0.6, 1.6],
  servoDampingRatio: [0.6, 1.7],
  jointDampingRatio: [0.4, 2.5],
  frictionRatio: [0.2, 3],
  armatureRatio: [0.6, 1.6],
  backlashRad: [0, 0.012],
};

/** A phone with a heavy lens on it: outside what the model has met, and often more than a servo can hold. */
const heavyPayload: DynamicsRanges = { ...inRange, payloadMassKg: [0.85, 1.1] };

/** A worn mount behind a slow bus: dry friction and latency both outside what the model has met. */
const worn: DynamicsRanges = { ...inRange, frictionRatio: [3.2, 4.5], commandLatencyMs: [85, 120] };

function seen(firstSeed: number, episodes: number, dynamics: DynamicsRanges, steps = 256): Split {
  return { firstSeed, episodes, steps, hasPictures: true, domain: { ...wideDomain, dynamics } };
}

/** In the order in which they are recorded. */
export const splits = {
  joints: { ...seen(1_000_000, 6000, trained), hasPictures: false },
  val: seen(2_000_000, 120, inRange),
  train: seen(1_100_000, 1200, trained),
  test: seen(3_000_000, 120, inRange),
  heavy: seen(4_000_000, 80, heavyPayload),
  worn: seen(5_000_000, 80, worn),
  long: seen(6_000_000, 4, inRange, 3072),
  branch: { ...seen(7_000_000, 960, inRange, 80), branches: { step: 47, count: 24 } },
} as const satisfies Readonly<Record<string, Split>>;

export type SplitName = keyof typeof splits;
