import { describe, expect, it } from "vitest";
import { cameraInfo } from "../../../sims/embedded/camera-info.ts";
import { Rasterizer } from "../../../sims/embedded/raster/rasterizer.ts";
import { posesOfSnapshot, renderSetup } from "../../../sims/embedded/render-scene.ts";
import {
  perfectCamera,
  SceneCamera,
  type CameraModel,
} from "../../../sims/embedded/scene-camera.ts";
import { defaultLook } from "../../../sims/embedded/scene-look.ts";
import { makeSceneAt, poseSnapshotWidth, writeScenePoses } from "../../../sims/embedded/scene.ts";
import { readSeenBody, trackedBodies } from "../../../sims/embedded/target-truth.ts";
import { phoneMount } from "./phone-mount.ts";

const scene = makeSceneAt(phoneMount, 5);
const size = { widthPx: 96, heightPx: 72 };

function snapshot(yawRad: number, timeS: number): Float64Array<ArrayBuffer> {
  const row = new Float64Array(poseSnapshotWidth(scene.geoms.length));
  writeScenePoses(scene, [2.1, yawRad, 0, 0.2], timeS, row);
  return row;
}

const open = (model: Partial<CameraModel> = {}, seed = 1): SceneCamera =>
  new SceneCamera({
    device: phoneMount,
    geoms: scene.geoms,
    ...size,
    model: { ...perfectCamera, ...model },
    seed,
  });

