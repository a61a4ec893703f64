import { identityXyzw, type Vector3, type Xyzw } from "../../bridge/core/kinematics.ts";
import type { SceneGeom, SurfaceTexture } from "./scene-geom.ts";

export const worldFrame = "world";

export const texture = (
  kind: SurfaceTexture["kind"],
  otherRgb: Vector3,
  cellM: number,
): SurfaceTexture => ({ kind, otherRgb, cellM });

type Fixture = Pick<SceneGeom, "name" | "sizeM" | "colorRgb" | "positionM"> &
  Partial<
    Pick<
      SceneGeom,
      "shape" | "rotationXyzw" | "texture" | "finish" | "glowRatio" | "castsShadow" | "isTouchable"
    >
  >;

/** Something that stands still in the world; a box unless it says otherwise. */
export const fixture = (part: Fixture): SceneGeom => ({
  shape: "box",
  rotationXyzw: identityXyzw,
  ...part,
  frameId: worldFrame,
  isPartOfCameraBody: false,
  isTarget: false,
});

/** The room's shell: matt, out of reach, and the light from outside comes through it. */
const shell = (part: Fixture): SceneGeom =>
  fixture({ finish: "matt", castsShadow: false, isTouchable: false, ...part });

/** A plane faces +z; half a turn about x makes it a ceiling. */
const facingDown: Xyzw = [1, 0, 0, 0];
const white: Vector3 = [0.93, 0.92, 0.9];
const skirtingRgb: Vector3 = [0.88, 0.86, 0.83];

const shellGeoms: readonly SceneGeom[] = [
  shell({
    name: "floor",
    isTouchable: true,
    shape: "plane",
    sizeM: [3, 3, 0.1],
    colorRgb: [0.5, 0.46, 0.42],
    texture: texture("checker", [0.43, 0.39, 0.35], 0.4),
    positionM: [0.5, 0, -0.75],
  }),
  shell({
    name: "ceiling",
    shape: "plane",
    sizeM: [3, 3, 0.1],
    colorRgb: [0.9, 0.9, 0.88],
    texture: texture("tiles", [0.74, 0.75, 0.76], 0.6),
    // What the floor and the lamps would send up.
    glowRatio: 0.35,
    positionM: [0.5, 0, 1.75],
    rotationXyzw: facingDown,
  }),
  shell({
    name: "wall_front",
    isTouchable: true,
    sizeM: [0.05, 3, 1.25],
    colorRgb: [0.64, 0.74, 0.83],
    texture: texture("plaster", [0.7, 0.79, 0.87], 0.5),
    positionM: [3.5, 0, 0.5],
  }),
  shell({
    name: "wall_back",
    isTouchable: true,
    sizeM: [0.05, 3, 1.25],
    colorRgb: [0.84, 0.8, 0.66],
    texture: texture("plaster", [0.78, 0.73, 0.58], 0.5),
    positionM: [-2.5, 0, 0.5],
  }),
  shell({
    name: "wall_left",
    isTouchable: true,
    sizeM: [3, 0.05, 1.25],
    colorRgb: [0.7, 0.8, 0.68],
    texture: texture("plaster", [0.63, 0.75, 0.61], 0.5),
    positionM: [0.5, 3, 0.5],
  }),
  shell({
    name: "wall_right",
    isTouchable: true,
    sizeM: [3, 0.05, 1.25],
    colorRgb: [0.84, 0.7, 0.69],
    texture: texture("plaster", [0.78, 0.62, 0.61], 0.5),
    positionM: [0.5, -3, 0.5],
  }),
  shell({
    name: "skirting_front",
    sizeM: [0.012, 2.95, 0.05],
    colorRgb: skirtingRgb,
    positionM: [3.44, 0, -0.7],
  }),
  shell({
    name: "skirting_left",
    sizeM: [2.95, 0.012, 0.05],
    colorRgb: skirtingRgb,
    positionM: [0.5, 2.94, -0.7],
  }),
  shell({
    name: "skirting_right",
    sizeM: [2.95, 0.012, 0.05],
    colorRgb: skirtingRgb,
    positionM: [0.5, -2.94, -0.7],
  }),
  shell({
    name: "lamp_front",
    sizeM: [0.3, 0.6, 0.015],
    colorRgb: [1, 0.98, 0.94],
    glowRatio: 1.1,
    positionM: [1.6, 0, 1.735],
  }),
  shell({
    name: "lamp_back",
    sizeM: [0.3, 0.6, 0.015],
    colorRgb: [1, 0.98, 0.94],
    glowRatio: 1.1,
    positionM: [-0.6, 0, 1.735],
  }),
];

