import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { MountMotion } from "../../devices/actuation/motion.ts";
import { streamSeed } from "../../bridge/core/seeded-random.ts";
import { openMountSimulator, type MountSimulator } from "../../sims/embedded/mount-simulator.ts";
import { SceneCamera } from "../../sims/embedded/scene-camera.ts";
import { sceneNames, type SceneName } from "../../sims/embedded/scene-layout.ts";
import { TruthField, truthWidth } from "../../sims/embedded/target-truth.ts";
import { CommandMix } from "./command-mix.ts";
import { sceneOf, startPose, targetScripts, worldOf } from "./episode-world.ts";
import { FrameClock } from "./frame-clock.ts";
import type { Split } from "./splits.ts";

/** Periods of the shaper and of the model, as in live use. */
const tickMs = 5;
const stepMs = 40;
const axisCount = 4;

/** Joint position, velocity, torque and the standing setpoint, 4 each. */
export const rowWidth = 4 * axisCount;
/**
 * Bearing of the target in camera_optical_frame, atan2(x, z) and atan2(y, z), rad; 1 while its middle
 * is in the picture; age of the row's picture, s, or -1 before the first one arrived.
 */
export const truthRowWidth = 4;
/** Width and height of a picture; the middle square of the device's own picture. */
export const pictureSizePx = 64;
/** Bytes of a picture, [3][64][64] rgb. */
export const pictureBytes = 3 * pictureSizePx ** 2;

/** Where an episode goes, `steps` rows of each. */
export interface EpisodeOut {
  readonly rows: Float32Array;
  readonly truth: Float32Array;
  /** None: joints alone. A row holds the newest picture that had arrived, zeros before the first. */
  readonly pictures?: Uint8Array;
}

/** Makes episodes from seeds: world, start pose, target and commands all follow from the seed. */
export class EpisodeRecorder {
  readonly #device: DeviceDescription;
  readonly #simulators: ReadonlyMap<SceneName, MountSimulator>;
  readonly #motion: MountMotion;

  constructor(device: DeviceDescription, simulators: ReadonlyMap<SceneName, MountSimulator>) {
    this.#device = device;
    this.#simulators = simulators;
    this.#motion = new MountMotion(device, tickMs);
  }

  static async open(device: DeviceDescription): Promise<EpisodeRecorder> {
    const opened = sceneNames.map(
      async (scene) => [scene, await openMountSimulator({ device, seed: 0, scene })] as const,
    );
    return new EpisodeRecorder(device, new Map(await Promise.all(opened)));
  }

  /**
   * Writes one row per 40 ms. A row is what an observation at that instant holds: the joints as they
   * are, the setpoint issued just then, which they have not felt yet, and the newest picture.
   *
   * @param branch which of the split's futures, if it has several.
   */
  record(seed: number, split: Split, out: EpisodeOut, branch = 0): void {
    const simulator = this.#simulator(sceneOf(split, seed));
    const device = this.#device;
    const startPosRad = startPose(device, seed, split.hasPictures);
    const world = worldOf(device, simulator.geoms, seed, split);
    simulator.reset(seed, { ...world, startPosRad });
    const lengthS = (split.steps * stepMs) / 1e3;
    simulator.setTargetScripts(targetScripts(simulator.targetBodies[0] ?? "", seed, lengthS));
    const camera = new EpisodeCamera(device, simulator, seed, world);
    const motion = this.#motion;
    motion.reset(Float64Array.from(startPosRad));
    const options = {
      folded: (startPosRad[0] ?? 0) < (device.interlock?.readyRad ?? 0),
      trackShare: split.hasPictures ? 0.45 : 0,
      bearing: () => camera.readBearing(),
    };
    let mix = new CommandMix(device, seed, options);
    const branchTick = ((split.branches?.step ?? Infinity) * stepMs) / tickMs;
    const joints = new Float64Array(3 * axisCount);
    const tickCount = split.steps * (stepMs / tickMs);
    for (let tick = 0; tick < tickCount; tick += 1) {
      const timeMs = tick * tickMs;
      simulator.readRow(joints);
      if (tick === branchTick + 1) {
        const branchSeed = streamSeed(seed, branch + 1);
        mix = new CommandMix(device, branchSeed, { ...options, folded: false });
      }
      const intent = mix.next(timeMs, motion.posRad, joints);
      if (intent !== undefined) motion.setIntent(intent);
      motion.setMeasuredDeploy(joints[0] ?? 0);
      motion.tick(timeMs);
      if (out.pictures !== undefined && tick <= branchTick) camera.tick(timeMs);
      if (timeMs % stepMs === 0) {
        const row = timeMs / stepMs;
        out.rows.set(joints, row * rowWidth);
        out.rows.set(motion.posRad, row * rowWidth + joints.length);
        camera.writeRow(timeMs, row, out);
      }
      simulator.setTargets(motion.posRad);
      simulator.step(tickMs);
    }
  }

