import type { Frame } from "./contract/frame.ts";
import type { FrameMailbox } from "./contract/frame-mailbox.ts";

/** A place pictures go to: the stream socket, the ROS graph. */
export interface PictureSink {
  wantsCamera(): boolean;
  camera(frame: Frame, jpeg: Uint8Array): void;
  wantsPredicted(): boolean;
  predicted(frame: Frame, jpeg: Uint8Array, aheadMs: number): void;
}

export interface CameraFeedOptions {
  readonly camera: FrameMailbox;
  readonly sinks: readonly PictureSink[];
  /** Encodes off this thread. Undefined: a newer frame of the same kind took its place. */
  readonly encode: (kind: "camera" | "predicted", frame: Frame) => Promise<Uint8Array | undefined>;
  /** Told when pictures begin or cease to be wanted, so that the camera can slow down. */
  readonly onDemand: (wanted: boolean) => void;
  readonly onError: (error: unknown) => void;
}

/** Turns camera frames into JPEG for whoever wants them, and only then. */
export class CameraFeed {
  readonly #options: CameraFeedOptions;
  #sentSequence = 0;
  #wanted = false;

  constructor(options: CameraFeedOptions) {
    this.#options = options;
  }

  /** Whether anyone wants to see what the model expects. // hot path */
  wantsPredicted(): boolean {
    for (const sink of this.#options.sinks) if (sink.wantsPredicted()) return true;
    return false;
  }

  /** Sends the newest frame on if it is new and wanted. To be called about as often as frames come. */
  poll(): void {
    const { camera, sinks } = this.#options;
    const takers = sinks.filter((sink) => sink.wantsCamera());
    this.#noteDemand(takers.length > 0 || this.wantsPredicted());
    if (takers.length === 0 || camera.sequence === this.#sentSequence) return;
    const frame = camera.readCopy();
    if (frame === undefined) return;
    this.#sentSequence = frame.sequence;
    this.#send("camera", frame, (jpeg) => {
      for (const sink of takers) sink.camera(frame, jpeg);
    });
  }

  /** @param frame stamped with the time it is predicted for. */
  predicted(frame: Frame, aheadMs: number): void {
    const takers = this.#options.sinks.filter((sink) => sink.wantsPredicted());
    if (takers.length === 0) return;
    this.#send("predicted", frame, (jpeg) => {
      for (const sink of takers) sink.predicted(frame, jpeg, aheadMs);
    });
  }

  #noteDemand(wanted: boolean): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#options.onDemand(wanted);
  }

  #send(kind: "camera" | "predicted", frame: Frame, deliver: (jpeg: Uint8Array) => void): void {
    const { encode, onError } = this.#options;
    encode(kind, frame)
      .then((jpeg) => {
        if (jpeg !== undefined) deliver(jpeg);
      })
      .catch(onError);
  }
}
