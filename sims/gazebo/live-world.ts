import { ErrorCode } from "../../bridge/contract/errors.ts";
import type { FrameMailbox } from "../../bridge/contract/frame-mailbox.ts";
import type { SampleRing } from "../../bridge/contract/sample-ring.ts";
import type { SharedRow } from "../../bridge/contract/shared-row.ts";
import { convertPicture } from "./camera-picture.ts";
import { GazeboStatsField, gazeboStatsWidth, type GazeboEvent } from "./gazebo-protocol.ts";
import { JointStateReader, type JointStateOutcome } from "./joint-state-reader.ts";
import { secondsOf } from "./messages/basic.ts";
import { Image } from "./messages/sensors.ts";
import { SimTimeMap } from "../../bridge/core/sim-time-map.ts";
import { describeOutcome } from "./world-problems.ts";
import type { WorldNames } from "./world-names.ts";

/** Models are put together while a server starts; what is wrong for longer is wrong for good. */
const badStateLimitMs = 1000;
/** Before actuation gives the device up (500 ms), so that the log says why. */
const silentLimitMs = 300;
const statsPeriodMs = 1000;
const maxLateSamples = 4096;
/** A setpoint that does not change is said again, for a controller that has just come up. */
const repeatSetpointMs = 200;

export interface LiveWorldOptions {
  readonly axisNames: readonly string[];
  readonly names: WorldNames;
  readonly telemetry: SampleRing;
  readonly camera: FrameMailbox;
  readonly simSetpoint: SharedRow;
  readonly stats: SharedRow;
  readonly sendTargets: (posRad: Float64Array) => void;
  readonly emit: (event: GazeboEvent) => void;
}

/**
 * A Gazebo world that runs by itself, as the rest of the service wants to see it: rows of telemetry and
 * pictures stamped in monotonic time, setpoints passed on. Time comes in with every call.
 */
export class LiveWorld {
  stateCount = 0;
  readonly #options: LiveWorldOptions;
  readonly #reader: JointStateReader;
  readonly #time = new SimTimeMap();
  readonly #rgb: Uint8Array;
  readonly #setpoint: Float64Array;
  readonly #targets: Float64Array;
  readonly #statsRow = new Float64Array(gazeboStatsWidth);
  readonly #lateMs: number[] = [];
  #lastSimMs = Number.NaN;
  #lastHeardMs = Number.NaN;
  #badSinceMs = Number.NaN;
  #isFaulty = false;
  #isSilent = false;
  #isPaused: boolean | undefined;
  #jumpCount = 0;
  #pictureCount = 0;
  #nextPictureMs = 0;
  #pictureProblem = "";
  #setpointVersion = 0;
  #nextSetpointMs = 0;
  #nextStatsMs = 0;

  constructor(options: LiveWorldOptions) {
    const { axisNames, camera } = options;
    this.#options = options;
    this.#reader = new JointStateReader(axisNames);
    this.#rgb = new Uint8Array(camera.widthPx * camera.heightPx * 3);
    this.#setpoint = new Float64Array(1 + 2 * axisNames.length);
    this.#targets = new Float64Array(axisNames.length);
  }

  /** Undefined while the world has not said. */
  get isPaused(): boolean | undefined {
    return this.#isPaused;
  }

