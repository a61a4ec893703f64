import type { Vector3, Xyzw } from "../../bridge/core/kinematics.ts";

/**
 * `sizeM` by shape, as MuJoCo has it. Axes of symmetry lie along the geom's own z.
 *
 * | shape    | sizeM                                              |
 * | -------- | -------------------------------------------------- |
 * | plane    | half x, half y, unused; visible from +z             |
 * | box      | half x, half y, half z                              |
 * | sphere   | radius, unused, unused                              |
 * | capsule  | radius, half length of the straight part, unused    |
 * | cylinder | radius, half length, unused                         |
 */
export type GeomShape = "plane" | "box" | "sphere" | "capsule" | "cylinder";

/** A pattern of two colours in the geom's own x and y (on a box: in the two axes of each face). */
export interface SurfaceTexture {
  readonly kind: "checker" | "wood" | "plaster" | "tiles";
  readonly otherRgb: Vector3;
  /** Side of a square or tile; of wood and plaster, half of what repeats. */
  readonly cellM: number;
}

export type SurfaceFinish = "matt" | "satin" | "glossy";

/** One thing that can be seen. The order of the list is the order in the pose snapshot. */
export interface SceneGeom {
  readonly name: string;
  readonly shape: GeomShape;
  readonly sizeM: Vector3;
  /** sRGB, each 0..1. */
  readonly colorRgb: Vector3;
  readonly texture?: SurfaceTexture;
  /** Default satin. */
  readonly finish?: SurfaceFinish;
  /** Light of its own, as a share of its colour: a lamp, a window. Default 0. */
  readonly glowRatio?: number;
  /** False for the room's shell, which the light comes through. Default true. */
  readonly castsShadow?: boolean;
  /** The frame it is fixed in: `world`, a frame of the device, or the name of a target. */
  readonly frameId: string;
  readonly positionM: Vector3;
  readonly rotationXyzw: Xyzw;
  /** False for what nothing can reach: looks only. Default true. */
  readonly isTouchable?: boolean;
  /** The phone around the lens: the camera sits inside it and must not draw it. */
  readonly isPartOfCameraBody: boolean;
  /** Part of one of the things that move along scripted paths. */
  readonly isTarget: boolean;
  /** Part of one of the things that lie about and can be pushed. */
  readonly isPushable?: boolean;
}
