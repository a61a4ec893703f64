/* eslint-disable @typescript-eslint/no-non-null-assertion -- sample and surface indices of own buffers */
import { cameraIntrinsics, type CameraIntrinsics } from "../../../bridge/core/camera.ts";
import { CameraPass } from "./camera-pass.ts";
import { poseWidth, type RasterSetup } from "./raster-scene.ts";
import { SampleGrid } from "./sample-grid.ts";
import { buildSceneMesh, type SceneMesh } from "./scene-mesh.ts";
import { ShadowMap } from "./shadow-map.ts";
import { SurfaceShader } from "./surface-shader.ts";
import { ToneCurve } from "./tone-curve.ts";

/** x offsets of the four samples of a pixel, top row first: no two in one row or column. */
const rotatedGrid = [0.375, 0.875, 0.125, 0.625];

/**
 * Draws a scene of simple bodies with no GPU: visibility at four samples per pixel, then one shading
 * per surface and pixel, averaged in linear light. All buffers are made once.
 */
export class Rasterizer {
  readonly intrinsics: CameraIntrinsics;
  readonly #grid: SampleGrid;
  readonly #scene: SceneMesh;
  readonly #cameraPass: CameraPass;
  readonly #shadow: ShadowMap | undefined;
  readonly #shader: SurfaceShader;
  readonly #tone: ToneCurve;
  readonly #camera = new Float64Array(poseWidth);
  readonly #sum = new Float64Array(3);
  readonly #rgb: Uint8Array<ArrayBuffer>;
  readonly #light: Float32Array;

  constructor(setup: RasterSetup) {
    const { widthPx, heightPx } = setup;
    const centred = cameraIntrinsics(widthPx, heightPx, setup.verticalFovRad);
    const [rightPx, downPx] = setup.principalOffsetPx ?? [0, 0];
    this.intrinsics = {
      ...centred,
      cxPx: centred.cxPx + rightPx,
      cyPx: centred.cyPx + downPx,
    };
    this.#scene = buildSceneMesh(setup.geoms);
    const sampleX = setup.samplesPerPixel === 4 ? rotatedGrid : [0.5];
    this.#grid = new SampleGrid({ widthPx, heightPx, sampleX });
    this.#cameraPass = new CameraPass(this.#scene, setup.geoms, this.intrinsics);
    if (setup.shadow !== undefined) {
      const { direction } = setup.lighting;
      this.#shadow = new ShadowMap(this.#scene, setup.geoms, setup.shadow, direction);
    }
    this.#shader = new SurfaceShader(setup, this.#scene, this.#shadow);
    this.#tone = new ToneCurve(setup.lighting.exposure);
    this.#rgb = new Uint8Array(widthPx * heightPx * 3);
    this.#light = new Float32Array(widthPx * heightPx * 3);
  }

  /** The last picture: rgb8 (sRGB), row-major from the top left. Overwritten by the next `render`. */
  get rgbBorrowed(): Uint8Array<ArrayBuffer> {
    return this.#rgb;
  }

  /**
   * Draws one picture.
   *
   * @param poses [geom][pose], worldFromGeom
   * @param camera one pose, worldFromCamera, optical frame
   */
  render(poses: Float64Array<ArrayBuffer>, camera: Float64Array): void {
    // hot path
    this.#findVisible(poses, camera);
    const { widthPx, heightPx } = this.intrinsics;
    const rgb = this.#rgb;
    const sum = this.#sum;
    let out = 0;
    for (let y = 0; y < heightPx; y += 1) {
      for (let x = 0; x < widthPx; x += 1) {
        this.#resolve(x, y);
        for (let i = 0; i < 3; i += 1) rgb[out + i] = this.#tone.byteOf(sum[i]!);
        out += 3;
      }
    }
  }

  /**
   * Light gathered so far: linear, [pixel][rgb], in the scale of `Lighting`. Set it to 0, `expose` as
   * often as needed, change it, then `develop`.
   */
  get lightBorrowed(): Float32Array {
    return this.#light;
  }

  /** Adds a view to the gathered light with the weight of its share of the exposure. // hot path */
  expose(poses: Float64Array<ArrayBuffer>, camera: Float64Array, weight: number): void {
    this.#findVisible(poses, camera);
    const { widthPx, heightPx } = this.intrinsics;
    const light = this.#light;
    const sum = this.#sum;
    let out = 0;
    for (let y = 0; y < heightPx; y += 1) {
      for (let x = 0; x < widthPx; x += 1) {
        this.#resolve(x, y);
        for (let i = 0; i < 3; i += 1) light[out + i]! += sum[i]! * weight;
        out += 3;
      }
    }
  }