  /** A `Model` of joint states. // hot path (1 kHz) */
  onJointState(payload: Uint8Array, nowMs: number): void {
    const outcome = this.#reader.read(payload);
    if (outcome !== "ok") {
      this.#onBadState(outcome, nowMs);
      return;
    }
    this.#badSinceMs = Number.NaN;
    this.#isFaulty = false;
    const simMs = this.#reader.stampMs;
    // A paused world repeats itself: that is no news, and must age.
    if (simMs === this.#lastSimMs) return;
    this.#lastSimMs = simMs;
    this.#heard(nowMs);
    const stampMs = this.#time.stamp(simMs, nowMs);
    if (this.#time.jumpCount !== this.#jumpCount) this.#onJump(simMs);
    this.#options.telemetry.push(stampMs, this.#reader.row);
    this.stateCount += 1;
    if (this.#lateMs.length < maxLateSamples) this.#lateMs.push(nowMs - stampMs);
  }

  /**
   * An `Image`. Those that come faster than wanted are left out before they are converted.
   *
   * @param wantedHz pictures per second somebody has use for.
   */
  onPicture(payload: Uint8Array, nowMs: number, wantedHz: number): void {
    const periodMs = 1000 / wantedHz;
    // A faster rate must not wait for the end of a slow period.
    this.#nextPictureMs = Math.min(this.#nextPictureMs, nowMs + periodMs);
    // A tenth of a period early is on time: senders jitter.
    if (nowMs < this.#nextPictureMs - periodMs / 10) return;
    const image = Image.decode(payload);
    if (image === undefined) return;
    const { camera, emit } = this.#options;
    const problem = convertPicture(image, camera, this.#rgb);
    if (problem !== undefined) {
      if (problem !== this.#pictureProblem) emit({ kind: "picture", text: problem });
      this.#pictureProblem = problem;
      return;
    }
    this.#pictureProblem = "";
    this.#nextPictureMs = Math.max(this.#nextPictureMs + periodMs, nowMs);
    camera.write(this.#time.peek(secondsOf(image.header?.stamp) * 1e3, nowMs), this.#rgb);
    this.#pictureCount += 1;
  }

  onStatistics(statistics: { readonly paused: boolean }): void {
    if (statistics.paused === this.#isPaused) return;
    this.#isPaused = statistics.paused;
    this.#options.emit({ kind: statistics.paused ? "paused" : "running" });
  }

  /** Passes setpoints on and watches for silence. Call every few ms. // hot path */
  tick(nowMs: number): void {
    this.#passSetpoint(nowMs);
    const silentMs = nowMs - this.#lastHeardMs;
    if (silentMs > silentLimitMs && !this.#isSilent) {
      this.#isSilent = true;
      if (this.#isPaused !== true) this.#options.emit({ kind: "silent", silentMs });
    }
    if (nowMs >= this.#nextStatsMs) this.#publishStats(nowMs);
  }

  #heard(nowMs: number): void {
    this.#lastHeardMs = nowMs;
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#options.emit({ kind: "heard" });
  }

  #onJump(simMs: number): void {
    this.#jumpCount = this.#time.jumpCount;
    this.#options.emit({ kind: "jumped", simMs });
  }

  #onBadState(outcome: JointStateOutcome, nowMs: number): void {
    if (outcome === "damaged") return;
    if (Number.isNaN(this.#badSinceMs)) this.#badSinceMs = nowMs;
    const isCertain = outcome === "not-finite" || nowMs - this.#badSinceMs > badStateLimitMs;
    if (!isCertain || this.#isFaulty) return;
    this.#isFaulty = true;
    const { names, axisNames } = this.#options;
    const text = describeOutcome(outcome, names, axisNames);
    this.#options.emit({ kind: "fault", code: ErrorCode.SimFault, text });
  }

  #passSetpoint(nowMs: number): void {
    const { simSetpoint, sendTargets } = this.#options;
    const { version } = simSetpoint;
    if (version === this.#setpointVersion || !simSetpoint.read(this.#setpoint)) return;
    this.#setpointVersion = version;
    let isSame = nowMs < this.#nextSetpointMs;
    for (let axis = 0; axis < this.#targets.length; axis += 1) {
      const target = this.#setpoint[1 + axis] ?? 0;
      if (target !== this.#targets[axis]) isSame = false;
      this.#targets[axis] = target;
    }
    if (isSame) return;
    this.#nextSetpointMs = nowMs + repeatSetpointMs;
    sendTargets(this.#targets);
  }

  #publishStats(nowMs: number): void {
    this.#nextStatsMs = nowMs + statsPeriodMs;
    const late = this.#lateMs.sort((a, b) => a - b);
    const row = this.#statsRow;
    row[GazeboStatsField.stateCount] = this.stateCount;
    row[GazeboStatsField.jumpCount] = this.#jumpCount;
    row[GazeboStatsField.pictureCount] = this.#pictureCount;
    row[GazeboStatsField.realTimeFactor] = this.#time.realTimeFactor;
    row[GazeboStatsField.lateMsP99] = late[Math.floor(0.99 * late.length)] ?? 0;
    row[GazeboStatsField.lateMsMax] = late.at(-1) ?? 0;
    this.#options.stats.write(row);
    late.length = 0;
  }
}
