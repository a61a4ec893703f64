import type { Frame } from "./contract/frame.ts";
import type { FrameMailbox } from "./contract/frame-mailbox.ts";

/** A place pictures go to: the stream socket, the ROS graph. */
export interface PictureSink {
  wantsCamera(): boolean;
  camera(frame: Frame, jpeg: Uint8Array): void;
  /** For those who take the pixels as they are. */
  wantsFrames?(): boolean;
  frame?(frame: Frame): void;
  wantsPredicted(): boolean;
  predicted(frame: Frame, jpeg: Uint8Array, aheadMs: number): void;
}

export interface PictureEncoder {
  offer(frame: Frame, deliver: (jpeg: Uint8Array) => void): void;
}

export interface CameraFeedOptions {
  readonly camera: FrameMailbox;
  readonly sinks: readonly PictureSink[];
  /** Whether the model itself looks: it reads the mailbox, so nothing is encoded for it. */
  readonly modelLooks: () => boolean;
  /** Encode off this thread; a newer frame may take the place of one that waits. */
  readonly encoders: { readonly camera: PictureEncoder; readonly predicted: PictureEncoder };
  /** Told when pictures begin or cease to be wanted, so that the camera can slow down. */
  readonly onDemand: (wanted: boolean) => void;
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
    const rawTakers = sinks.filter((sink) => sink.wantsFrames?.() ?? false);
    const takerCount = takers.length + rawTakers.length;
    const { modelLooks } = this.#options;
    this.#noteDemand(takerCount > 0 || this.wantsPredicted() || modelLooks());
    if (takerCount === 0 || camera.sequence === this.#sentSequence) return;
    const frame = camera.readCopy();
    if (frame === undefined) return;
    this.#sentSequence = frame.sequence;
    for (const sink of rawTakers) sink.frame?.(frame);
    if (takers.length === 0) return;
    this.#options.encoders.camera.offer(frame, (jpeg) => {
      for (const sink of takers) sink.camera(frame, jpeg);
    });
  }

  /** @param frame stamped with the time it is predicted for. */
  predicted(frame: Frame, aheadMs: number): void {
    const takers = this.#options.sinks.filter((sink) => sink.wantsPredicted());
    if (takers.length === 0) return;
    this.#options.encoders.predicted.offer(frame, (jpeg) => {
      for (const sink of takers) sink.predicted(frame, jpeg, aheadMs);
    });
  }

  #noteDemand(wanted: boolean): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#options.onDemand(wanted);
  }
}
