import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { TargetScript } from "../../bridge/contract/simulator.ts";
import { seededRandom, uniform, type Random } from "../../bridge/core/seeded-random.ts";
import { drawDomain, type Domain } from "../../sims/embedded/domain.ts";
import type { SceneGeom } from "../../sims/embedded/scene-geom.ts";
import type { SceneName } from "../../sims/embedded/scene-layout.ts";
import { defaultLook } from "../../sims/embedded/scene-look.ts";
import { perfectCamera } from "../../sims/embedded/scene-camera.ts";
import { noSensorNoise } from "../../sims/embedded/sensor-noise.ts";
import type { Split } from "./splits.ts";

/** Share of episodes with true sensors, and with the plain look and a perfect camera, as in live use. */
const plainShare = 0.2;
/** Where the target's keyframes lie, m. */
const roam = { lowM: [0.5, -0.6, 0.12], highM: [1.3, 0.6, 0.75] } as const;

/** Mostly the service's own scene. */
export function sceneOf(split: Split, seed: number): SceneName {
  if (!split.hasPictures) return "targets";
  const draw = seededRandom(seed ^ 0x5ce_0e5)();
  if (draw < 0.66) return "desk";
  if (draw < 0.78) return "targets";
  return draw < 0.9 ? "face" : "cluttered";
}

/** The world of one episode. */
export function worldOf(
  device: DeviceDescription,
  geoms: readonly SceneGeom[],
  seed: number,
  split: Split,
): Domain {
  const domain = drawDomain(device, geoms, seed, split.domain);
  const random = seededRandom(seed ^ 0x0091_a135);
  return {
    ...domain,
    ...(random() < plainShare ? { noise: noSensorNoise } : {}),
    ...(random() < plainShare ? { look: defaultLook, camera: perfectCamera } : {}),
  };
}

/** In half of the episodes the target goes from place to place, resting here and there. */
export function targetScripts(target: string, seed: number, lengthS: number): TargetScript[] {
  const random = seededRandom(seed ^ 0x7a26_e75c);
  if (random() < 0.5) return [];
  const speedMPerS = uniform(random, 0.08, 0.45);
  let timeS = 0;
  let positionM = place(random);
  const keyframes = [{ timeS, positionM }];
  while (timeS < lengthS) {
    const next = random() < 0.2 ? positionM : place(random);
    const wayM = Math.hypot(...next.map((m, axis) => m - (positionM[axis] ?? 0)));
    timeS += Math.max(uniform(random, 0.3, 1.2), (1.5 * wayM) / speedMPerS);
    positionM = next;
    keyframes.push({ timeS, positionM });
  }
  return [{ target, keyframes }];
}

function place(random: Random): readonly [number, number, number] {
  const at = (axis: 0 | 1 | 2): number => uniform(random, roam.lowM[axis], roam.highM[axis]);
  return [at(0), at(1), at(2)];
}

/** Mostly deployed and turned anywhere, or towards the targets; sometimes at home, folded or half way out. */
export function startPose(
  device: DeviceDescription,
  seed: number,
  facesTargets: boolean,
): readonly number[] {
  const random = seededRandom(seed ^ 0x0057_a127);
  const kind = random();
  if (kind < 0.15) return device.homeRad;
  if (kind < 0.22) return [kind < 0.18 ? 0 : uniform(random, 0, 1.95), 0, 0, 0];
  if (facesTargets && kind < 0.75) {
    const upperRad = device.axes[0]?.upperRad ?? 0;
    const near = (rad: number): number => uniform(random, -rad, rad);
    return [uniform(random, 2, upperRad), near(0.8), near(0.4), near(0.5)];
  }
  return device.axes.map(({ lowerRad, upperRad }, axis) =>
    axis === 0 ? uniform(random, 2, upperRad) : uniform(random, 0.98 * lowerRad, 0.98 * upperRad),
  );
}
