import type { DeviceDescription } from "../contract/device.ts";
import type { SampleRing } from "../contract/sample-ring.ts";
import type { Prediction } from "../contract/world-model.ts";
import type { Aim, Aimed, AimTarget } from "./aim.ts";
import { bodyFromOpticalXyzw } from "./aim-chain.ts";
import { unit } from "./axis-turns.ts";
import { InverseKinematics, type JointSolution } from "./inverse-kinematics.ts";
import {
  chainFromJoints,
  identityXyzw,
  multiplyXyzw,
  rotate,
  type Vector3,
  type Xyzw,
} from "./kinematics.ts";
import { targetForecast } from "./target-forecast.ts";
import { TargetTracker } from "./tracker.ts";

export interface DeviceAimOptions {
  readonly device: DeviceDescription;
  /** Width over height of the live picture. */
  readonly pictureAspect: number;
  /** Joints at earlier times (rows that begin with the positions); without it a target is where it is now. */
  readonly telemetry?: SampleRing;
  /** From a setpoint to the motion it makes, ms; asked anew each time. */
  readonly motionDelayMs?: () => number;
}

/** Further away than this from what was asked is told. */
const missRad = 0.01;
/** Over which the speed of the joints towards a moving target is taken. */
const aheadMs = 20;

type PlacedTarget = Exclude<AimTarget, { readonly predicted: true }>;

/** Orientations, directions and points of the picture as joint positions of one device. */
export class DeviceAim implements Aim {
  /** Of what clients point at, and of what the model sees. */
  #pointed = new TargetTracker();
  readonly #predicted = new TargetTracker();
  readonly #options: DeviceAimOptions;
  readonly #inverse: InverseKinematics;
  readonly #then: Float64Array;

  constructor(options: DeviceAimOptions) {
    this.#options = options;
    this.#inverse = new InverseKinematics(options.device);
    this.#then = new Float64Array(options.telemetry?.width ?? 0);
  }

