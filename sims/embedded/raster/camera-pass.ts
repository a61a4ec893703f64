/* eslint-disable @typescript-eslint/no-non-null-assertion -- mesh indices and fixed layouts */
import type { CameraIntrinsics } from "../../../bridge/core/camera.ts";
import { affineWidth, compose, invertPose, mapPoints } from "./affine.ts";
import type { Mesh } from "./mesh.ts";
import { nearM, poseWidth, type RasterGeom } from "./raster-scene.ts";
import { vertexStride, type SampleGrid } from "./sample-grid.ts";
import type { SceneMesh } from "./scene-mesh.ts";

/** A triangle cut by one plane has at most four corners. */
const clippedCorners = 4;

/** Draws the scene's meshes into a sample grid as the camera sees them; closeness is 1 / z. */
export class CameraPass {
  readonly #scene: SceneMesh;
  readonly #isSeen: readonly boolean[];
  readonly #intrinsics: CameraIntrinsics;
  readonly #cameraFromWorld = new Float64Array(affineWidth);
  readonly #cameraFromGeom = new Float64Array(affineWidth);
  /** [vertex][xyz], camera frame. */
  readonly #inCamera: Float64Array;
  /** [vertex][x px, y px, closeness]; the last four are for clipped polygons. */
  readonly #projected: Float64Array;

  constructor(scene: SceneMesh, geoms: readonly RasterGeom[], intrinsics: CameraIntrinsics) {
    this.#scene = scene;
    this.#isSeen = geoms.map((geom) => geom.isSeenByCamera);
    this.#intrinsics = intrinsics;
    this.#inCamera = new Float64Array(scene.vertexCountMax * 3);
    this.#projected = new Float64Array((scene.vertexCountMax + clippedCorners) * vertexStride);
  }

  /** @param poses [geom][pose] // hot path */
  draw(grid: SampleGrid, poses: Float64Array, camera: Float64Array, cameraOffset: number): void {
    invertPose(this.#cameraFromWorld, camera, cameraOffset);
    const { meshes, firstSurface } = this.#scene;
    for (let geom = 0; geom < meshes.length; geom += 1) {
      if (!this.#isSeen[geom]!) continue;
      compose(this.#cameraFromGeom, this.#cameraFromWorld, poses, geom * poseWidth);
      this.#drawMesh(grid, meshes[geom]!, firstSurface[geom]!);
    }
  }

  #drawMesh(grid: SampleGrid, mesh: Mesh, firstSurface: number): void {
    const inCamera = this.#inCamera;
    const projected = this.#projected;
    mapPoints(inCamera, this.#cameraFromGeom, mesh.positions);
    let behindCount = 0;
    const coordinateCount = mesh.positions.length;
    for (let i = 0; i < coordinateCount; i += 3) {
      if (inCamera[i + 2]! < nearM) behindCount += 1;
      else this.#project(i / 3, inCamera[i]!, inCamera[i + 1]!, inCamera[i + 2]!);
    }
    if (behindCount * 3 === coordinateCount) return;
    const { indices, triangleSurface } = mesh;
    for (let triangle = 0; triangle < triangleSurface.length; triangle += 1) {
      const a = indices[triangle * 3]!;
      const b = indices[triangle * 3 + 1]!;
      const c = indices[triangle * 3 + 2]!;
      const surface = firstSurface + triangleSurface[triangle]!;
      if (behindCount > 0) this.#drawClipped(grid, a, b, c, surface);
      else if (isFacing(projected, a, b, c)) grid.fillTriangle(projected, a, b, c, surface);
    }
  }

  /** Cuts the triangle at the near plane (Sutherland and Hodgman) and draws what is in front. */
  #drawClipped(grid: SampleGrid, a: number, b: number, c: number, surface: number): void {
    const first = this.#projected.length / vertexStride - clippedCorners;
    let cornerCount = this.#clipEdge(first, 0, a, b);
    cornerCount = this.#clipEdge(first, cornerCount, b, c);
    cornerCount = this.#clipEdge(first, cornerCount, c, a);
    for (let corner = 2; corner < cornerCount; corner += 1) {
      if (!isFacing(this.#projected, first, first + corner - 1, first + corner)) continue;
      grid.fillTriangle(this.#projected, first, first + corner - 1, first + corner, surface);
    }
  }

  /** Appends the start of an edge if it is in front, and the edge's crossing of the near plane. */
  #clipEdge(first: number, cornerCount: number, from: number, to: number): number {
    const inCamera = this.#inCamera;
    const fromX = inCamera[from * 3]!;
    const fromY = inCamera[from * 3 + 1]!;
    const fromZ = inCamera[from * 3 + 2]!;
    const toZ = inCamera[to * 3 + 2]!;
    let count = cornerCount;
    if (fromZ >= nearM) {
      this.#project(first + count, fromX, fromY, fromZ);
      count += 1;
    }
    if (fromZ >= nearM !== toZ >= nearM) {
      const ratio = (nearM - fromZ) / (toZ - fromZ);
      const x = fromX + (inCamera[to * 3]! - fromX) * ratio;
      const y = fromY + (inCamera[to * 3 + 1]! - fromY) * ratio;
      this.#project(first + count, x, y, nearM);
      count += 1;
    }
    return count;
  }

  #project(vertex: number, x: number, y: number, z: number): void {
    const { fxPx, fyPx, cxPx, cyPx } = this.#intrinsics;
    const at = vertex * vertexStride;
    this.#projected[at] = cxPx + (fxPx * x) / z;
    this.#projected[at + 1] = cyPx + (fyPx * y) / z;
    this.#projected[at + 2] = 1 / z;
  }
}

/** Outsides turn counter-clockwise, which is a negative area where y grows downwards. // hot path */
export function isFacing(vertices: Float64Array, a: number, b: number, c: number): boolean {
  const x0 = vertices[a * vertexStride]!;
  const y0 = vertices[a * vertexStride + 1]!;
  return (
    (vertices[b * vertexStride]! - x0) * (vertices[c * vertexStride + 1]! - y0) <
    (vertices[c * vertexStride]! - x0) * (vertices[b * vertexStride + 1]! - y0)
  );
}
