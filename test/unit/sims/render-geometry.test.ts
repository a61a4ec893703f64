import { describe, expect, it } from "vitest";
import { cameraIntrinsics } from "../../../bridge/core/camera.ts";
import { conjugateXyzw, rotate, type Vector3, type Xyzw } from "../../../bridge/core/kinematics.ts";
import type { ShapeKind } from "../../../sims/embedded/raster/mesh.ts";
import { RenderRig, tilted, upright, worldFromOptical } from "./render-rig.ts";

/** Distance from a point of the geom's frame to its surface, negative inside: written from the definitions. */
const distanceM: Record<Exclude<ShapeKind, "plane">, (p: Vector3, size: Vector3) => number> = {
  sphere: (p, [radius]) => Math.hypot(...p) - radius,
  capsule: ([x, y, z], [radius, half]) =>
    Math.hypot(x, y, z - Math.max(-half, Math.min(half, z))) - radius,
  box: (p, size) => boxDistance(p.map((value, i) => Math.abs(value) - size[i]!)),
  cylinder: ([x, y, z], [radius, half]) =>
    boxDistance([Math.hypot(x, y) - radius, Math.abs(z) - half]),
};

function boxDistance(beyond: readonly number[]): number {
  const outside = Math.hypot(...beyond.map((value) => Math.max(value, 0)));
  return outside + Math.min(Math.max(...beyond), 0);
}

/** Depth along the optical axis at which a ray (z = 1) from the origin meets a shape, by sphere tracing. */
function tracedDepthM(
  shape: Exclude<ShapeKind, "plane">,
  size: Vector3,
  centre: Vector3,
  rotationXyzw: Xyzw,
  ray: Vector3,
): number {
  const length = Math.hypot(...ray);
  let depth = 0;
  for (let i = 0; i < 200; i += 1) {
    const world = worldFromOptical([ray[0] * depth, ray[1] * depth, depth]);
    const offset: Vector3 = [world[0] - centre[0], world[1] - centre[1], world[2] - centre[2]];
    depth += distanceM[shape](rotate(conjugateXyzw(rotationXyzw), offset), size) / length;
  }
  return depth;
}

/** Pixels whose neighbourhood of 5 x 5 shows nothing else: no edge is near. */
function innerPixels(rig: RenderRig, segmentation: Uint16Array): number[] {
  const inner: number[] = [];
  for (let y = 2; y < rig.heightPx - 2; y += 1) {
    for (let x = 2; x < rig.widthPx - 2; x += 1) {
      let isInner = true;
      for (let dy = -2; dy <= 2; dy += 1) {
        for (let dx = -2; dx <= 2; dx += 1) {
          isInner &&= segmentation[(y + dy) * rig.widthPx + x + dx] === 1;
        }
      }
      if (isInner) inner.push(y * rig.widthPx + x);
    }
  }
  return inner;
}

describe("the rasteriser's camera", () => {
  it.each<[string, Vector3]>([
    ["on the axis", [0, 0, 1]],
    ["right of it", [0.4, 0, 1]],
    ["left and below", [-0.5, 0.3, 1.2]],
    ["above", [0, -0.35, 0.9]],
  ])("shows a sphere %s where the pinhole model does", (_, centre) => {
    const radiusM = 0.08;
    const rig = new RenderRig([
      { shape: "sphere", sizeM: [radiusM, 0, 0], positionM: worldFromOptical(centre) },
    ]);
    rig.render();
    let count = 0;
    let sumX = 0;
    let sumY = 0;
    rig.segmentation().forEach((geom, pixel) => {
      if (geom === 0) return;
      count += 1;
      sumX += (pixel % rig.widthPx) + 0.5;
      sumY += Math.floor(pixel / rig.widthPx) + 0.5;
    });
    const { fxPx, fyPx, cxPx, cyPx } = cameraIntrinsics(160, 120, 0.9);
    const [x, y, z] = centre;
    // The outline of a sphere is the ellipse where its tangent cone cuts the picture; this is its middle.
    const scale = z / (z * z - radiusM * radiusM);
    expect(Math.abs(sumX / count - (cxPx + fxPx * x * scale))).toBeLessThan(0.25);
    expect(Math.abs(sumY / count - (cyPx + fyPx * y * scale))).toBeLessThan(0.25);
  });

  it("gives a sphere on the axis the area of its outline", () => {
    const [radiusM, depthM] = [0.15, 1];
    const rig = new RenderRig([
      { shape: "sphere", sizeM: [radiusM, 0, 0], positionM: [depthM, 0, 0] },
    ]);
    rig.render();
    const count = rig.segmentation().reduce((sum, geom) => sum + geom, 0);
    const focalPx = rig.rasterizer.intrinsics.fxPx;
    const area = Math.PI * ((focalPx * radiusM) ** 2 / (depthM ** 2 - radiusM ** 2));
    expect(count / area).toBeGreaterThan(0.985);
    expect(count / area).toBeLessThan(1.015);
  });
});

