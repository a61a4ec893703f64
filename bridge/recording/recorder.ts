import type { PictureSink } from "../camera-feed.ts";
import type { Actuation } from "../contract/actuation.ts";
import type { Clock } from "../contract/clock.ts";
import type { Frame } from "../contract/frame.ts";
import type { FrameMailbox } from "../contract/frame-mailbox.ts";
import type { SampleRing } from "../contract/sample-ring.ts";
import type { Prediction } from "../contract/world-model.ts";
import type { RecordingWriter } from "./recording-writer.ts";

/** Rows are fetched from the rings this often; the rings hold seconds. */
const drainPeriodMs = 100;
/** What a crash can lose. */
const flushPeriodMs = 500;

export interface RecorderOptions {
  readonly writer: RecordingWriter;
  readonly rings: { readonly telemetry: SampleRing; readonly setpoints: SampleRing };
  readonly camera: FrameMailbox;
  readonly pictures: "jpeg" | "raw" | "off";
  readonly actuation: Pick<Actuation, "onEvent">;
  readonly clock: Clock;
  /** Told once when writing fails. */
  readonly onFailure: (error: unknown) => void;
}

/** Records what the running service knows: every joint sample and setpoint, pictures, predictions, events. */
export class Recorder implements AsyncDisposable, PictureSink {
  readonly #options: RecorderOptions;
  readonly #telemetry: RingDrain;
  readonly #setpoints: RingDrain;
  readonly #timers: readonly NodeJS.Timeout[];
  #pictureSequence = 0;
  #hasFailed = false;

  constructor(options: RecorderOptions) {
    const { rings, writer, actuation, clock } = options;
    this.#options = options;
    this.#telemetry = new RingDrain(rings.telemetry);
    this.#setpoints = new RingDrain(rings.setpoints);
    actuation.onEvent((event) => {
      writer.event(clock.monotonicMs(), event);
    });
    this.#timers = [
      setInterval(() => {
        this.#drain();
      }, drainPeriodMs),
      setInterval(() => {
        void writer.flush();
      }, flushPeriodMs),
    ];
  }

  /** Rows that were overwritten before they were fetched. */
  get lostRowCount(): number {
    return this.#telemetry.lostCount + this.#setpoints.lostCount;
  }

  prediction(prediction: Prediction, actionsRad: Float32Array): void {
    this.#options.writer.prediction(prediction, actionsRad);
  }

  wantsCamera(): boolean {
    return this.#options.pictures === "jpeg";
  }
  camera(frame: Frame, jpeg: Uint8Array): void {
    this.#options.writer.picture(frame, jpeg, "jpeg");
  }
  wantsPredicted(): boolean {
    return false;
  }
  predicted(): void {
    // What the model expected is in the prediction.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#drain();
    await this.#options.writer[Symbol.asyncDispose]();
  }

  #drain(): void {
    const { writer, pictures, camera, onFailure } = this.#options;
    this.#telemetry.drain((stampMs, row) => {
      writer.joints(stampMs, row);
    });
    this.#setpoints.drain((stampMs, row) => {
      writer.setpoint(stampMs, row);
    });
    if (pictures === "raw" && camera.sequence !== this.#pictureSequence) {
      const frame = camera.readCopy();
      this.#pictureSequence = frame?.sequence ?? 0;
      if (frame !== undefined) writer.picture(frame, frame.rgb, "rgb8");
    }
    if (writer.failure === undefined || this.#hasFailed) return;
    this.#hasFailed = true;
    onFailure(writer.failure);
  }
}

/** Hands on every row of a ring once, in order. */
class RingDrain {
  lostCount = 0;
  readonly #ring: SampleRing;
  readonly #row: Float64Array;
  #next = 0;

  constructor(ring: SampleRing) {
    this.#ring = ring;
    this.#row = new Float64Array(ring.width);
    this.#next = ring.count;
  }

  drain(take: (stampMs: number, row: Float64Array) => void): void {
    for (const end = this.#ring.count; this.#next < end; this.#next += 1) {
      const stampMs = this.#ring.rowAt(this.#next, this.#row);
      if (Number.isNaN(stampMs)) this.lostCount += 1;
      else take(stampMs, this.#row);
    }
  }
}
