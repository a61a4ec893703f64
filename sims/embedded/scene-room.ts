import { identityXyzw, type Vector3 } from "../../bridge/core/kinematics.ts";
import type { CheckerTexture, SceneGeom } from "./scene-geom.ts";

export const worldFrame = "world";

const checker = (otherRgb: Vector3, cellM: number): CheckerTexture => ({
  kind: "checker",
  otherRgb,
  cellM,
});

type Block = Pick<SceneGeom, "name" | "sizeM" | "colorRgb" | "positionM"> & {
  readonly texture?: CheckerTexture;
};

const fixedBox = (block: Block): SceneGeom => ({
  ...block,
  shape: "box",
  frameId: worldFrame,
  rotationXyzw: identityXyzw,
  isPartOfCameraBody: false,
  isTarget: false,
});

/**
 * The room around the mount, which stands at the origin on the desk top (z = 0) and faces +x. Each
 * wall has its own colour, so a picture tells where the camera looks.
 */
export const roomGeoms: readonly SceneGeom[] = [
  {
    name: "floor",
    shape: "plane",
    sizeM: [3, 3, 0.1],
    colorRgb: [0.5, 0.46, 0.42],
    texture: checker([0.43, 0.39, 0.35], 0.4),
    frameId: worldFrame,
    positionM: [0.5, 0, -0.75],
    rotationXyzw: identityXyzw,
    isPartOfCameraBody: false,
    isTarget: false,
  },
  fixedBox({
    name: "desk",
    sizeM: [0.9, 0.8, 0.02],
    colorRgb: [0.72, 0.58, 0.42],
    texture: checker([0.6, 0.46, 0.32], 0.1),
    positionM: [0.6, 0, -0.02],
  }),
  fixedBox({
    name: "wall_front",
    sizeM: [0.05, 3, 1.25],
    colorRgb: [0.7, 0.78, 0.85],
    texture: checker([0.62, 0.7, 0.79], 0.5),
    positionM: [3.5, 0, 0.5],
  }),
  fixedBox({
    name: "wall_back",
    sizeM: [0.05, 3, 1.25],
    colorRgb: [0.84, 0.8, 0.66],
    positionM: [-2.5, 0, 0.5],
  }),
  fixedBox({
    name: "wall_left",
    sizeM: [3, 0.05, 1.25],
    colorRgb: [0.72, 0.82, 0.7],
    texture: checker([0.66, 0.77, 0.64], 0.5),
    positionM: [0.5, 3, 0.5],
  }),
  fixedBox({
    name: "wall_right",
    sizeM: [3, 0.05, 1.25],
    colorRgb: [0.85, 0.72, 0.72],
    texture: checker([0.8, 0.65, 0.65], 0.5),
    positionM: [0.5, -3, 0.5],
  }),
];

const target = (
  geom: Pick<SceneGeom, "name" | "shape" | "sizeM" | "colorRgb"> & {
    readonly texture?: CheckerTexture;
  },
): SceneGeom => ({
  ...geom,
  frameId: geom.name,
  positionM: [0, 0, 0],
  rotationXyzw: identityXyzw,
  isPartOfCameraBody: false,
  isTarget: true,
});

/** The moving things, in the order of `targetMotions`. Distinct in shape and in colour. */
export const targetGeoms: readonly SceneGeom[] = [
  target({
    name: "target_sphere",
    shape: "sphere",
    sizeM: [0.05, 0, 0],
    colorRgb: [0.9, 0.2, 0.15],
  }),
  target({
    name: "target_box",
    shape: "box",
    sizeM: [0.045, 0.045, 0.045],
    colorRgb: [0.15, 0.4, 0.9],
    texture: checker([0.25, 0.55, 0.95], 0.045),
  }),
  target({
    name: "target_capsule",
    shape: "capsule",
    sizeM: [0.035, 0.06, 0],
    colorRgb: [0.95, 0.75, 0.1],
  }),
];
