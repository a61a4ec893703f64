import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { xyzwFromAxisAngle } from "../../../bridge/core/kinematics.ts";
import { nearM, poseWidth } from "../../../sims/embedded/raster/raster-scene.ts";
import { Rasterizer } from "../../../sims/embedded/raster/rasterizer.ts";
import { SampleGrid } from "../../../sims/embedded/raster/sample-grid.ts";
import { posesOfSnapshot, renderSetup } from "../../../sims/embedded/render-scene.ts";
import { makeSceneAt, poseSnapshotWidth, writeScenePoses } from "../../../sims/embedded/scene.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";
import { pose } from "../../unit/sims/render-rig.ts";

const run = { seed: 20_261_122, numRuns: 60 };

const scene = makeSceneAt(phoneMount, 3);
const size = { widthPx: 80, heightPx: 60 };
const rasterizer = new Rasterizer(renderSetup({ device: phoneMount, geoms: scene.geoms, ...size }));
const row = new Float64Array(poseSnapshotWidth(scene.geoms.length));
const views = posesOfSnapshot(row);
const pixelCount = size.widthPx * size.heightPx;
const depth = new Float32Array(pixelCount);
const segmentation = new Uint16Array(pixelCount);

/** What holds of every picture of the scene, from wherever it was taken. */
function checkPicture(): void {
  // Light from around reaches everything, so black is a pixel that was left out or is NaN.
  rasterizer.rgbBorrowed.fill(0);
  rasterizer.render(views.geoms, views.camera);
  const onBlack = rasterizer.rgbBorrowed.slice();
  rasterizer.rgbBorrowed.fill(255);
  rasterizer.render(views.geoms, views.camera);
  expect(rasterizer.rgbBorrowed).toEqual(onBlack);
  rasterizer.readDepth(depth);
  rasterizer.readSegmentation(segmentation);
  for (let pixel = 0; pixel < pixelCount; pixel += 1) {
    const at = pixel * 3;
    const isBlack = onBlack[at] === 0 && onBlack[at + 1] === 0 && onBlack[at + 2] === 0;
    if (isBlack) throw new Error(`pixel ${pixel} is black`);
    const isNowhere = depth[pixel] === Infinity;
    if (isNowhere !== (segmentation[pixel] === 0)) throw new Error(`pixel ${pixel}: depth or geom`);
    if (!(depth[pixel]! > nearM * 0.999)) throw new Error(`pixel ${pixel}: ${depth[pixel]!} m`);
  }
}

const number = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true });
const position = fc.tuple(number(-4, 4), number(-4, 4), number(-1.5, 3));
const rotation = fc
  .tuple(fc.tuple(number(-1, 1), number(-1, 1), number(0.01, 1)), number(-4, 4))
  .map(([axis, angleRad]) => xyzwFromAxisAngle(axis, angleRad));

describe("a picture", () => {
  it("has every pixel written and every depth a number, at any joints and any time", () => {
    const joints = fc.array(number(-4, 4), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(joints, number(0, 1e5), (posRad, timeS) => {
        writeScenePoses(scene, posRad, timeS, row);
        checkPicture();
      }),
      run,
    );
  });

  it("is complete with camera and things anywhere, even inside one another", () => {
    fc.assert(
      fc.property(position, rotation, fc.array(fc.tuple(position, rotation)), (at, turn, moved) => {
        writeScenePoses(scene, phoneMount.homeRad, 0, row);
        views.camera.set(pose(at, turn));
        moved.slice(0, scene.geoms.length).forEach(([positionM, rotationXyzw], geom) => {
          views.geoms.set(pose(positionM, rotationXyzw), geom * poseWidth);
        });
        checkPicture();
      }),
      run,
    );
  });
});

describe("triangles that share edges", () => {
  const widthPx = 24;
  const heightPx = 16;
  const options = { widthPx, heightPx, sampleX: [0.375, 0.875, 0.125, 0.625] };
  const inside = fc.tuple(number(0.01, widthPx - 0.01), number(0.01, heightPx - 0.01));

  it("cover every sample of what they make up exactly once", () => {
    fc.assert(
      fc.property(inside, ([x, y]) => {
        const corners = [
          [0, 0],
          [widthPx, 0],
          [widthPx, heightPx],
          [0, heightPx],
          [x, y],
        ];
        const vertices = Float64Array.from(corners.flatMap(([cx, cy]) => [cx!, cy!, 1]));
        const covered = new Uint8Array(widthPx * heightPx * options.sampleX.length);
        for (const corner of [0, 1, 2, 3]) {
          const grid = new SampleGrid(options);
          grid.fillTriangle(vertices, corner, (corner + 1) % 4, 4, 1);
          grid.surface.forEach((surface, at) => {
            covered[at]! += surface;
          });
        }
        expect(covered.every((count) => count === 1)).toBe(true);
      }),
      { ...run, numRuns: 300 },
    );
  });
});
