import type { Frame } from "../contract/frame.ts";
import type { FrameMailbox } from "../contract/frame-mailbox.ts";
import type { Observation, ObservationSource, ObserveOutcome } from "../contract/observation.ts";
import type { SampleRing } from "../contract/sample-ring.ts";

export interface RingObservationSourceOptions {
  readonly axisNames: readonly string[];
  /** Rows: position, velocity, effort (width 3 * axes). */
  readonly telemetry: SampleRing;
  /** Rows: setpoint position, velocity (width 2 * axes). */
  readonly setpoints: SampleRing;
  readonly camera?: FrameMailbox;
}

/**
 * Observations out of the shared histories that the device's threads fill: the simulator's physics
 * or a driver's telemetry, and the actuation worker's setpoints.
 */
export class RingObservationSource implements ObservationSource {
  readonly axisNames: readonly string[];
  readonly #options: RingObservationSourceOptions;
  readonly #telemetryRow: Float64Array;
  readonly #setpointRow: Float64Array;
  readonly #frameBytes: Uint8Array | undefined;
  #frame: Frame | undefined;

  constructor(options: RingObservationSourceOptions) {
    this.#options = options;
    this.axisNames = options.axisNames;
    this.#telemetryRow = new Float64Array(options.telemetry.width);
    this.#setpointRow = new Float64Array(options.setpoints.width);
    const camera = options.camera;
    this.#frameBytes =
      camera === undefined ? undefined : new Uint8Array(camera.widthPx * camera.heightPx * 3);
  }

  // hot path
  observeAt(timeMs: number, out: Observation): ObserveOutcome {
    const { telemetry, setpoints, axisNames } = this.#options;
    const axisCount = axisNames.length;
    const state = telemetry.sampleAt(timeMs, this.#telemetryRow);
    if (state !== "ok") return state === "behind" ? "stale" : "ahead";
    const command = setpoints.sampleAt(timeMs, this.#setpointRow);
    if (command !== "ok") return command === "behind" ? "stale" : "ahead";
    out.stampMs = timeMs;
    for (let axis = 0; axis < axisCount; axis += 1) {
      out.jointPosRad[axis] = this.#telemetryRow[axis] ?? Number.NaN;
      out.jointVelRadPerS[axis] = this.#telemetryRow[axisCount + axis] ?? Number.NaN;
      out.jointEffortNm[axis] = this.#telemetryRow[2 * axisCount + axis] ?? Number.NaN;
      out.commandPosRad[axis] = this.#setpointRow[axis] ?? Number.NaN;
    }
    return "ok";
  }

  frameBorrowed(timeMs: number): Frame | undefined {
    const camera = this.#options.camera;
    if (camera === undefined || this.#frameBytes === undefined) return undefined;
    const sequence = camera.sequenceAt(timeMs);
    if (sequence === 0) return undefined;
    if (this.#frame?.sequence !== sequence) {
      this.#frame = camera.readCopy(this.#frameBytes, timeMs);
    }
    return this.#frame;
  }
}
