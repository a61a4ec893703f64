/**
 * How far a moving target is from the middle of the picture while the mount follows it, with the world
 * model's prediction and without:
 *
 *   npm run build && node dist/test/bench/predictive-tracking.js [seeds] [seconds]
 *
 * One thread, lockstep: simulator, renderer, embedded model, shaper, fixed seeds. Everything that is seen
 * is seen so much later: pictures and joints reach whoever decides after the added latency.
 *
 * - `newest`: follows the newest direction in which the target was seen, as a tracker without prediction does;
 * - `model`: follows where the model says the target will be when the command has become motion;
 * - `line`: a straight line through what was seen, carried on to the same moment: latency made up for without a model.
 *
 * `exact` sightings are the simulator's truth, which no detector beats; `eye` is the model's own, one step
 * ahead: the same pixels for all.
 */
import process from "node:process";
import { imageOfFrame } from "../../bridge/contract/camera-image.ts";
import { makeObservation } from "../../bridge/contract/observation.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import type { Prediction, WorldModel } from "../../bridge/contract/world-model.ts";
import { bodyFromOpticalXyzw } from "../../bridge/core/aim-chain.ts";
import { angleBetween, unit } from "../../bridge/core/axis-turns.ts";
import { DeviceAim } from "../../bridge/core/device-aim.ts";
import { InverseKinematics } from "../../bridge/core/inverse-kinematics.ts";
import { rotate, type Vector3 } from "../../bridge/core/kinematics.ts";
import { closeAll, type Closer } from "../../bridge/core/lifecycle.ts";
import { targetForecast } from "../../bridge/core/target-forecast.ts";
import { TargetTracker } from "../../bridge/core/tracker.ts";
import { embeddedPackage, openPackageModel } from "../../bridge/lockstep/open-run-parts.ts";
import { loadDevice } from "../../bridge/parts/device.ts";
import { previewAt, previewWidth } from "../../bridge/contract/preview.ts";
import { MountMotion } from "../../devices/actuation/motion.ts";
import { openMountSimulator, type MountSimulator } from "../../sims/embedded/mount-simulator.ts";
import { SceneCamera } from "../../sims/embedded/scene-camera.ts";
import { TruthField, truthWidth } from "../../sims/embedded/target-truth.ts";

const tickMs = 5;
const stepMs = 40;
const pictureSizePx = 64;
const horizonSteps = 16;
const sampleCount = 60;
/** Nobody counts before the mount has found the target. */
const settleMs = 3000;
/** From a setpoint to its motion: the simulated servos' own. */
const motionDelayMs = Number(process.env["MOTION_DELAY_MS"] ?? 60);
const latenciesMs = [0, 50, 100, 200];
const expiresInMs = 400;

const arms = ["newest-exact", "line-exact", "newest-eye", "line-eye", "model"] as const;
type Arm = (typeof arms)[number];

const device = loadDevice("phone-mount-4dof");
const axisCount = device.axes.length;
const inverse = new InverseKinematics(device);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

interface Seen {
  readonly stampMs: number;
  /** Base frame, true. */
  readonly exact: Vector3;
  readonly rgb: Uint8Array;
  readonly joints: Float64Array;
  readonly setpoint: Float64Array;
}

class World {
  readonly simulator: MountSimulator;
  readonly motion = new MountMotion(device, tickMs);
  readonly setpoints = SampleRing.create({ capacity: 512, width: axisCount });
  readonly #camera: SceneCamera;
  readonly #poses: Float64Array<ArrayBuffer>;
  readonly #truth: Float64Array;
  readonly #joints = new Float64Array(3 * axisCount);

  constructor(simulator: MountSimulator) {
    this.simulator = simulator;
    const size = { widthPx: pictureSizePx, heightPx: pictureSizePx };
    this.#camera = new SceneCamera({ device, geoms: simulator.geoms, ...size });
    this.#poses = new Float64Array(simulator.poseSnapshotWidth);
    this.#truth = new Float64Array(truthWidth * simulator.trackedBodies.length);
  }