describe("depth", () => {
  it.each<[Exclude<ShapeKind, "plane">, Vector3, Xyzw]>([
    ["sphere", [0.25, 0, 0], upright],
    ["box", [0.2, 0.15, 0.1], upright],
    ["box", [0.2, 0.15, 0.1], tilted],
    ["capsule", [0.12, 0.2, 0], upright],
    ["capsule", [0.12, 0.2, 0], tilted],
    ["cylinder", [0.15, 0.2, 0], upright],
    ["cylinder", [0.15, 0.2, 0], tilted],
  ])("of a %s of size %j is where the ray meets it (turned by %j)", (shape, size, rotation) => {
    const centre: Vector3 = [1, 0.1, -0.05];
    const rig = new RenderRig([{ shape, sizeM: size, positionM: centre, rotationXyzw: rotation }]);
    rig.render();
    const depth = rig.depth();
    const inner = innerPixels(rig, rig.segmentation());
    expect(inner.length).toBeGreaterThan(500);
    const errorsM = inner
      .map((pixel) => {
        const expectedM = tracedDepthM(shape, size, centre, rotation, rig.rayOf(pixel));
        return Math.abs(depth[pixel]! - expectedM);
      })
      .sort((a, b) => a - b);
    // A chord of 1/40 circle lies 0.3 % of the radius inside; a slanted view stretches that.
    expect(errorsM[Math.floor(errorsM.length * 0.95)]).toBeLessThan(0.0025);
    // Where two faces meet in a pixel it takes the larger one.
    expect(errorsM.at(-1)).toBeLessThan(0.015);
  });

  it("of a floor that reaches behind the camera is where the ray meets it, and nowhere above", () => {
    const heightM = 0.4;
    const rig = new RenderRig([
      { shape: "plane", sizeM: [50, 50, 0], positionM: [0, 0, -heightM] },
    ]);
    rig.render();
    rig.depth().forEach((depth, pixel) => {
      const [, down] = rig.rayOf(pixel);
      const expectedM = heightM / down;
      if (down < 0) expect(depth).toBe(Infinity);
      // The floor ends at 50 m, which is less than a pixel below the horizon.
      else if (expectedM < 40) expect(Math.abs(depth / expectedM - 1)).toBeLessThan(1e-3);
    });
  });

  it("of a plane is there on its front only", () => {
    const facing: Xyzw = [0, -Math.SQRT1_2, 0, Math.SQRT1_2];
    const away: Xyzw = [0, Math.SQRT1_2, 0, Math.SQRT1_2];
    const seen = [facing, away].map((rotationXyzw) => {
      const rig = new RenderRig([
        { shape: "plane", sizeM: [5, 5, 0], positionM: [2, 0, 0], rotationXyzw },
      ]);
      rig.render();
      return rig.depth()[rig.pixelOf([0.3, 0.3, 2])]!;
    });
    expect(seen[0]).toBeCloseTo(2, 5);
    expect(seen[1]).toBe(Infinity);
  });

  it("decides what is seen, whatever the order of the geoms", () => {
    const near = { shape: "sphere", sizeM: [0.1, 0, 0], positionM: [1, 0, 0] } as const;
    const far = { shape: "box", sizeM: [0.1, 2, 2], positionM: [2, 0, 0] } as const;
    const [nearFirst, farFirst] = [
      [near, far],
      [far, near],
    ].map((geoms) => {
      const rig = new RenderRig(geoms);
      rig.render();
      return rig.segmentation();
    });
    const nearCount = nearFirst!.filter((geom) => geom === 1).length;
    expect(nearCount).toBeGreaterThan(400);
    expect(farFirst!.every((geom, pixel) => geom === 3 - nearFirst![pixel]!)).toBe(true);
  });

  it("lets nothing nearer than the near plane be seen", () => {
    const rig = new RenderRig([
      { shape: "box", sizeM: [0.004, 0.004, 0.004], positionM: [0.012, 0, 0] },
    ]);
    rig.render();
    expect(rig.segmentation().every((geom) => geom === 0)).toBe(true);
  });
});
