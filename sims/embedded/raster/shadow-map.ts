/* eslint-disable @typescript-eslint/no-non-null-assertion -- mesh indices and clamped texel indices */
import { affineWidth, compose, mapPoints } from "./affine.ts";
import { isFacing } from "./camera-pass.ts";
import { poseWidth, type RasterGeom, type ShadowRegion } from "./raster-scene.ts";
import { SampleGrid, vertexStride } from "./sample-grid.ts";
import type { SceneMesh } from "./scene-mesh.ts";

/** The scene as the light sees it: a parallel projection along the light, fitted to a sphere. */
export class ShadowMap {
  readonly #scene: SceneMesh;
  readonly #castsShadow: readonly boolean[];
  readonly #grid: SampleGrid;
  readonly #sizePx: number;
  /** World point to [x px, y px, closeness]; closeness is metres towards the light. */
  readonly #lightFromWorld: Float64Array;
  readonly #lightFromGeom = new Float64Array(affineWidth);
  readonly #vertices: Float64Array;
  /** Points this far inside a surface still count as lit: less than the filter's reach in depth. */
  readonly #biasM: number;
  /** Points are looked up this far off their surface, so a slope does not shadow itself. */
  readonly normalOffsetM: number;

  constructor(
    scene: SceneMesh,
    geoms: readonly RasterGeom[],
    region: ShadowRegion,
    direction: readonly [number, number, number],
  ) {
    this.#scene = scene;
    this.#castsShadow = geoms.map((geom) => geom.castsShadow);
    this.#sizePx = region.sizePx;
    this.#grid = new SampleGrid({
      widthPx: region.sizePx,
      heightPx: region.sizePx,
      sampleX: [0.5],
    });
    this.#lightFromWorld = lightProjection(region, direction);
    this.#vertices = new Float64Array(scene.vertexCountMax * vertexStride);
    const texelM = (2 * region.radiusM) / region.sizePx;
    this.#biasM = 0.5 * texelM;
    this.normalOffsetM = 1.5 * texelM;
  }

  /** @param poses [geom][pose] // hot path */
  draw(poses: Float64Array): void {
    this.#grid.clear();
    const { meshes, firstSurface } = this.#scene;
    const vertices = this.#vertices;
    for (let geom = 0; geom < meshes.length; geom += 1) {
      if (!this.#castsShadow[geom]!) continue;
      const { positions, indices, triangleSurface } = meshes[geom]!;
      compose(this.#lightFromGeom, this.#lightFromWorld, poses, geom * poseWidth);
      mapPoints(vertices, this.#lightFromGeom, positions);
      for (let triangle = 0; triangle < triangleSurface.length; triangle += 1) {
        const a = indices[triangle * 3]!;
        const b = indices[triangle * 3 + 1]!;
        const c = indices[triangle * 3 + 2]!;
        if (isFacing(vertices, a, b, c)) {
          this.#grid.fillTriangle(vertices, a, b, c, firstSurface[geom]!);
        }
      }
    }
  }

  /**
   * Share of the light that reaches a world point, 0..1. Percentage-closer filtering: 4 x 4 texels
   * under a 3 x 3 box that slides with the point, so the edge is soft and does not step. // hot path
   */
  litRatio(x: number, y: number, z: number): number {
    const map = this.#lightFromWorld;
    const u = map[0]! + map[3]! * x + map[4]! * y + map[5]! * z - 0.5;
    const v = map[1]! + map[6]! * x + map[7]! * y + map[8]! * z - 0.5;
    const size = this.#sizePx;
    const u0 = Math.floor(u) - 1;
    const v0 = Math.floor(v) - 1;
    if (!(u0 >= 0 && v0 >= 0 && u0 < size - 3 && v0 < size - 3)) return 1;
    const limit = map[2]! + map[9]! * x + map[10]! * y + map[11]! * z + this.#biasM;
    const du = u - u0 - 1;
    const dv = v - v0 - 1;
    const row0 = this.#litInRow(v0 * size + u0, limit, du);
    const row1 = this.#litInRow((v0 + 1) * size + u0, limit, du);
    const row2 = this.#litInRow((v0 + 2) * size + u0, limit, du);
    const row3 = this.#litInRow((v0 + 3) * size + u0, limit, du);
    return (row0 * (1 - dv) + row1 + row2 + row3 * dv) / 9;
  }

  #litInRow(at: number, limit: number, du: number): number {
    const closeness = this.#grid.closeness;
    return (
      (closeness[at]! <= limit ? 1 - du : 0) +
      (closeness[at + 1]! <= limit ? 1 : 0) +
      (closeness[at + 2]! <= limit ? 1 : 0) +
      (closeness[at + 3]! <= limit ? du : 0)
    );
  }
}

function lightProjection(
  region: ShadowRegion,
  direction: readonly [number, number, number],
): Float64Array {
  const length = Math.hypot(...direction);
  const [tx, ty, tz] = [direction[0] / length, direction[1] / length, direction[2] / length];
  // Any two axes across the light; x right and y down complete the right-handed frame whose z is
  // away from the light, so that outsides turn as they do for the camera.
  const flat = Math.hypot(tx, ty);
  const right = flat > 1e-6 ? [-ty / flat, tx / flat, 0] : [1, 0, 0];
  const [rx = 1, ry = 0, rz = 0] = right;
  const down = [-(ty * rz - tz * ry), -(tz * rx - tx * rz), -(tx * ry - ty * rx)];
  const [dx = 0, dy = 1, dz = 0] = down;
  const scale = region.sizePx / (2 * region.radiusM);
  const [cx, cy, cz] = region.centreM;
  const half = region.sizePx / 2;
  return Float64Array.of(
    half - scale * (rx * cx + ry * cy + rz * cz),
    half - scale * (dx * cx + dy * cy + dz * cz),
    region.radiusM - (tx * cx + ty * cy + tz * cz),
    ...[scale * rx, scale * ry, scale * rz],
    ...[scale * dx, scale * dy, scale * dz],
    ...[tx, ty, tz],
  );
}
