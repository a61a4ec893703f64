import type { ShapeKind } from "./mesh.ts";
import type { TextureKind } from "./textures.ts";

type Triple = readonly [number, number, number];

export interface Material {
  /** sRGB, 0..1. */
  readonly colour: Triple;
  readonly texture: TextureKind;
  /** sRGB, 0..1: what the texture mixes into `colour`. Unused with `solid`. */
  readonly secondColour?: Triple;
  /** Length of one repeat of the texture. */
  readonly texturePeriodM?: number;
  /** Strength of the highlight, 0..1. */
  readonly specularRatio: number;
  /** Blinn-Phong exponent: 10 = satin, 100 = glossy. */
  readonly shininess: number;
  /** Light of its own, as a share of its colour, in the scale of `Lighting`. Default 0. */
  readonly glowRatio?: number;
}

export interface RasterGeom {
  readonly shape: ShapeKind;
  /** As `tessellate` takes it. */
  readonly sizeM: Triple;
  readonly material: Material;
  /** False for what the camera sits in: it still casts its shadow. */
  readonly isSeenByCamera: boolean;
  readonly castsShadow: boolean;
}

/** All colours are linear light, any scale; `exposure` brings them to the picture. */
export interface Lighting {
  /** Towards the light; any length. */
  readonly direction: Triple;
  readonly directColour: Triple;
  /** What reaches a surface that faces up, and one that faces down. */
  readonly ambientUpColour: Triple;
  readonly ambientDownColour: Triple;
  /** Seen where there is no geometry: at the horizon, and straight up. */
  readonly horizonColour: Triple;
  readonly zenithColour: Triple;
  readonly exposure: number;
}

/** The sphere in which things cast and catch shadows. Outside it everything is lit. */
export interface ShadowRegion {
  readonly centreM: Triple;
  readonly radiusM: number;
  /** Side of the shadow map. */
  readonly sizePx: number;
}

export interface RasterSetup {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly verticalFovRad: number;
  /** Of the optical axis from the middle of the picture, right and down. Default 0, 0. */
  readonly principalOffsetPx?: readonly [number, number];
  /** 4 = rotated grid, 1 = no anti-aliasing. */
  readonly samplesPerPixel: 1 | 4;
  readonly geoms: readonly RasterGeom[];
  readonly lighting: Lighting;
  /** Undefined: no shadows. */
  readonly shadow?: ShadowRegion;
}

/**
 * Numbers per pose: position (m, world) and the row-major rotation matrix worldFromLocal, MuJoCo's
 * `geom_xpos` and `geom_xmat`. The camera's local frame is optical: x right, y down, z forward.
 */
export const poseWidth = 12;

/** Nothing nearer than this to the camera is drawn. */
export const nearM = 0.02;
