import { identityXyzw, type Vector3 } from "../../bridge/core/kinematics.ts";
import { bodyGeoms, type PushableBody, type ScriptedBody } from "./scene-bodies.ts";
import type { SceneGeom } from "./scene-geom.ts";
import { fixture, roomGeoms, texture } from "./scene-room.ts";
import { plainPaths, type TargetPath } from "./target-motion.ts";

/**
 * - `targets`: three targets on scripted paths. Nothing can touch anything: the fastest, and what
 *   training and evaluation step.
 * - `desk`: the same with five things on the desk that can be pushed.
 * - `face`: one thing that looks like a face, moving as a head does, and two things on the desk.
 * - `cluttered`: the targets among many things, some of which look like them or hide them.
 */
export const sceneNames = ["targets", "desk", "face", "cluttered"] as const;
export type SceneName = (typeof sceneNames)[number];

/** What a scene has beside the device. */
export interface SceneLayout {
  readonly name: SceneName;
  readonly fixed: readonly SceneGeom[];
  readonly scripted: readonly ScriptedBody[];
  readonly pushables: readonly PushableBody[];
}

export function sceneLayout(name: SceneName): SceneLayout {
  return layouts[name];
}

const upright = identityXyzw;
/** Along the body's own x. */
const alongX = [0, Math.SQRT1_2, 0, Math.SQRT1_2] as const;

const pathOf = (index: number): TargetPath => {
  const path = plainPaths[index];
  if (path === undefined) throw new RangeError(`there is no path ${index}`);
  return path;
};