function picture(camera: SceneCamera, ...rows: Float64Array[]): Uint8Array {
  for (const row of rows) camera.capture(row);
  return camera.rgbBorrowed.slice();
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
const rms = (a: Uint8Array, b: Uint8Array): number =>
  Math.sqrt(mean(Array.from(a, (value, i) => (value - b[i]!) ** 2)));

/** Sum of the differences between neighbours in a row: how sharp it is. */
function contrast(rgb: Uint8Array): number {
  let sum = 0;
  for (let i = 3; i < rgb.length; i += 1) sum += Math.abs(rgb[i]! - rgb[i - 3]!);
  return sum / rgb.length;
}

describe("the perfect camera", () => {
  it("takes the rasteriser's picture", () => {
    const row = snapshot(0.2, 1);
    const views = posesOfSnapshot(row);
    const rasterizer = new Rasterizer(
      renderSetup({ device: phoneMount, geoms: scene.geoms, ...size }),
    );
    rasterizer.render(views.geoms, views.camera);
    expect(picture(open(), snapshot(0, 0.96), row)).toEqual(rasterizer.rgbBorrowed);
  });
});

describe("exposure", () => {
  it("makes pictures brighter or darker", () => {
    const row = snapshot(0, 1);
    const [dark, right, bright] = [0.6, 1, 1.6].map((exposureRatio) =>
      mean(picture(open({ exposureRatio }), row)),
    );
    expect(dark!).toBeLessThan(right! - 15);
    expect(bright!).toBeGreaterThan(right! + 10);
  });
});

describe("noise", () => {
  const row = snapshot(0, 1);
  const clean = picture(open(), row);

  it("grows as told and follows from seed and stamp", () => {
    const noisy = (readNoiseRatio: number, seed = 1): Uint8Array =>
      picture(open({ readNoiseRatio }, seed), row);
    expect(rms(noisy(0.005), clean)).toBeLessThan(rms(noisy(0.02), clean));
    expect(noisy(0.02)).toEqual(noisy(0.02));
    expect(noisy(0.02)).not.toEqual(noisy(0.02, 2));
    const camera = open({ readNoiseRatio: 0.02 });
    const later = row.slice();
    later[0] = row[0]! + 40;
    expect(picture(camera, row)).not.toEqual(picture(camera, later));
  });

  it("does not shift the picture's brightness", () => {
    const noisy = picture(open({ shotNoiseRatio: 0.02 }), row);
    expect(Math.abs(mean(noisy) - mean(clean))).toBeLessThan(1);
  });
});

describe("the shutter", () => {
  const shutterS = 0.03;

  it("smears a turn and leaves what does not move as it is", () => {
    const turned = [snapshot(0, 1), snapshot(0.12, 1.04)] as const;
    expect(contrast(picture(open({ shutterS }), ...turned))).toBeLessThan(
      0.8 * contrast(picture(open(), ...turned)),
    );
    const still = snapshot(0, 1);
    const later = still.slice();
    later[0] = 1040;
    // Sums of sixths round.
    const blurred = picture(open({ shutterS }), still, later);
    const sharp = picture(open(), still);
    expect(
      Math.max(...Array.from(blurred, (value, i) => Math.abs(value - sharp[i]!))),
    ).toBeLessThan(2);
  });

  it("has nothing to smear in the first picture, after a reset, and after a gap", () => {
    const sharp = picture(open(), snapshot(0.12, 2));
    expect(picture(open({ shutterS }), snapshot(0.12, 2))).toEqual(sharp);
    expect(picture(open({ shutterS }), snapshot(0, 1), snapshot(0.12, 2))).toEqual(sharp);
    const camera = open({ shutterS });
    camera.capture(snapshot(0, 1.96));
    camera.reset();
    expect(picture(camera, snapshot(0.12, 2))).toEqual(sharp);
  });

  it("leaves depth and segmentation those of the stamp", () => {
    const seen = (model: Partial<CameraModel>): Uint16Array => {
      const camera = open(model);
      picture(camera, snapshot(0, 1), snapshot(0.12, 1.04));
      const out = new Uint16Array(size.widthPx * size.heightPx);
      camera.readSegmentation(out);
      return out;
    };
    expect(seen({ shutterS })).toEqual(seen({}));
  });
});

describe("the lens", () => {
  const body = trackedBodies(scene.geoms).find(({ name }) => name === "target_box")!;
  // Right of the middle.
  const row = snapshot(-0.1, 1);

  /** Bearing by the camera's own intrinsics, and the column it is seen in. */
  function seenThrough(model: Partial<CameraModel>): { azimuthRad: number; column: number } {
    const camera = open(model);
    camera.capture(row);
    const out = new Uint16Array(size.widthPx * size.heightPx);
    camera.readSegmentation(out);
    const seen = readSeenBody(out, body, camera.intrinsics);
    expect(seen.pixelCount).toBeGreaterThan(20);
    const { fxPx, cxPx } = camera.intrinsics;
    return { azimuthRad: seen.azimuthRad, column: cxPx + fxPx * Math.tan(seen.azimuthRad) };
  }

  it.each<[string, Partial<CameraModel>]>([
    ["a wider view", { fovRatio: 1.1 }],
    ["an axis off the middle", { principalOffsetRatio: [0.08, -0.05] }],
  ])("with %s moves pixels but not bearings", (_, model) => {
    const [plain, other] = [seenThrough({}), seenThrough(model)];
    expect(Math.abs(other.azimuthRad - plain.azimuthRad)).toBeLessThan(0.01);
    expect(Math.abs(other.column - plain.column)).toBeGreaterThan(1);
  });
});

describe("a look", () => {
  it("changes light and colours", () => {
    const row = snapshot(0, 1);
    const dim = { ...defaultLook.lighting, directColour: [0.3, 0.3, 0.3] as const };
    const tints = { desk: { hueRad: 1.5, saturationRatio: 1, brightnessRatio: 1 } };
    const looks = [defaultLook, { lighting: dim, tints: {} }, { ...defaultLook, tints }];
    const [plain, dark, tinted] = looks.map((look) =>
      picture(new SceneCamera({ device: phoneMount, geoms: scene.geoms, ...size, look }), row),
    );
    expect(mean(dark!)).toBeLessThan(mean(plain!) - 10);
    expect(rms(tinted!, plain!)).toBeGreaterThan(5);
  });
});

describe("cameraInfo", () => {
  it("has ROS's pixel centres, K and P of the pinhole, and no distortion", () => {
    const { intrinsics } = open();
    const info = cameraInfo(intrinsics, "camera_optical_frame");
    const focalPx = 72 / (2 * Math.tan(phoneMount.camera.verticalFovRad / 2));
    expect(info.k).toEqual([focalPx, 0, 47.5, 0, focalPx, 35.5, 0, 0, 1]);
    expect(info.p).toEqual([focalPx, 0, 47.5, 0, 0, focalPx, 35.5, 0, 0, 0, 1, 0]);
    expect(info).toMatchObject({
      widthPx: 96,
      heightPx: 72,
      frameId: "camera_optical_frame",
      distortionModel: "plumb_bob",
      d: [0, 0, 0, 0, 0],
    });
  });
});
