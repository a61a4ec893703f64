import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { TargetScript } from "../../bridge/contract/simulator.ts";
import type { CameraIntrinsics } from "../../bridge/core/camera.ts";
import type { Vector3 } from "../../bridge/core/kinematics.ts";
import { deviceBody } from "../description/device-body.ts";
import { stepS } from "../description/robot-mjcf.ts";
import type { CompiledModel } from "./mujoco.ts";
import { PoseWriter } from "./pose-writer.ts";
import { maxPushes, PushList } from "./push-list.ts";
import { pushableStarts } from "./scene-bodies.ts";
import type { SceneLayout } from "./scene-layout.ts";
import type { SceneGeom } from "./scene.ts";
import { checkTargetScripts } from "./target-script.ts";
import { trackedBodies, writeTruth, type TrackedBody } from "./target-truth.ts";

/** What is around the device and acts on it: targets on their paths, loose things, pushes. */
export class MountScene {
  readonly layout: SceneLayout;
  readonly targetBodies: readonly string[];
  readonly pushableBodies: readonly string[];
  readonly trackedBodies: readonly TrackedBody[];
  readonly #model: CompiledModel;
  readonly #hingeCount: number;
  readonly #poses: PoseWriter;
  readonly #poseRow: Float64Array;
  readonly #pushes = new PushList();

  constructor(model: CompiledModel, device: DeviceDescription, layout: SceneLayout) {
    this.layout = layout;
    this.targetBodies = layout.scripted.map((body) => body.name);
    const loose = layout.pushables.map((body) => body.name);
    const links = device.chain.map((joint) => joint.frameId);
    this.pushableBodies = [...loose, ...links, deviceBody(device).payload.link];
    this.#model = model;
    this.#hingeCount = device.axes.length;
    this.#poses = new PoseWriter(model, device, layout);
    this.#poseRow = new Float64Array(this.#poses.width);
    this.trackedBodies = trackedBodies(this.#poses.geoms);
  }

  get geoms(): readonly SceneGeom[] {
    return this.#poses.geoms;
  }

  get poseSnapshotWidth(): number {
    return this.#poses.width;
  }

  /** All pushes, borrowed; after they are written from outside, `pushesRestored`. */
  get pushRows(): Float64Array {
    return this.#pushes.rows;
  }

  pushesRestored(): void {
    this.#pushes.restored();
  }

  /** Ends the pushes and puts the loose things where `seed` says. The model has just been reset. */
  reset(seed: number): void {
    this.drawPaths(seed);
    this.#pushes.clear();
    const { qpos } = this.#model.arraysBorrowed();
    const starts = pushableStarts(this.layout.pushables, seed);
    starts.forEach(({ positionM, rotationXyzw }, index) => {
      const [x, y, z, w] = rotationXyzw;
      // Free joints come after the hinges, 7 numbers each.
      qpos.set([...positionM, w, x, y, z], this.#hingeCount + 7 * index);
    });
  }

  /** New paths for the targets that have no script. */
  drawPaths(seed: number): void {
    this.#poses.reset(seed);
  }

  /** @throws BridgeError `sim/model` if a target is not there or keyframes do not rise. */
  setTargetScripts(scripts: readonly TargetScript[], seed: number): void {
    checkTargetScripts(scripts, this.targetBodies);
    this.#poses.setScripts(structuredClone(scripts), seed);
  }

  /** From step `stepCount` on. @throws BridgeError `sim/model` as `SceneControl.push` says. */
  push(body: string, forceN: Vector3, durationS: number, stepCount: number): void {
    const index = this.pushableBodies.includes(body) ? this.#model.indexOf("body", body) : -1;
    const wrong = (text: string): never => {
      throw new BridgeError(ErrorCode.SimModel, `push: ${text}`);
    };
    if (index < 0) wrong(`there is no "${body}", expected ${this.pushableBodies.join(", ")}`);
    if (!forceN.every(Number.isFinite)) wrong(`force is ${forceN.join(", ")} N`);
    if (!(durationS > 0 && durationS <= 60))
      wrong(`duration is ${durationS} s, expected 0 .. 60 s`);
    const steps = Math.max(1, Math.round(durationS / stepS));
    if (!this.#pushes.add(index, forceN, stepCount, steps)) {
      wrong(`more than ${maxPushes} at once`);
    }
  }

  /** What acts in step `stepCount`: pushes, and targets where they can touch something. // hot path */
  act(stepCount: number, timeS: number): void {
    this.#pushes.write(stepCount, this.#model.arraysBorrowed().appliedForce);
    if (this.layout.pushables.length > 0) this.#poses.moveTargets(timeS);
  }

  /** The pose snapshot of `scene.ts`, shape [poseSnapshotWidth]. // hot path */
  writePoses(out: Float64Array, stampMs: number, timeS: number): void {
    this.#poses.write(out, stampMs, timeS);
  }

  /** Laid out as `target-truth.ts` says, shape [trackedBodies.length][truthWidth]. */
  readTruth(intrinsics: CameraIntrinsics, out: Float64Array, timeS: number): void {
    this.#poses.write(this.#poseRow, timeS * 1e3, timeS);
    writeTruth(this.#poseRow, this.trackedBodies, intrinsics, out);
  }
}