  #simulator(scene: SceneName): MountSimulator {
    const simulator = this.#simulators.get(scene);
    if (simulator === undefined) throw new RangeError(`no simulator of scene ${scene} was opened`);
    return simulator;
  }
}

/** The camera of one episode: pictures as they come in, and where the target really is. */
class EpisodeCamera {
  readonly #simulator: MountSimulator;
  readonly #camera: SceneCamera;
  readonly #clock: FrameClock;
  readonly #poses: Float64Array<ArrayBuffer>;
  readonly #truth: Float64Array;
  readonly #taken = new Uint8Array(pictureBytes);
  readonly #arrived = new Uint8Array(pictureBytes);
  #takenMs = Number.NaN;
  #arrivedMs = Number.NaN;

  constructor(
    device: DeviceDescription,
    simulator: MountSimulator,
    seed: number,
    world: ReturnType<typeof worldOf>,
  ) {
    this.#simulator = simulator;
    this.#camera = new SceneCamera({
      device,
      geoms: simulator.geoms,
      widthPx: pictureSizePx,
      heightPx: pictureSizePx,
      look: world.look,
      model: world.camera,
      seed,
    });
    this.#clock = new FrameClock(seed);
    this.#poses = new Float64Array(simulator.poseSnapshotWidth);
    this.#truth = new Float64Array(truthWidth * simulator.trackedBodies.length);
  }

  tick(timeMs: number): void {
    this.#takeArrived(timeMs);
    if (!this.#clock.takesAt(timeMs)) return;
    this.#simulator.writePoses(this.#poses);
    this.#camera.capture(this.#poses);
    planes(this.#camera.rgbBorrowed, this.#taken);
    this.#takenMs = timeMs;
  }

  /** Azimuth and elevation of the target as `target-truth.ts` has them, rad. */
  readBearing(): readonly [azimuthRad: number, elevationRad: number] {
    this.#simulator.readTruth(this.#camera.intrinsics, this.#truth);
    return [this.#truth[TruthField.azimuthRad] ?? 0, this.#truth[TruthField.elevationRad] ?? 0];
  }

  writeRow(timeMs: number, row: number, out: EpisodeOut): void {
    const [azimuthRad, elevationRad] = this.readBearing();
    const ahead = Math.cos(elevationRad) * Math.cos(azimuthRad);
    const downRad = Math.atan2(-Math.sin(elevationRad), ahead);
    const ageS = Number.isNaN(this.#arrivedMs) ? -1 : (timeMs - this.#arrivedMs) / 1e3;
    const isInView = this.#truth[TruthField.inView] ?? 0;
    out.truth.set([azimuthRad, downRad, isInView, ageS], row * truthRowWidth);
    out.pictures?.set(this.#arrived, row * pictureBytes);
  }

  #takeArrived(timeMs: number): void {
    if (this.#takenMs === this.#arrivedMs || !this.#clock.hasArrivedAt(timeMs)) return;
    this.#arrived.set(this.#taken);
    this.#arrivedMs = this.#takenMs;
  }
}

/** rgb8 [64][64][3] to [3][64][64]. */
function planes(rgb: Uint8Array, out: Uint8Array): void {
  const size = pictureSizePx ** 2;
  for (let pixel = 0; pixel < size; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      out[channel * size + pixel] = rgb[3 * pixel + channel] ?? 0;
    }
  }
}
