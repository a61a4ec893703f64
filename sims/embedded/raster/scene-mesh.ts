import { tessellate, type Mesh, type MeshSurface } from "./mesh.ts";
import type { RasterGeom } from "./raster-scene.ts";

export interface SceneSurface extends MeshSurface {
  readonly geomIndex: number;
}

/** The meshes of a scene and one numbering of all their surfaces. */
export interface SceneMesh {
  /** [geom] */
  readonly meshes: readonly Mesh[];
  /** [geom] number of the mesh's first surface in a sample grid. */
  readonly firstSurface: readonly number[];
  /** [surface number]; entry 0 stands for the background. */
  readonly surfaces: readonly (SceneSurface | undefined)[];
  readonly vertexCountMax: number;
}

export function buildSceneMesh(geoms: readonly RasterGeom[]): SceneMesh {
  const meshes = geoms.map((geom) => tessellate(geom.shape, geom.sizeM));
  const surfaces: (SceneSurface | undefined)[] = [undefined];
  const firstSurface = meshes.map((mesh, geomIndex) => {
    const first = surfaces.length;
    for (const surface of mesh.surfaces) surfaces.push({ ...surface, geomIndex });
    return first;
  });
  const vertexCountMax = Math.max(1, ...meshes.map((mesh) => mesh.positions.length / 3));
  return { meshes, firstSurface, surfaces, vertexCountMax };
}
