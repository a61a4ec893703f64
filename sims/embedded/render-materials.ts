import type { Lighting, Material, ShadowRegion } from "./raster/raster-scene.ts";
import type { SceneGeom } from "./scene.ts";

/** Late-morning light from a high window on the left, in a bright room. */
export const renderLighting: Lighting = {
  direction: [-0.42, 0.5, 0.95],
  directColour: [2.3, 2.1, 1.8],
  ambientUpColour: [0.7, 0.76, 0.88],
  ambientDownColour: [0.75, 0.69, 0.62],
  horizonColour: [0.75, 0.78, 0.82],
  zenithColour: [0.9, 0.92, 0.95],
  exposure: 0.62,
};

/** Around the desk, high enough for the targets. */
export const renderShadowRegion: ShadowRegion = {
  centreM: [0.6, 0, 0.1],
  radiusM: 1.2,
  sizePx: 512,
};

const finishes = { satin: [0.12, 24], glossy: [0.4, 70], matt: [0, 1] } as const;

/** Material of a geom: its own colours, with the finish and the texture that suit the thing. */
export function renderMaterial(geom: SceneGeom): Material {
  const [specularRatio, shininess] = finishes[geom.finish ?? (geom.isTarget ? "glossy" : "satin")];
  const base = { colour: geom.colorRgb, specularRatio, shininess, glowRatio: geom.glowRatio ?? 0 };
  const { texture } = geom;
  if (texture === undefined) return { ...base, texture: "solid" };
  return {
    ...base,
    texture: texture.kind,
    secondColour: texture.otherRgb,
    // A tile repeats at once, the others after two cells.
    texturePeriodM: texture.kind === "tiles" ? texture.cellM : 2 * texture.cellM,
  };
}