  pose(orientationXyzw: Xyzw, frame: string | undefined, jointPosRad: readonly number[]): Aimed {
    const length = Math.hypot(...orientationXyzw);
    if (!(length > 0.5 && length < 2)) return refuse("the orientation is no unit quaternion");
    const baseFromFrame = this.#frame(frame, jointPosRad);
    if (baseFromFrame === undefined) return refuse(this.#unknownFrame(frame));
    const [x, y, z, w] = orientationXyzw;
    const wanted: Xyzw = [x / length, y / length, z / length, w / length];
    const solution = this.#inverse.orient(multiplyXyzw(baseFromFrame, wanted), jointPosRad);
    return this.#aimed(solution, "this orientation");
  }

  lookAt(target: AimTarget, jointPosRad: readonly number[]): Aimed {
    if ("predicted" in target) return refuse("a look at what the model sees is a track command");
    const direction = this.#direction(target, jointPosRad);
    if (typeof direction === "string") return refuse(direction);
    return this.#aimed(this.#inverse.point(direction, jointPosRad), "this direction");
  }

  /**
   * Leads the target by the delay from setpoint to motion, and by the age of the picture it was found in. A
   * target out of reach is followed along the limits.
   */
  follow(target: AimTarget, jointPosRad: readonly number[], atMs: number): Aimed {
    if ("predicted" in target) return this.#followed(this.#predicted, jointPosRad, atMs);
    const direction = this.#direction(target, jointPosRad);
    if (typeof direction === "string") return refuse(direction);
    const seenMs = ("image" in target ? target.stampMs : undefined) ?? atMs;
    const pointed = this.#pointed.copy();
    pointed.sighted(direction, Math.min(seenMs, atMs));
    const remember = (): void => void (this.#pointed = pointed);
    const aimed = this.#followed(pointed, jointPosRad, atMs);
    return aimed.ok ? { ...aimed, remember } : aimed;
  }

  /** Takes where the model says its target will be when a setpoint of `nowMs` has become motion. */
  observe(prediction: Prediction, nowMs: number): void {
    const atMs = nowMs + this.#motionDelayMs;
    const direction = targetForecast(prediction, this.#inverse, atMs);
    if (direction !== undefined) this.#predicted.sighted(direction, atMs);
  }

  get #motionDelayMs(): number {
    return this.#options.motionDelayMs?.() ?? 0;
  }

  #followed(tracker: TargetTracker, jointPosRad: readonly number[], atMs: number): Aimed {
    const thenMs = atMs + this.#motionDelayMs;
    const now = tracker.at(thenMs);
    const next = tracker.at(thenMs + aheadMs);
    if (now === undefined || next === undefined) return refuse("the target is lost");
    const first = this.#inverse.point(now.direction, jointPosRad);
    const second = this.#inverse.point(next.direction, first.posRad);
    const posRad = this.#wishes(first);
    const velRadPerS = posRad.map((rad, axis) => {
      if (rad === null) return null;
      return (((second.posRad[axis] ?? 0) - (first.posRad[axis] ?? 0)) * 1000) / aheadMs;
    });
    return { ok: true, posRad, velRadPerS };
  }

  /** Where a target is in the base frame, or why that cannot be told. */
  #direction(target: PlacedTarget, jointPosRad: readonly number[]): Vector3 | string {
    if ("bearing" in target) {
      const { bearing, frame } = target;
      const baseFromFrame = this.#frame(frame, jointPosRad);
      if (baseFromFrame === undefined) return this.#unknownFrame(frame);
      return rotate(baseFromFrame, unit(bearing));
    }
    const { device, pictureAspect } = this.#options;
    const half = Math.tan(device.camera.verticalFovRad / 2);
    const [u, v] = target.image;
    const optical: Vector3 = [(2 * u - 1) * half * pictureAspect, (2 * v - 1) * half, 1];
    const joints = this.#jointsAt(target.stampMs) ?? jointPosRad;
    const body = rotate(bodyFromOpticalXyzw, unit(optical));
    return rotate(this.#inverse.orientation(joints), body);
  }

  #jointsAt(stampMs: number | undefined): readonly number[] | undefined {
    const { telemetry, device } = this.#options;
    if (stampMs === undefined || telemetry?.sampleAt(stampMs, this.#then) !== "ok")
      return undefined;
    return Array.from(this.#then.subarray(0, device.axes.length));
  }

  /** Base-from-frame for the frames of the device; undefined for one it has not. */
  #frame(frame: string | undefined, jointPosRad: readonly number[]): Xyzw | undefined {
    const { device } = this.#options;
    if (frame === undefined || frame === "base" || frame === device.baseFrameId) {
      return identityXyzw;
    }
    const body = this.#inverse.orientation(jointPosRad);
    if (frame === "camera") return body;
    if (frame === device.camera.frameId) {
      return multiplyXyzw(body, bodyFromOpticalXyzw);
    }
    const index = device.chain.findIndex(({ frameId }) => frameId === frame);
    return chainFromJoints(device, jointPosRad)[index]?.rotationXyzw;
  }

  #unknownFrame(frame: string | undefined): string {
    const { device } = this.#options;
    const known = [
      device.baseFrameId,
      ...device.chain.map(({ frameId }) => frameId),
      device.camera.frameId,
    ];
    return `frame ${String(frame)} is none of ${device.id}, expected base, camera, ${known.join(", ")}`;
  }

  #aimed(solution: JointSolution, what: string): Aimed {
    const { errorRad, atLimit } = solution;
    const posRad = this.#wishes(solution);
    if (errorRad <= missRad) return { ok: true, posRad };
    const why = atLimit.length === 0 ? "" : `, with ${atLimit.join(" and ")} at the limit`;
    const note = `${what} cannot be reached: the nearest is ${errorRad.toFixed(2)} rad away${why}`;
    return { ok: true, posRad, note };
  }

  #wishes({ posRad }: JointSolution): (number | null)[] {
    const wishes: (number | null)[] = posRad.map(() => null);
    for (const { axisIndex } of this.#inverse.chain.joints) {
      wishes[axisIndex] = posRad[axisIndex] ?? null;
    }
    return wishes;
  }
}

const refuse = (reason: string): Aimed => ({ ok: false, reason });
