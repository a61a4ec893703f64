import type { Vector3 } from "../../bridge/core/kinematics.ts";
import { bodyGeoms, type ScriptedBody } from "./scene-bodies.ts";
import { texture } from "./scene-room.ts";
import { plainPaths, type TargetPath } from "./target-motion.ts";

const pathOf = (index: number): TargetPath => {
  const path = plainPaths[index];
  if (path === undefined) throw new RangeError(`there is no path ${index}`);
  return path;
};

/** The moving things. Distinct in shape and in colour. */
export const plainTargets: readonly ScriptedBody[] = [
  {
    name: "target_sphere",
    path: pathOf(0),
    geoms: bodyGeoms("target_sphere", "scripted", [
      { shape: "sphere", sizeM: [0.05, 0, 0], colorRgb: [0.9, 0.2, 0.15] },
    ]),
  },
  {
    name: "target_box",
    path: pathOf(1),
    geoms: bodyGeoms("target_box", "scripted", [
      {
        shape: "box",
        sizeM: [0.045, 0.045, 0.045],
        colorRgb: [0.15, 0.4, 0.9],
        texture: texture("checker", [0.25, 0.55, 0.95], 0.045),
      },
    ]),
  },
  {
    name: "target_capsule",
    path: pathOf(2),
    geoms: bodyGeoms("target_capsule", "scripted", [
      { shape: "capsule", sizeM: [0.035, 0.06, 0], colorRgb: [0.95, 0.75, 0.1] },
    ]),
  },
];

const skinRgb: Vector3 = [0.87, 0.66, 0.53];
const hairRgb: Vector3 = [0.22, 0.14, 0.09];
const eyeRgb: Vector3 = [0.97, 0.97, 0.96];
const pupilRgb: Vector3 = [0.1, 0.13, 0.2];

/** A head on shoulders, looking along the body's -x, which is towards the mount. */
export const face: ScriptedBody = {
  name: "target_face",
  path: { centerM: [1.0, 0, 0.4], amplitudeM: [0.1, 0.28, 0.08], turn: "sway" },
  geoms: bodyGeoms("target_face", "scripted", [
    { shape: "capsule", sizeM: [0.078, 0.036, 0], colorRgb: skinRgb },
    {
      name: "hair",
      shape: "capsule",
      sizeM: [0.08, 0.025, 0],
      colorRgb: hairRgb,
      positionM: [0.018, 0, 0.032],
    },
    {
      name: "neck",
      shape: "cylinder",
      sizeM: [0.036, 0.04, 0],
      colorRgb: skinRgb,
      positionM: [0.01, 0, -0.13],
    },
    {
      name: "shoulders",
      shape: "capsule",
      sizeM: [0.06, 0.1, 0],
      colorRgb: [0.24, 0.36, 0.55],
      positionM: [0.02, 0, -0.21],
      // Along the body's y.
      rotationXyzw: [Math.SQRT1_2, 0, 0, Math.SQRT1_2],
    },
    {
      name: "nose",
      shape: "sphere",
      sizeM: [0.015, 0, 0],
      colorRgb: [0.8, 0.57, 0.46],
      positionM: [-0.082, 0, -0.008],
    },
    {
      name: "mouth",
      shape: "box",
      sizeM: [0.006, 0.025, 0.006],
      colorRgb: [0.66, 0.25, 0.25],
      positionM: [-0.073, 0, -0.05],
    },
    ...([1, -1] as const).flatMap((side) => {
      const sideName = side === 1 ? "left" : "right";
      const at = (x: number, z: number): Vector3 => [x, side * 0.03, z];
      return [
        {
          name: `eye_${sideName}`,
          shape: "sphere" as const,
          sizeM: [0.015, 0, 0] as const,
          colorRgb: eyeRgb,
          positionM: at(-0.064, 0.02),
        },
        {
          name: `pupil_${sideName}`,
          shape: "sphere" as const,
          sizeM: [0.0085, 0, 0] as const,
          colorRgb: pupilRgb,
          positionM: at(-0.0735, 0.02),
        },
        {
          name: `brow_${sideName}`,
          shape: "box" as const,
          sizeM: [0.006, 0.018, 0.004] as const,
          colorRgb: hairRgb,
          positionM: at(-0.073, 0.046),
        },
      ];
    }),
  ]),
};
