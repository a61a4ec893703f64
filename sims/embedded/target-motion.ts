import type { TargetScript } from "../../bridge/contract/simulator.ts";
import type { Pose } from "../../bridge/core/kinematics.ts";
import { seededRandom, uniform, type Random } from "../../bridge/core/seeded-random.ts";

/** One coordinate: a centre and two slow sines, so paths are smooth and do not repeat soon. */
interface Wave {
  readonly centerM: number;
  readonly amplitudesM: readonly [number, number];
  readonly frequenciesHz: readonly [number, number];
  readonly phasesRad: readonly [number, number];
}

/** Where a target is at home, how far it strays, and how it turns. */
export interface TargetPath {
  readonly centerM: readonly [number, number, number];
  readonly amplitudeM: readonly [number, number, number];
  /** `spin`: round and round. `sway`: towards the mount, looking about a little, as a face does. */
  readonly turn: "spin" | "sway";
}

/** A path of one target, a pure function of time. */
export interface TargetMotion {
  readonly waves: readonly [Wave, Wave, Wave];
  readonly spinRadPerS: number;
  readonly tiltRad: number;
  readonly turn: TargetPath["turn"];
  /** Takes the place of the waves; the turning stays. */
  readonly script?: TargetScript;
}

const stray = [0.08, 0.2, 0.1] as const;

/** Of the three plain targets, in front of the mount and apart from each other. */
export const plainPaths: readonly TargetPath[] = [
  { centerM: [0.75, 0.28, 0.32], amplitudeM: stray, turn: "spin" },
  { centerM: [0.85, -0.3, 0.28], amplitudeM: stray, turn: "spin" },
  { centerM: [1.05, 0.0, 0.45], amplitudeM: stray, turn: "spin" },
];

/** The paths of all targets; everything follows from `seed`. Speeds stay under 0.5 m/s. */
export function targetMotions(
  seed: number,
  paths: readonly TargetPath[] = plainPaths,
): readonly TargetMotion[] {
  const random = seededRandom(seed);
  return paths.map(({ centerM: [x, y, z], amplitudeM: [strayX, strayY, strayZ], turn }) => ({
    waves: [wave(random, x, strayX), wave(random, y, strayY), wave(random, z, strayZ)],
    spinRadPerS: uniform(random, -0.8, 0.8),
    tiltRad: uniform(random, -0.4, 0.4),
    turn,
  }));
}

/** World-from-target at `timeS`. */
export function targetPoseAt(motion: TargetMotion, timeS: number): Pose {
  const row = new Float64Array(targetPoseWidth);
  writeTargetPose(motion, timeS, row, 0);
  const [x = 0, y = 0, z = 0, qx = 0, qy = 0, qz = 0, qw = 1] = row;
  return { positionM: [x, y, z], rotationXyzw: [qx, qy, qz, qw] };
}

/** Position (3) and rotation x y z w (4). */
export const targetPoseWidth = 7;

/** World-from-target at `timeS` into `out[offset ... offset + 6]`. // hot path */
export function writeTargetPose(
  motion: TargetMotion,
  timeS: number,
  out: Float64Array,
  offset: number,
): void {
  if (motion.script === undefined) {
    for (let k = 0; k < 3; k += 1) out[offset + k] = waveAt(motion.waves[k], timeS);
  } else {
    writeScriptedPosition(motion.script, timeS, out, offset);
  }
  const isSpinning = motion.turn === "spin";
  const turnRad = isSpinning
    ? motion.spinRadPerS * timeS
    : 0.5 * Math.sin((0.4 + motion.spinRadPerS) * timeS);
  const tiltRad = isSpinning ? motion.tiltRad : motion.tiltRad * Math.sin(0.7 * timeS);
  // About z, then about the turned x.
  const sz = Math.sin(turnRad / 2);
  const cz = Math.cos(turnRad / 2);
  const sx = Math.sin(tiltRad / 2);
  const cx = Math.cos(tiltRad / 2);
  out[offset + 3] = cz * sx;
  out[offset + 4] = sz * sx;
  out[offset + 5] = sz * cx;
  out[offset + 6] = cz * cx;
}

function writeScriptedPosition(
  { keyframes, repeats }: TargetScript,
  timeS: number,
  out: Float64Array,
  offset: number,
): void {
  const endS = keyframes.at(-1)?.timeS ?? 0;
  const atS = repeats === true && endS > 0 ? timeS % endS : timeS;
  let next = 0;
  while (next < keyframes.length && (keyframes[next]?.timeS ?? 0) <= atS) next += 1;
  const to = keyframes[Math.min(next, keyframes.length - 1)];
  const from = keyframes[Math.max(0, next - 1)];
  if (from === undefined || to === undefined) return;
  const ratio = to.timeS > from.timeS ? (atS - from.timeS) / (to.timeS - from.timeS) : 0;
  // Starts and ends each leg at rest; held at both ends of the script.
  const held = Math.min(1, Math.max(0, ratio));
  const eased = held * held * (3 - 2 * held);
  for (const k of [0, 1, 2] as const) {
    out[offset + k] = from.positionM[k] + (to.positionM[k] - from.positionM[k]) * eased;
  }
}

function wave(random: Random, centerM: number, amplitudeM: number): Wave {
  const turn = 2 * Math.PI;
  return {
    centerM,
    amplitudesM: [amplitudeM * uniform(random, 0.4, 0.8), amplitudeM * uniform(random, 0.1, 0.4)],
    frequenciesHz: [uniform(random, 0.08, 0.2), uniform(random, 0.2, 0.4)],
    phasesRad: [turn * random(), turn * random()],
  };
}

function waveAt(wave: Wave | undefined, timeS: number): number {
  if (wave === undefined) return 0;
  const { frequenciesHz, phasesRad, amplitudesM } = wave;
  return (
    wave.centerM +
    amplitudesM[0] * Math.sin(2 * Math.PI * frequenciesHz[0] * timeS + phasesRad[0]) +
    amplitudesM[1] * Math.sin(2 * Math.PI * frequenciesHz[1] * timeS + phasesRad[1])
  );
}
