/* eslint-disable @typescript-eslint/no-non-null-assertion -- buffers of one picture's size */
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { CameraIntrinsics } from "../../bridge/core/camera.ts";
import { Rasterizer } from "./raster/rasterizer.ts";
import { posesOfSnapshot, renderSetup } from "./render-scene.ts";
import { cameraPoseOffset, poseSnapshotWidth, type SceneGeom } from "./scene.ts";
import { defaultLook, tintGeoms, type SceneLook } from "./scene-look.ts";
import { normalAt } from "./sensor-noise.ts";

/** The camera as a device: lens, shutter and sensor. `perfectCamera` = a pinhole, nothing else. */
export interface CameraModel {
  /** Of the description's field of view; 1 = as described. */
  readonly fovRatio: number;
  /** Optical axis off the middle, as a share of the picture's height: right, down. */
  readonly principalOffsetRatio: readonly [number, number];
  /** Of the right exposure; 2 = one stop over. */
  readonly exposureRatio: number;
  /** How long light is gathered before the frame's stamp; 0 = frozen. */
  readonly shutterS: number;
  /** Deviation that does not depend on the light, as a share of a white surface's light. */
  readonly readNoiseRatio: number;
  /** Deviation at that light that grows with its square root. */
  readonly shotNoiseRatio: number;
}

export const perfectCamera: CameraModel = {
  fovRatio: 1,
  principalOffsetRatio: [0, 0],
  exposureRatio: 1,
  shutterS: 0,
  readNoiseRatio: 0,
  shotNoiseRatio: 0,
};

export interface SceneCameraOptions {
  readonly device: DeviceDescription;
  /** Of the simulator or of `sceneGeoms`, in their order. */
  readonly geoms: readonly SceneGeom[];
  readonly widthPx: number;
  readonly heightPx: number;
  /** Default `defaultLook`. */
  readonly look?: SceneLook;
  /** Default `perfectCamera`. */
  readonly model?: CameraModel;
  /** Of the noise. Default 0. */
  readonly seed?: number;
}

/** An open shutter is a view per pixel of smear, up to so many: a fast turn smears and does not step. */
const maxShutterViews = 6;
/** Two snapshots further apart than this have nothing in between. */
const maxGapMs = 150;
/** Linear light that a white surface in the sun sends in the scale of `Lighting`. */
const whiteLight = 1.6;

/**
 * The mount's camera in a scene: takes pose snapshots, gives pictures, and the truth about each pixel.
 * The same snapshots, seed and options give the same bytes.
 */
export class SceneCamera {
  readonly #rasterizer: Rasterizer;
  readonly #model: CameraModel;
  readonly #seed: number;
  readonly #previous: Float64Array<ArrayBuffer>;
  readonly #between: Float64Array<ArrayBuffer>;
  readonly #views: ReturnType<typeof posesOfSnapshot>;
  #previousMs = Number.NaN;

  constructor(options: SceneCameraOptions) {
    const { geoms, look = defaultLook, model = perfectCamera } = options;
    this.#model = model;
    this.#seed = options.seed ?? 0;
    const setup = renderSetup({ ...options, geoms: tintGeoms(geoms, look) });
    this.#rasterizer = new Rasterizer({
      ...setup,
      lighting: {
        ...look.lighting,
        exposure: look.lighting.exposure * model.exposureRatio,
      },
      verticalFovRad: setup.verticalFovRad * model.fovRatio,
      principalOffsetPx: [
        model.principalOffsetRatio[0] * options.heightPx,
        model.principalOffsetRatio[1] * options.heightPx,
      ],
    });
    const width = poseSnapshotWidth(geoms.length);
    this.#previous = new Float64Array(width);
    this.#between = new Float64Array(width);
    this.#views = posesOfSnapshot(this.#between);
  }

  get intrinsics(): CameraIntrinsics {
    return this.#rasterizer.intrinsics;
  }

  /** The last picture: rgb8 (sRGB), row-major from the top left. Overwritten by the next `capture`. */
  get rgbBorrowed(): Uint8Array<ArrayBuffer> {
    return this.#rasterizer.rgbBorrowed;
  }

  /**
   * Takes a picture of a pose snapshot (scene.ts). With a shutter, from where things were in the
   * snapshot before to where they are in this one. // hot path
   */
  capture(row: Float64Array): void {
    const { shutterS, readNoiseRatio, shotNoiseRatio } = this.#model;
    const isNoisy = readNoiseRatio > 0 || shotNoiseRatio > 0;
    const gapMs = row[0]! - this.#previousMs;
    const openRatio = gapMs > 0 && gapMs <= maxGapMs ? Math.min(1, (shutterS * 1e3) / gapMs) : 0;
    this.#between.set(row);
    if (openRatio === 0 && !isNoisy) {
      this.#rasterizer.render(this.#views.geoms, this.#views.camera);
    } else {
      this.#expose(row, openRatio);
      if (isNoisy) this.#addNoise(Math.round(row[0]!));
      this.#rasterizer.develop();
    }
    this.#previous.set(row);
    this.#previousMs = row[0]!;
  }

  /** The next picture has no picture before it. */
  reset(): void {
    this.#previousMs = Number.NaN;
  }

  /** See `Rasterizer.readDepth`: at the end of the exposure. */
  readDepth(out: Float32Array): void {
    this.#rasterizer.readDepth(out);
  }

  /** See `Rasterizer.readSegmentation`: index of the geom + 1, at the end of the exposure. */
  readSegmentation(out: Uint16Array): void {
    this.#rasterizer.readSegmentation(out);
  }

  #expose(row: Float64Array, openRatio: number): void {
    const viewCount = this.#viewCount(row, openRatio);
    this.#rasterizer.lightBorrowed.fill(0);
    for (let view = 1; view <= viewCount; view += 1) {
      // The last view is the snapshot itself: depth and segmentation are those of the stamp.
      const ratio = 1 - openRatio * (1 - view / viewCount);
      for (let i = 1; i < row.length; i += 1) {
        const from = this.#previous[i]!;
        // Between rotation matrices a few degrees apart a straight line is short by less than 0.1 %.
        this.#between[i] = ratio === 1 ? row[i]! : from + (row[i]! - from) * ratio;
      }
      this.#rasterizer.expose(this.#views.geoms, this.#views.camera, 1 / viewCount);
    }
  }

  /** From how far the camera turned; what moves by itself smears less than a pixel in that time. */
  #viewCount(row: Float64Array, openRatio: number): number {
    let turn = 0;
    for (let i = 0; i < 9; i += 1) {
      const at = cameraPoseOffset + 3 + i;
      turn = Math.max(turn, Math.abs(row[at]! - this.#previous[at]!));
    }
    const smearPx = openRatio > 0 ? turn * openRatio * this.intrinsics.fxPx : 0;
    return Math.min(maxShutterViews, Math.max(1, Math.ceil(smearPx)));
  }

  #addNoise(stampMs: number): void {
    const light = this.#rasterizer.lightBorrowed;
    const read = (this.#model.readNoiseRatio * whiteLight) ** 2;
    const shot = this.#model.shotNoiseRatio ** 2 * whiteLight;
    for (let i = 0; i < light.length; i += 1) {
      const value = light[i]!;
      light[i] = value + Math.sqrt(read + shot * value) * normalAt(this.#seed, stampMs, i);
    }
  }
}