  /** Makes the picture of the gathered light. // hot path */
  develop(): void {
    const light = this.#light;
    for (let i = 0; i < light.length; i += 1) this.#rgb[i] = this.#tone.byteOf(light[i]!);
  }

  #findVisible(poses: Float64Array<ArrayBuffer>, camera: Float64Array): void {
    this.#camera.set(camera);
    this.#grid.clear();
    this.#cameraPass.draw(this.#grid, poses, this.#camera, 0);
    this.#shadow?.draw(poses);
    this.#shader.beginFrame(poses, this.#camera);
  }

  /**
   * Depth of the last picture along the optical axis, m, at pixel centres; Infinity where nothing is.
   * A pixel on an edge takes the surface that covers most of it.
   */
  readDepth(out: Float32Array): void {
    const { widthPx, heightPx } = this.intrinsics;
    for (let y = 0; y < heightPx; y += 1) {
      for (let x = 0; x < widthPx; x += 1) {
        const surface = this.#mainSurface(x, y);
        out[y * widthPx + x] = surface === 0 ? Infinity : 1 / this.#meanCloseness(x, y, surface);
      }
    }
  }

  /** Geom seen at each pixel of the last picture, as index + 1; 0 where nothing is. */
  readSegmentation(out: Uint16Array): void {
    const { widthPx, heightPx } = this.intrinsics;
    for (let y = 0; y < heightPx; y += 1) {
      for (let x = 0; x < widthPx; x += 1) {
        const geom = this.#scene.surfaces[this.#mainSurface(x, y)]?.geomIndex;
        out[y * widthPx + x] = geom === undefined ? 0 : geom + 1;
      }
    }
  }

  /** Light of one pixel into `#sum`: every surface seen in it shaded once and weighed by its samples. // hot path */
  #resolve(x: number, y: number): void {
    const { surface: surfaces, samplesPerPixel, widthPx } = this.#grid;
    const sum = this.#sum;
    const first = y * samplesPerPixel * widthPx + x;
    const end = first + samplesPerPixel * widthPx;
    sum[0] = sum[1] = sum[2] = 0;
    for (let at = first; at < end; at += widthPx) {
      const surface = surfaces[at]!;
      let count = 1;
      let isCounted = false;
      for (let other = first; other < at; other += widthPx) {
        if (surfaces[other] === surface) isCounted = true;
      }
      if (isCounted) continue;
      for (let other = at + widthPx; other < end; other += widthPx) {
        if (surfaces[other] === surface) count += 1;
      }
      this.#shadeAt(x, y, surface);
      const weight = count / samplesPerPixel;
      for (let i = 0; i < 3; i += 1) sum[i]! += this.#shader.colour[i]! * weight;
      if (count === samplesPerPixel) break;
    }
  }

  #shadeAt(x: number, y: number, surface: number): void {
    const { fxPx, fyPx, cxPx, cyPx } = this.intrinsics;
    const camera = this.#camera;
    const right = (x + 0.5 - cxPx) / fxPx;
    const down = (y + 0.5 - cyPx) / fyPx;
    const rayX = camera[3]! * right + camera[4]! * down + camera[5]!;
    const rayY = camera[6]! * right + camera[7]! * down + camera[8]!;
    const rayZ = camera[9]! * right + camera[10]! * down + camera[11]!;
    if (surface === 0) {
      this.#shader.background(rayX, rayY, rayZ);
      return;
    }
    const depth = 1 / this.#meanCloseness(x, y, surface);
    this.#shader.shade(
      surface,
      camera[0]! + rayX * depth,
      camera[1]! + rayY * depth,
      camera[2]! + rayZ * depth,
    );
  }

  /** Mean over the samples of a pixel that show `surface`: with all four, the value at its centre. // hot path */
  #meanCloseness(x: number, y: number, surface: number): number {
    const { closeness, surface: surfaces, samplesPerPixel, widthPx } = this.#grid;
    let sum = 0;
    let count = 0;
    let at = y * samplesPerPixel * widthPx + x;
    for (let row = 0; row < samplesPerPixel; row += 1) {
      if (surfaces[at] === surface) {
        sum += closeness[at]!;
        count += 1;
      }
      at += widthPx;
    }
    return sum / count;
  }

  #mainSurface(x: number, y: number): number {
    const { surface: surfaces, samplesPerPixel, widthPx } = this.#grid;
    const first = y * samplesPerPixel * widthPx + x;
    let main = 0;
    let mainCount = 0;
    for (let row = 0; row < samplesPerPixel; row += 1) {
      const surface = surfaces[first + row * widthPx]!;
      let count = 0;
      for (let other = 0; other < samplesPerPixel; other += 1) {
        if (surfaces[first + other * widthPx] === surface) count += 1;
      }
      if (count > mainCount) {
        main = surface;
        mainCount = count;
      }
    }
    return main;
  }
}
