import { renderLighting } from "./render-materials.ts";
import type { Lighting } from "./raster/raster-scene.ts";
import type { SceneGeom } from "./scene-geom.ts";

type Rgb = readonly [number, number, number];

/** A change of one thing's colours, both of its texture alike. */
export interface Tint {
  /** Turn of the colour wheel. */
  readonly hueRad: number;
  readonly saturationRatio: number;
  readonly brightnessRatio: number;
}

/** How a scene looks today. Plain data: it travels to the render thread. */
export interface SceneLook {
  readonly lighting: Lighting;
  /** By name of the geom; the others are as the scene has them. */
  readonly tints: Readonly<Record<string, Tint>>;
}

export const defaultLook: SceneLook = { lighting: renderLighting, tints: {} };

/** The geoms in the colours of a look, in the same order. */
export function tintGeoms(geoms: readonly SceneGeom[], look: SceneLook): readonly SceneGeom[] {
  return geoms.map((geom) => {
    const tint = look.tints[geom.name];
    if (tint === undefined) return geom;
    const { texture } = geom;
    return {
      ...geom,
      colorRgb: tinted(geom.colorRgb, tint),
      ...(texture === undefined
        ? {}
        : { texture: { ...texture, otherRgb: tinted(texture.otherRgb, tint) } }),
    };
  });
}

/** Turned about the grey axis (Rodrigues), away from or towards grey, and scaled; clamped to 0..1. */
function tinted([r, g, b]: Rgb, { hueRad, saturationRatio, brightnessRatio }: Tint): Rgb {
  const cos = Math.cos(hueRad);
  const sin = Math.sin(hueRad) / Math.sqrt(3);
  const mean = (r + g + b) / 3;
  const one = (own: number, next: number, last: number): number => {
    const turned = cos * own + sin * (last - next) + (1 - cos) * mean;
    const value = (mean + (turned - mean) * saturationRatio) * brightnessRatio;
    return Math.min(1, Math.max(0, value));
  };
  return [one(r, g, b), one(g, b, r), one(b, r, g)];
}
