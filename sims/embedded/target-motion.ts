import { multiplyXyzw, xyzwFromAxisAngle, type Pose } from "../../bridge/core/kinematics.ts";
import { seededRandom, uniform, type Random } from "./seeded-random.ts";

/** One coordinate: a centre and two slow sines, so paths are smooth and do not repeat soon. */
interface Wave {
  readonly centerM: number;
  readonly amplitudesM: readonly [number, number];
  readonly frequenciesHz: readonly [number, number];
  readonly phasesRad: readonly [number, number];
}

/** A scripted path of one target, a pure function of time. */
export interface TargetMotion {
  readonly waves: readonly [Wave, Wave, Wave];
  readonly spinRadPerS: number;
  readonly tiltRad: number;
}

/** Centres of the targets, m, in front of the mount and apart from each other. */
const centersM = [
  [0.75, 0.28, 0.32],
  [0.85, -0.3, 0.28],
  [1.05, 0.0, 0.45],
] as const;

export const targetCount = centersM.length;

/** The paths of all targets; everything follows from `seed`. Speeds stay under 0.5 m/s. */
export function targetMotions(seed: number): readonly TargetMotion[] {
  const random = seededRandom(seed);
  return centersM.map(([x, y, z]) => ({
    waves: [
      wave(random, x, { amplitudeM: 0.08 }),
      wave(random, y, { amplitudeM: 0.2 }),
      wave(random, z, { amplitudeM: 0.1 }),
    ],
    spinRadPerS: uniform(random, -0.8, 0.8),
    tiltRad: uniform(random, -0.4, 0.4),
  }));
}

/** World-from-target at `timeS`. */
export function targetPoseAt(motion: TargetMotion, timeS: number): Pose {
  const [x, y, z] = motion.waves;
  return {
    positionM: [waveAt(x, timeS), waveAt(y, timeS), waveAt(z, timeS)],
    rotationXyzw: multiplyXyzw(
      xyzwFromAxisAngle([0, 0, 1], motion.spinRadPerS * timeS),
      xyzwFromAxisAngle([1, 0, 0], motion.tiltRad),
    ),
  };
}

function wave(random: Random, centerM: number, size: { readonly amplitudeM: number }): Wave {
  const turn = 2 * Math.PI;
  return {
    centerM,
    amplitudesM: [
      size.amplitudeM * uniform(random, 0.4, 0.8),
      size.amplitudeM * uniform(random, 0.1, 0.4),
    ],
    frequenciesHz: [uniform(random, 0.08, 0.2), uniform(random, 0.2, 0.4)],
    phasesRad: [turn * random(), turn * random()],
  };
}

function waveAt(wave: Wave, timeS: number): number {
  let valueM = wave.centerM;
  for (const i of [0, 1] as const) {
    const angleRad = 2 * Math.PI * wave.frequenciesHz[i] * timeS + wave.phasesRad[i];
    valueM += wave.amplitudesM[i] * Math.sin(angleRad);
  }
  return valueM;
}
