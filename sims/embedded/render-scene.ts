import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { renderLighting, renderMaterial, renderShadowRegion } from "./render-materials.ts";
import type { RasterSetup } from "./raster/raster-scene.ts";
import { cameraPoseOffset, geomPosesOffset, poseWidth, type SceneGeom } from "./scene.ts";

/** What the rasteriser draws for a scene: the same geoms in the same order, with materials and light. */
export function renderSetup(options: {
  readonly device: DeviceDescription;
  readonly geoms: readonly SceneGeom[];
  readonly widthPx: number;
  readonly heightPx: number;
}): RasterSetup {
  const { device, geoms, widthPx, heightPx } = options;
  return {
    widthPx,
    heightPx,
    verticalFovRad: device.camera.verticalFovRad,
    samplesPerPixel: 4,
    geoms: geoms.map((geom) => ({
      shape: geom.shape,
      sizeM: geom.sizeM,
      material: renderMaterial(geom),
      isSeenByCamera: !geom.isPartOfCameraBody,
      castsShadow: geom.castsShadow ?? true,
    })),
    lighting: renderLighting,
    shadow: renderShadowRegion,
  };
}

/** Views of the two parts of a pose snapshot that `Rasterizer.render` takes; they follow the row. */
export function posesOfSnapshot(row: Float64Array<ArrayBuffer>): {
  readonly camera: Float64Array<ArrayBuffer>;
  readonly geoms: Float64Array<ArrayBuffer>;
} {
  return {
    camera: row.subarray(cameraPoseOffset, cameraPoseOffset + poseWidth),
    geoms: row.subarray(geomPosesOffset),
  };
}
