import { describe, expect, it } from "vitest";
import type { Frame } from "../../../bridge/contract/frame.ts";
import { cameraIntrinsics } from "../../../bridge/core/camera.ts";
import {
  cameraFromJoints,
  multiplyXyzw,
  xyzwFromAxisAngle,
  type Pose,
  type Vector3,
} from "../../../bridge/core/kinematics.ts";
import { RotationWarp } from "../../../bridge/core/reproject.ts";
import { previewMaker } from "../../../models/inference/preview.ts";
import { Rasterizer } from "../../../sims/embedded/raster/rasterizer.ts";
import { posesOfSnapshot, renderSetup } from "../../../sims/embedded/render-scene.ts";
import { makeSceneAt, poseSnapshotWidth, writeScenePoses } from "../../../sims/embedded/scene.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";
import { pose } from "../../unit/sims/render-rig.ts";

const size = { widthPx: 160, heightPx: 120 };
const scene = makeSceneAt(phoneMount, 3);
const rasterizer = new Rasterizer(renderSetup({ device: phoneMount, geoms: scene.geoms, ...size }));
const row = new Float64Array(poseSnapshotWidth(scene.geoms.length));
const views = posesOfSnapshot(row);
const { homeRad } = phoneMount;

/** What a camera at `at` would see, the mount and the targets as they are at home. */
function photograph(at: Pose): Uint8Array {
  writeScenePoses(scene, homeRad, 1, row);
  rasterizer.render(views.geoms, pose(at.positionM, at.rotationXyzw));
  return rasterizer.rgbBorrowed.slice();
}

/** dB, over pixels for which `isKnown`. */
function psnrDb(a: Uint8Array, b: Uint8Array, isKnown: Uint8Array): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < a.length; i += 1) {
    if (isKnown[Math.floor(i / 3)] === 0) continue;
    sum += (a[i]! - b[i]!) ** 2;
    count += 1;
  }
  return 10 * Math.log10((255 * 255 * count) / sum);
}

/** 1 where a warp finds its source: a white picture stays white there. */
function knownPixels(from: Pose, to: Pose): Uint8Array {
  const { widthPx, heightPx } = size;
  const warp = new RotationWarp(
    cameraIntrinsics(widthPx, heightPx, phoneMount.camera.verticalFovRad),
  );
  const out = new Uint8Array(widthPx * heightPx * 3);
  warp.warp(new Uint8Array(out.length).fill(255), from.rotationXyzw, to.rotationXyzw, out);
  return Uint8Array.from({ length: widthPx * heightPx }, (_, i) => Number(out[i * 3] === 255));
}

interface Scores {
  readonly warpedDb: number;
  readonly unwarpedDb: number;
}

function score(warped: Uint8Array, from: Pose, to: Pose): Scores {
  const isKnown = knownPixels(from, to);
  const truth = photograph(to);
  return {
    warpedDb: psnrDb(warped, truth, isKnown),
    unwarpedDb: psnrDb(photograph(from), truth, isKnown),
  };
}

const print = ({ warpedDb, unwarpedDb }: Scores): string =>
  `warped ${warpedDb.toFixed(1)} dB, last frame ${unwarpedDb.toFixed(1)} dB`;

describe("a warped picture against the true one", () => {
  it.each<[string, Vector3, number]>([
    ["yaw by 0.1 rad", [0, 1, 0], 0.1],
    ["yaw by 0.4 rad", [0, 1, 0], 0.4],
    ["pitch by 0.2 rad", [1, 0, 0], 0.2],
    ["roll by 0.5 rad", [0, 0, 1], 0.5],
    ["all at once", [1, -1, 0.5], 0.3],
  ])("is close when the camera only turns: %s", (name, axis, angleRad) => {
    const from = cameraFromJoints(phoneMount, homeRad);
    const rotationXyzw = multiplyXyzw(from.rotationXyzw, xyzwFromAxisAngle(axis, angleRad));
    const to = { ...from, rotationXyzw };
    const { widthPx, heightPx } = size;
    const warp = new RotationWarp(
      cameraIntrinsics(widthPx, heightPx, phoneMount.camera.verticalFovRad),
    );
    const warped = new Uint8Array(widthPx * heightPx * 3);
    warp.warp(photograph(from), from.rotationXyzw, rotationXyzw, warped);
    const scores = score(warped, from, to);
    const text = `${name}: ${print(scores)}`;
    process.stdout.write(`${text}\n`);
    expect(scores.warpedDb, text).toBeGreaterThan(31);
    expect(scores.warpedDb, text).toBeGreaterThan(scores.unwarpedDb + 15);
  });

  it.each([
    ["yaw by 0.3 rad", [0, 0.3, 0, 0]],
    ["pitch by 0.2 rad", [0, 0, 0, 0.2]],
    ["roll by 0.3 rad", [0, 0, 0.3, 0]],
    ["three axes", [0, -0.2, 0.1, -0.1]],
  ])(
    "stays well ahead of the last frame when a joint moves the camera too: %s",
    (name, turnRad) => {
      const toRad = homeRad.map((rad, axis) => rad + turnRad[axis]!);
      const from = cameraFromJoints(phoneMount, homeRad);
      const to = cameraFromJoints(phoneMount, toRad);
      const frame: Frame = { stampMs: 1000, sequence: 7, ...size, rgb: photograph(from) };
      const made = previewMaker(phoneMount)(
        frame,
        Float64Array.from(homeRad),
        Float64Array.from(toRad),
      );
      expect(made).toMatchObject({ ...size, stampMs: 1000, sequence: 7 });
      const scores = score(made.rgb, from, to);
      const text = `${name}: ${print(scores)}`;
      process.stdout.write(`${text}\n`);
      expect(scores.warpedDb, text).toBeGreaterThan(scores.unwarpedDb + 5);
    },
  );
});