  get joints(): Float64Array {
    this.simulator.readRow(this.#joints);
    return this.#joints;
  }

  /** Of the target in the optical frame, length 1, and whether it is in the picture. */
  optical(): { readonly direction: Vector3; readonly inView: boolean } {
    this.simulator.readTruth(this.#camera.intrinsics, this.#truth);
    const azimuth = this.#truth[TruthField.azimuthRad] ?? 0;
    const elevation = this.#truth[TruthField.elevationRad] ?? 0;
    const level = Math.cos(elevation);
    const z = level * Math.cos(azimuth);
    return {
      direction: [level * Math.sin(azimuth), -Math.sin(elevation), z],
      inView: this.#truth[TruthField.inView] === 1,
    };
  }

  see(stampMs: number): Seen {
    this.simulator.writePoses(this.#poses);
    this.#camera.capture(this.#poses);
    const joints = this.joints.slice();
    const body = rotate(bodyFromOpticalXyzw, this.optical().direction);
    return {
      stampMs,
      exact: rotate(inverse.orientation(joints), body),
      rgb: this.#camera.rgbBorrowed.slice(),
      joints,
      setpoint: this.motion.posRad.slice(),
    };
  }

  tick(nowMs: number): void {
    this.motion.setMeasuredDeploy(this.joints[0] ?? 0);
    this.motion.tick(nowMs);
    this.setpoints.push(nowMs, this.motion.posRad);
    this.simulator.setTargets(this.motion.posRad);
    this.simulator.step(tickMs);
  }
}

/** Sighted through one arm's eyes. */
class Follower {
  readonly #arm: Arm;
  readonly #tracker: TargetTracker;
  readonly #aim: DeviceAim;
  #newest: Vector3 | undefined;

  constructor(arm: Arm) {
    this.#arm = arm;
    this.#tracker = new TargetTracker();
    this.#aim = new DeviceAim({ device, pictureAspect: 1, motionDelayMs: () => motionDelayMs });
  }

  see(seen: Seen, prediction: Prediction, nowMs: number): void {
    const atMs = prediction.stampMs + stepMs;
    const eye = targetForecast(prediction, inverse, atMs);
    switch (this.#arm) {
      case "newest-exact":
        this.#newest = seen.exact;
        return;
      case "newest-eye":
        this.#newest = eye ?? this.#newest;
        return;
      case "line-exact":
        this.#tracker.sighted(seen.exact, seen.stampMs);
        return;
      case "line-eye":
        if (eye !== undefined) this.#tracker.sighted(eye, atMs);
        return;
      case "model":
        this.#aim.observe(prediction, nowMs);
        return;
      default:
        return this.#arm satisfies never;
    }
  }

  intent(joints: readonly number[], nowMs: number, world: World): void {
    const aimed = this.#aimed(joints, nowMs);
    if (aimed === undefined) return;
    const { posRad, velRadPerS } = aimed;
    const still = posRad.map((rad) => (rad === null ? null : 0));
    world.motion.setIntent({
      kind: "point",
      posRad,
      velRadPerS: velRadPerS ?? still,
      atMs: nowMs,
      expiresAtMs: nowMs + expiresInMs,
    });
  }

  #aimed(joints: readonly number[], nowMs: number) {
    const fixed = this.#newest;
    const tracked = fixed ?? this.#tracker.at(nowMs + motionDelayMs)?.direction;
    if (this.#arm === "model") {
      const aimed = this.#aim.follow({ predicted: true }, joints, nowMs);
      return aimed.ok ? aimed : undefined;
    }
    if (tracked === undefined) return undefined;
    const posRad = wishes(inverse.point(tracked, joints).posRad);
    if (fixed !== undefined) return { posRad, velRadPerS: undefined };
    const next = this.#tracker.at(nowMs + motionDelayMs + 20)?.direction ?? tracked;
    const then = wishes(inverse.point(next, joints).posRad);
    const velRadPerS = posRad.map((rad, axis) =>
      rad === null ? null : ((then[axis] ?? 0) - rad) / 0.02,
    );
    return { posRad, velRadPerS };
  }
}

function wishes(posRad: readonly number[]): (number | null)[] {
  return posRad.map((rad, axis) =>
    inverse.chain.joints.some(({ axisIndex }) => axisIndex === axis) ? rad : null,
  );
}

interface Outcome {
  readonly squares: number;
  readonly count: number;
  readonly outOfViewCount: number;
}

interface Run {
  readonly world: World;
  readonly model: WorldModel;
  readonly arm: Arm;
  readonly latencyMs: number;
  readonly seed: number;
  readonly lengthMs: number;
}

async function follow({ world, model, arm, latencyMs, seed, lengthMs }: Run): Promise<Outcome> {
  const { simulator, motion, setpoints } = world;
  simulator.reset(seed);
  await model.reset();
  motion.reset(Float64Array.from(device.homeRad));
  const follower = new Follower(arm);
  const observation = makeObservation(axisCount);
  const preview = new Float64Array(previewWidth({ sampleCount, axisCount }));
  const actionsRad = new Float32Array(horizonSteps * axisCount);
  const past = new Float64Array(axisCount);
  const waiting: Seen[] = [];
  // Monotonic: every run goes on from where the ring of the one before it ended.
  const startMs = Math.ceil((nextStartMs += lengthMs + 10_000) / stepMs) * stepMs;
  let squares = 0;
  let count = 0;
  let outOfViewCount = 0;
  for (let nowMs = startMs; nowMs < startMs + lengthMs; nowMs += tickMs) {
    if ((nowMs - startMs) % stepMs === 0) waiting.push(world.see(nowMs));
    const due = waiting[0];
    if (due !== undefined && due.stampMs + latencyMs <= nowMs) {
      waiting.shift();
      observation.stampMs = due.stampMs;
      observation.jointPosRad.set(due.joints.subarray(0, axisCount));
      observation.jointVelRadPerS.set(due.joints.subarray(axisCount, 2 * axisCount));
      observation.jointEffortNm.set(due.joints.subarray(2 * axisCount));
      observation.commandPosRad.set(due.setpoint);
      const { rgb, stampMs } = due;
      const size = { widthPx: pictureSizePx, heightPx: pictureSizePx };
      observation.frame = imageOfFrame({ sequence: 1, stampMs, ...size, rgb });
      await model.observe(observation);
      motion.preview(nowMs, 10, sampleCount, preview);
      for (let step = 1; step <= horizonSteps; step += 1) {
        const atMs = due.stampMs + step * stepMs;
        const offset = (step - 1) * axisCount;
        if (atMs < nowMs && setpoints.sampleAt(atMs, past) === "ok") actionsRad.set(past, offset);
        else previewAt(preview, atMs, actionsRad, offset);
      }
      const prediction = await model.predict({ actionsRad, candidateCount: 1, horizonSteps });
      follower.see(due, prediction, nowMs);
      follower.intent(Array.from(due.joints.subarray(0, axisCount)), nowMs, world);
    }
    world.tick(nowMs);
    if (nowMs - startMs < settleMs) continue;
    const { direction, inView } = world.optical();
    squares += angleBetween(direction, unit([0, 0, 1])) ** 2;
    count += 1;
    if (!inView) outOfViewCount += 1;
  }
  return { squares, count, outOfViewCount };
}

let nextStartMs = 10_000;

const seedCount = Number(process.argv[2] ?? 10);
const lengthMs = Number(process.argv[3] ?? 15) * 1000;
const closers: Closer[] = [];
try {
  const model = await openPackageModel(embeddedPackage, closers);
  const simulator = await openMountSimulator({ device, seed: 0, scene: "desk" });
  closers.push(() => {
    simulator[Symbol.dispose]();
    return Promise.resolve();
  });
  const world = new World(simulator);
  print(`${seedCount} seeds x ${lengthMs / 1000} s, RMS bearing error in mrad (share out of view)`);
  print(["latency ms".padEnd(12), ...arms.map((arm) => arm.padStart(16))].join(""));
  for (const latencyMs of latenciesMs) {
    const cells: string[] = [];
    const rms: number[] = [];
    for (const arm of arms) {
      const sum = { squares: 0, count: 0, outOfViewCount: 0 };
      for (let seed = 1; seed <= seedCount; seed += 1) {
        const outcome = await follow({
          world,
          model,
          arm,
          latencyMs,
          seed: 31_000_000 + seed,
          lengthMs,
        });
        sum.squares += outcome.squares;
        sum.count += outcome.count;
        sum.outOfViewCount += outcome.outOfViewCount;
      }
      const mrad = 1000 * Math.sqrt(sum.squares / sum.count);
      rms.push(mrad);
      const out = ((100 * sum.outOfViewCount) / sum.count).toFixed(1);
      cells.push(`${mrad.toFixed(1)} (${out} %)`.padStart(16));
    }
    const [newestExact = 0, , newestEye = 0, , modelRms = 0] = rms;
    const less = (than: number): string => `${(100 * (1 - modelRms / than)).toFixed(0)} %`;
    print(
      `${String(latencyMs).padEnd(12)}${cells.join("")}   model less than newest-exact by ${less(newestExact)}, newest-eye by ${less(newestEye)}`,
    );
  }
} finally {
  await closeAll(closers);
}
