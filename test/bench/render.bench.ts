import { bench, describe } from "vitest";
import { cameraIntrinsics } from "../../bridge/core/camera.ts";
import { cameraFromJoints } from "../../bridge/core/kinematics.ts";
import { RotationWarp } from "../../bridge/core/reproject.ts";
import { encodeJpeg } from "../../bridge/media/jpeg.ts";
import type { RasterSetup } from "../../sims/embedded/raster/raster-scene.ts";
import { Rasterizer } from "../../sims/embedded/raster/rasterizer.ts";
import { posesOfSnapshot, renderSetup } from "../../sims/embedded/render-scene.ts";
import { perfectCamera, SceneCamera, type CameraModel } from "../../sims/embedded/scene-camera.ts";
import { sceneNames } from "../../sims/embedded/scene-layout.ts";
import { makeSceneAt, poseSnapshotWidth, writeScenePoses } from "../../sims/embedded/scene.ts";
import { phoneMount } from "../unit/sims/phone-mount.ts";

const scene = makeSceneAt(phoneMount, 3);
const { homeRad } = phoneMount;
const sizes = [
  { widthPx: 64, heightPx: 64 },
  { widthPx: 128, heightPx: 128 },
  { widthPx: 160, heightPx: 120 },
  { widthPx: 320, heightPx: 240 },
] as const;

/** Sixteen views from a moving mount, so that no picture is drawn twice running. */
const snapshots = Array.from({ length: 16 }, (_, i) => {
  const row = new Float64Array(poseSnapshotWidth(scene.geoms.length));
  const turnRad = [0, 0.6 * Math.sin(i), 0.3 * Math.cos(i), 0.2 * Math.sin(2 * i)];
  const posRad = homeRad.map((rad, axis) => rad + turnRad[axis]!);
  writeScenePoses(scene, posRad, i / 4, row);
  return posesOfSnapshot(row);
});

/** A function that draws the next view, drawn often enough before that its loops are compiled. */
function drawer(setup: RasterSetup): () => Uint8Array {
  const rasterizer = new Rasterizer(setup);
  let next = 0;
  const draw = (): Uint8Array => {
    const { geoms, camera } = snapshots[(next += 1) % snapshots.length]!;
    rasterizer.render(geoms, camera);
    return rasterizer.rgbBorrowed;
  };
  for (let i = 0; i < 20; i += 1) draw();
  return draw;
}

describe.each(sizes)("one picture of $widthPx x $heightPx", (size) => {
  const setup = renderSetup({ device: phoneMount, geoms: scene.geoms, ...size });
  const unshadowed = { ...setup };
  delete unshadowed.shadow;
  const plain = drawer({ ...unshadowed, samplesPerPixel: 1 });
  const samples = drawer(unshadowed);
  const shadows = drawer({ ...setup, samplesPerPixel: 1 });
  const all = drawer(setup);

  bench("no shadow, one sample (reference)", () => {
    plain();
  });

  bench("four samples", () => {
    samples();
  });

  bench("shadow", () => {
    shadows();
  });

  bench("shadow and four samples, as the service draws", () => {
    all();
  });
});

describe.each(sizes)("what becomes of a picture of $widthPx x $heightPx", (size) => {
  const draw = drawer(renderSetup({ device: phoneMount, geoms: scene.geoms, ...size }));
  const rgb = draw().slice();
  const frame = { stampMs: 0, sequence: 1, ...size, rgb };
  const out = new Uint8Array(rgb.length);
  const { widthPx, heightPx } = size;
  const warp = new RotationWarp(
    cameraIntrinsics(widthPx, heightPx, phoneMount.camera.verticalFovRad),
  );
  const from = cameraFromJoints(phoneMount, homeRad).rotationXyzw;
  const to = cameraFromJoints(phoneMount, [2.1, 0.3, 0.1, 0]).rotationXyzw;

  bench("drawn (reference)", () => {
    draw();
  });

  bench("warped by a rotation", () => {
    warp.warp(rgb, from, to, out);
  });

  bench("encoded as JPEG of quality 80", async () => {
    await encodeJpeg(frame, 80);
  });
});

describe.each(sizes.slice(0, 2))("the camera's faults at $widthPx x $heightPx", (size) => {
  const rows = Array.from({ length: 16 }, (_, i) => {
    const row = new Float64Array(poseSnapshotWidth(scene.geoms.length));
    writeScenePoses(scene, [2.1, 0.3 * Math.sin(i), 0, 0.1], i / 25, row);
    return row;
  });
  const shooter = (model: Partial<CameraModel>): (() => void) => {
    const camera = new SceneCamera({
      device: phoneMount,
      geoms: scene.geoms,
      ...size,
      model: { ...perfectCamera, ...model },
    });
    let next = 0;
    const shoot = (): void => {
      camera.capture(rows[(next += 1) % rows.length]!);
    };
    for (let i = 0; i < 20; i += 1) shoot();
    return shoot;
  };
  const perfect = shooter({});
  const noisy = shooter({ readNoiseRatio: 0.01, shotNoiseRatio: 0.01 });
  const blurred = shooter({ shutterS: 0.02 });

  bench("none (reference)", () => {
    perfect();
  });

  bench("noise", () => {
    noisy();
  });

  bench("motion blur, six views", () => {
    blurred();
  });
});

describe("one picture of 128 x 128 of a scene", () => {
  for (const name of sceneNames) {
    const other = makeSceneAt(phoneMount, 3, name);
    const row = new Float64Array(poseSnapshotWidth(other.geoms.length));
    writeScenePoses(other, homeRad, 1, row);
    const camera = new SceneCamera({
      device: phoneMount,
      geoms: other.geoms,
      widthPx: 128,
      heightPx: 128,
    });
    for (let i = 0; i < 20; i += 1) camera.capture(row);
    bench(name === "targets" ? "targets (reference)" : name, () => {
      camera.capture(row);
    });
  }
});
