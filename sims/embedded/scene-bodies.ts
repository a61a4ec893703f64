import {
  identityXyzw,
  xyzwFromAxisAngle,
  type Pose,
  type Vector3,
} from "../../bridge/core/kinematics.ts";
import type { SurfaceTexture, SceneGeom } from "./scene-geom.ts";
import { seededRandom, uniform } from "../../bridge/core/seeded-random.ts";
import type { TargetPath } from "./target-motion.ts";

/** A thing that moves along a path and is moved by nothing. Its geoms have its name as frame. */
export interface ScriptedBody {
  readonly name: string;
  readonly path: TargetPath;
  readonly geoms: readonly SceneGeom[];
}

/** A thing that lies on the desk and moves when something touches or pushes it. */
export interface PushableBody {
  readonly name: string;
  readonly massKg: number;
  /** Where it rests before the seed has moved it a little. */
  readonly positionM: Vector3;
  readonly geoms: readonly SceneGeom[];
}

type Part = Pick<SceneGeom, "shape" | "sizeM" | "colorRgb"> & {
  readonly name?: string;
  readonly positionM?: Vector3;
  readonly rotationXyzw?: SceneGeom["rotationXyzw"];
  readonly texture?: SurfaceTexture;
  readonly isTouchable?: boolean;
};

/** Geoms of a body: the first has the body's name, the others add their own to it. */
export function bodyGeoms(
  body: string,
  kind: "scripted" | "pushable",
  parts: readonly Part[],
): readonly SceneGeom[] {
  return parts.map((part) => ({
    positionM: [0, 0, 0],
    rotationXyzw: identityXyzw,
    ...part,
    name: part.name === undefined ? body : `${body}_${part.name}`,
    frameId: body,
    isPartOfCameraBody: false,
    isTarget: kind === "scripted",
    isPushable: kind === "pushable",
  }));
}

/** How far the seed moves a pushable from its place. */
const scatterM = 0.03;

/** World-from-body of every pushable before anything has touched it; follows from `seed`. */
export function pushableStarts(bodies: readonly PushableBody[], seed: number): readonly Pose[] {
  const random = seededRandom(seed ^ 0x00b0_d1e5);
  return bodies.map(({ positionM: [x, y, z] }) => ({
    positionM: [
      x + uniform(random, -scatterM, scatterM),
      y + uniform(random, -scatterM, scatterM),
      z,
    ],
    rotationXyzw: xyzwFromAxisAngle([0, 0, 1], uniform(random, -Math.PI, Math.PI)),
  }));
}