/** The moving things. Distinct in shape and in colour. */
const plainTargets: readonly ScriptedBody[] = [
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
const face: ScriptedBody = {
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

const ball: PushableBody = {
  name: "ball",
  massKg: 0.06,
  positionM: [0.62, 0.34, 0.035],
  geoms: bodyGeoms("ball", "pushable", [
    { shape: "sphere", sizeM: [0.035, 0, 0], colorRgb: [0.2, 0.62, 0.34] },
  ]),
};

const mug: PushableBody = {
  name: "mug",
  massKg: 0.25,
  positionM: [0.72, -0.34, 0.048],
  geoms: bodyGeoms("mug", "pushable", [
    { shape: "cylinder", sizeM: [0.038, 0.048, 0], colorRgb: [0.9, 0.88, 0.82] },
    {
      name: "coffee",
      isTouchable: false,
      shape: "cylinder",
      sizeM: [0.033, 0.001, 0],
      colorRgb: [0.2, 0.12, 0.07],
      positionM: [0, 0, 0.0485],
    },
    {
      name: "handle",
      shape: "box",
      sizeM: [0.012, 0.005, 0.024],
      colorRgb: [0.9, 0.88, 0.82],
      positionM: [0.048, 0, 0],
    },
  ]),
};

const book: PushableBody = {
  name: "book",
  massKg: 0.4,
  positionM: [0.98, 0.12, 0.016],
  geoms: bodyGeoms("book", "pushable", [
    { shape: "box", sizeM: [0.075, 0.105, 0.016], colorRgb: [0.6, 0.16, 0.2] },
    {
      name: "pages",
      isTouchable: false,
      shape: "box",
      sizeM: [0.0755, 0.099, 0.0125],
      colorRgb: [0.93, 0.91, 0.84],
    },
  ]),
};

const bottle: PushableBody = {
  name: "bottle",
  massKg: 0.3,
  positionM: [1.12, -0.22, 0.075],
  geoms: bodyGeoms("bottle", "pushable", [
    { shape: "cylinder", sizeM: [0.032, 0.075, 0], colorRgb: [0.25, 0.52, 0.42] },
    {
      name: "neck",
      shape: "cylinder",
      sizeM: [0.013, 0.03, 0],
      colorRgb: [0.25, 0.52, 0.42],
      positionM: [0, 0, 0.105],
    },
    {
      name: "cap",
      isTouchable: false,
      shape: "cylinder",
      sizeM: [0.015, 0.009, 0],
      colorRgb: [0.95, 0.95, 0.95],
      positionM: [0, 0, 0.144],
    },
  ]),
};

const block: PushableBody = {
  name: "block",
  massKg: 0.12,
  positionM: [0.6, -0.08, 0.03],
  geoms: bodyGeoms("block", "pushable", [
    {
      shape: "box",
      sizeM: [0.03, 0.03, 0.03],
      colorRgb: [0.93, 0.6, 0.18],
      texture: texture("checker", [0.98, 0.8, 0.35], 0.03),
    },
  ]),
};

/** Things that look like the targets, smaller and still until pushed. */
const decoys: readonly PushableBody[] = [
  {
    name: "apple",
    massKg: 0.15,
    positionM: [0.85, 0.5, 0.038],
    geoms: bodyGeoms("apple", "pushable", [
      { shape: "sphere", sizeM: [0.038, 0, 0], colorRgb: [0.78, 0.16, 0.14] },
      {
        name: "stalk",
        isTouchable: false,
        shape: "cylinder",
        sizeM: [0.002, 0.008, 0],
        colorRgb: [0.3, 0.2, 0.1],
        positionM: [0, 0, 0.044],
      },
    ]),
  },
  {
    name: "dice",
    massKg: 0.09,
    positionM: [0.88, -0.52, 0.026],
    geoms: bodyGeoms("dice", "pushable", [
      { shape: "box", sizeM: [0.026, 0.026, 0.026], colorRgb: [0.2, 0.36, 0.74] },
    ]),
  },
  {
    name: "can",
    massKg: 0.2,
    positionM: [1.2, 0.42, 0.055],
    geoms: bodyGeoms("can", "pushable", [
      { shape: "cylinder", sizeM: [0.03, 0.055, 0], colorRgb: [0.86, 0.7, 0.2] },
    ]),
  },
];

/** A plant, a monitor and a lamp: in the way of the view, not to be moved. */
const clutter: readonly SceneGeom[] = [
  fixture({
    name: "plant_pot",
    shape: "cylinder",
    sizeM: [0.06, 0.055, 0],
    colorRgb: [0.68, 0.36, 0.24],
    positionM: [1.3, 0.66, 0.055],
  }),
  ...[
    [1.3, 0.66, 0.21, 0.075],
    [1.25, 0.6, 0.18, 0.05],
    [1.34, 0.72, 0.17, 0.05],
    [1.28, 0.72, 0.26, 0.045],
  ].map(([x = 0, y = 0, z = 0, radiusM = 0], index) =>
    fixture({
      name: `plant_leaf_${index}`,
      shape: "sphere",
      sizeM: [radiusM, 0, 0],
      colorRgb: [0.2, 0.42 + 0.04 * index, 0.2],
      finish: "matt",
      positionM: [x, y, z],
    }),
  ),
  fixture({
    name: "monitor_foot",
    sizeM: [0.08, 0.11, 0.006],
    colorRgb: [0.15, 0.15, 0.17],
    positionM: [1.36, -0.42, 0.006],
  }),
  fixture({
    name: "monitor_post",
    shape: "cylinder",
    sizeM: [0.015, 0.09, 0],
    colorRgb: [0.15, 0.15, 0.17],
    positionM: [1.38, -0.42, 0.1],
  }),
  fixture({
    name: "monitor",
    sizeM: [0.012, 0.26, 0.155],
    colorRgb: [0.1, 0.1, 0.12],
    positionM: [1.36, -0.42, 0.31],
  }),
  fixture({
    name: "monitor_screen",
    sizeM: [0.002, 0.245, 0.14],
    colorRgb: [0.22, 0.4, 0.62],
    texture: texture("checker", [0.28, 0.5, 0.72], 0.07),
    glowRatio: 0.7,
    finish: "glossy",
    positionM: [1.347, -0.42, 0.31],
  }),
  fixture({
    name: "lamp_foot",
    shape: "cylinder",
    sizeM: [0.06, 0.01, 0],
    colorRgb: [0.75, 0.75, 0.78],
    positionM: [0.72, 0.66, 0.01],
  }),
  fixture({
    name: "lamp_post",
    shape: "cylinder",
    sizeM: [0.008, 0.2, 0],
    colorRgb: [0.75, 0.75, 0.78],
    positionM: [0.72, 0.66, 0.22],
  }),
  fixture({
    name: "lamp_shade",
    shape: "cylinder",
    sizeM: [0.065, 0.05, 0],
    colorRgb: [0.95, 0.86, 0.62],
    glowRatio: 0.5,
    finish: "matt",
    positionM: [0.72, 0.66, 0.45],
  }),
  fixture({
    name: "pad",
    sizeM: [0.12, 0.09, 0.003],
    colorRgb: [0.94, 0.94, 0.9],
    texture: texture("tiles", [0.6, 0.68, 0.8], 0.02),
    finish: "matt",
    rotationXyzw: upright,
    positionM: [0.5, 0.1, 0.003],
  }),
  fixture({
    name: "pencil",
    shape: "cylinder",
    sizeM: [0.004, 0.08, 0],
    colorRgb: [0.9, 0.66, 0.12],
    rotationXyzw: alongX,
    positionM: [0.5, 0.14, 0.01],
  }),
];

const layouts: Readonly<Record<SceneName, SceneLayout>> = {
  targets: { name: "targets", fixed: roomGeoms, scripted: plainTargets, pushables: [] },
  desk: {
    name: "desk",
    fixed: roomGeoms,
    scripted: plainTargets,
    pushables: [ball, mug, book, bottle, block],
  },
  face: { name: "face", fixed: roomGeoms, scripted: [face], pushables: [mug, book] },
  cluttered: {
    name: "cluttered",
    fixed: [...roomGeoms, ...clutter],
    scripted: plainTargets,
    pushables: [ball, mug, book, bottle, block, ...decoys],
  },
};
