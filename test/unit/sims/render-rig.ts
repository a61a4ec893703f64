import { xyzwFromAxisAngle, writeRotationMatrix } from "../../../bridge/core/kinematics.ts";
import type { Vector3, Xyzw } from "../../../bridge/core/kinematics.ts";
import {
  poseWidth,
  type Lighting,
  type Material,
  type RasterGeom,
  type RasterSetup,
} from "../../../sims/embedded/raster/raster-scene.ts";
import { Rasterizer } from "../../../sims/embedded/raster/rasterizer.ts";

/** Light from everywhere alike and none from the sun: a surface shows its own colour, evenly. */
export const evenLighting: Lighting = {
  direction: [0, 0, 1],
  directColour: [0, 0, 0],
  ambientUpColour: [1, 1, 1],
  ambientDownColour: [1, 1, 1],
  horizonColour: [0.02, 0.02, 0.02],
  zenithColour: [0.02, 0.02, 0.02],
  exposure: 0.5,
};

export const matt: Material = {
  colour: [0.9, 0.9, 0.9],
  texture: "solid",
  specularRatio: 0,
  shininess: 1,
};

/** Optical frame of a camera that looks along world x: right is -y, down is -z. */
export const alongWorldX: Xyzw = [-0.5, 0.5, -0.5, 0.5];
export const upright: Xyzw = [0, 0, 0, 1];

export type RigGeom = Pick<RasterGeom, "shape" | "sizeM"> &
  Partial<RasterGeom> & { readonly positionM: Vector3; readonly rotationXyzw?: Xyzw };

/** A rasteriser with its geoms at rest, 160 x 120 unless told otherwise, seen from the origin along x. */
export class RenderRig {
  readonly rasterizer: Rasterizer;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly #poses: Float64Array<ArrayBuffer>;

  constructor(geoms: readonly RigGeom[], changes: Partial<RasterSetup> = {}) {
    const setup: RasterSetup = {
      widthPx: 160,
      heightPx: 120,
      verticalFovRad: 0.9,
      samplesPerPixel: 4,
      lighting: evenLighting,
      geoms: geoms.map((geom) => ({
        material: matt,
        isSeenByCamera: true,
        castsShadow: true,
        ...geom,
      })),
      ...changes,
    };
    this.widthPx = setup.widthPx;
    this.heightPx = setup.heightPx;
    this.rasterizer = new Rasterizer(setup);
    this.#poses = new Float64Array(geoms.length * poseWidth);
    geoms.forEach(({ positionM, rotationXyzw }, index) => {
      this.#poses.set(pose(positionM, rotationXyzw ?? upright), index * poseWidth);
    });
  }

  render(positionM: Vector3 = [0, 0, 0], rotationXyzw: Xyzw = alongWorldX): Uint8Array {
    this.rasterizer.render(this.#poses, pose(positionM, rotationXyzw));
    return this.rasterizer.rgbBorrowed;
  }

  depth(): Float32Array {
    const out = new Float32Array(this.widthPx * this.heightPx);
    this.rasterizer.readDepth(out);
    return out;
  }

  segmentation(): Uint16Array {
    const out = new Uint16Array(this.widthPx * this.heightPx);
    this.rasterizer.readSegmentation(out);
    return out;
  }

  /** Pixel index of a point of the optical frame. */
  pixelOf([x, y, z]: Vector3): number {
    const { fxPx, fyPx, cxPx, cyPx } = this.rasterizer.intrinsics;
    const column = Math.floor(cxPx + (fxPx * x) / z);
    return Math.floor(cyPx + (fyPx * y) / z) * this.widthPx + column;
  }

  /** Ray through the middle of a pixel in the optical frame, scaled to z = 1. */
  rayOf(pixel: number): Vector3 {
    const { fxPx, fyPx, cxPx, cyPx } = this.rasterizer.intrinsics;
    const x = (pixel % this.widthPx) + 0.5;
    const y = Math.floor(pixel / this.widthPx) + 0.5;
    return [(x - cxPx) / fxPx, (y - cyPx) / fyPx, 1];
  }
}

export function pose(positionM: Vector3, rotationXyzw: Xyzw): Float64Array<ArrayBuffer> {
  const out = new Float64Array(poseWidth);
  out.set(positionM);
  writeRotationMatrix(rotationXyzw, out, 3);
  return out;
}

/** From the optical frame of `alongWorldX` to the world. */
export const worldFromOptical = ([x, y, z]: Vector3): Vector3 => [z, -x, -y];

export const tilted = xyzwFromAxisAngle([0.3, -0.5, 0.8], 0.7);