const wallGeoms: readonly SceneGeom[] = [
  shell({
    name: "window_frame",
    sizeM: [0.68, 0.02, 0.53],
    colorRgb: white,
    positionM: [0.9, 2.94, 0.75],
  }),
  shell({
    name: "window_left",
    sizeM: [0.3, 0.01, 0.47],
    colorRgb: [0.78, 0.88, 0.98],
    glowRatio: 1,
    positionM: [0.57, 2.92, 0.75],
  }),
  shell({
    name: "window_right",
    sizeM: [0.3, 0.01, 0.47],
    colorRgb: [0.78, 0.88, 0.98],
    glowRatio: 1,
    positionM: [1.23, 2.92, 0.75],
  }),
  shell({
    name: "poster_frame",
    sizeM: [0.015, 0.46, 0.36],
    colorRgb: [0.16, 0.14, 0.13],
    positionM: [3.44, 0.75, 0.6],
  }),
  shell({
    name: "poster",
    sizeM: [0.012, 0.42, 0.32],
    colorRgb: [0.94, 0.9, 0.78],
    texture: texture("checker", [0.86, 0.42, 0.28], 0.14),
    positionM: [3.435, 0.75, 0.6],
  }),
  shell({
    name: "board",
    sizeM: [0.012, 0.7, 0.4],
    colorRgb: [0.2, 0.33, 0.3],
    texture: texture("plaster", [0.26, 0.4, 0.36], 0.3),
    positionM: [3.44, -1.1, 0.55],
  }),
  shell({
    name: "shelf",
    sizeM: [0.7, 0.14, 0.015],
    colorRgb: [0.62, 0.46, 0.3],
    texture: texture("wood", [0.5, 0.35, 0.21], 0.4),
    positionM: [1.3, -2.8, 0.45],
  }),
  ...books(),
  shell({
    name: "cabinet",
    sizeM: [0.3, 0.5, 0.5],
    colorRgb: [0.55, 0.42, 0.3],
    texture: texture("wood", [0.45, 0.32, 0.2], 0.5),
    positionM: [3.1, -2.2, -0.25],
  }),
  shell({
    name: "door",
    sizeM: [0.02, 0.42, 0.98],
    colorRgb: [0.66, 0.52, 0.38],
    texture: texture("wood", [0.56, 0.42, 0.28], 0.5),
    positionM: [-2.44, 1.2, 0.23],
  }),
];

/** A row of books on the shelf, of different heights and colours. */
function books(): readonly SceneGeom[] {
  const colours: readonly Vector3[] = [
    [0.7, 0.2, 0.18],
    [0.18, 0.32, 0.52],
    [0.85, 0.7, 0.3],
    [0.25, 0.45, 0.3],
    [0.5, 0.28, 0.48],
    [0.82, 0.8, 0.74],
    [0.2, 0.22, 0.26],
  ];
  let leftM = 0.72;
  return colours.map((colorRgb, index) => {
    const halfWidthM = 0.025 + 0.008 * ((index * 5) % 3);
    const halfHeightM = 0.11 + 0.015 * ((index * 7) % 4);
    leftM += 2 * halfWidthM + 0.004;
    return shell({
      name: `book_${index}`,
      sizeM: [halfWidthM, 0.09, halfHeightM],
      colorRgb,
      positionM: [leftM - halfWidthM, -2.8, 0.465 + halfHeightM],
    });
  });
}

const deskGeom = fixture({
  name: "desk",
  sizeM: [0.9, 0.8, 0.02],
  colorRgb: [0.72, 0.58, 0.42],
  texture: texture("wood", [0.6, 0.46, 0.32], 0.4),
  positionM: [0.6, 0, -0.02],
});

const deskLegs: readonly SceneGeom[] = [
  [-0.22, -0.72],
  [-0.22, 0.72],
  [1.42, -0.72],
  [1.42, 0.72],
].map(([x = 0, y = 0], index) =>
  fixture({
    name: `desk_leg_${index}`,
    sizeM: [0.03, 0.03, 0.355],
    colorRgb: [0.3, 0.3, 0.32],
    positionM: [x, y, -0.395],
  }),
);

/**
 * The room around the mount, which stands at the origin on the desk top (z = 0) and faces +x. Each
 * wall has its own colour and things, so a picture tells where the camera looks.
 */
export const roomGeoms: readonly SceneGeom[] = [...shellGeoms, ...wallGeoms, deskGeom, ...deskLegs];
