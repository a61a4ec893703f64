/** What a line tells its owner. `bytes` is reused: read it before the call returns. */
export interface ByteLineEvents {
  /** // hot path */
  onBytes(bytes: Uint8Array, length: number): void;
  onUp(): void;
  /** @param reason a sentence without a full stop that begins with what was found. */
  onDown(reason: string): void;
}

/**
 * A way for bytes to and from a device that comes and goes: it opens by itself, and again after it was
 * lost. Nothing that was written while it was down is sent later.
 */
export interface ByteLine extends AsyncDisposable {
  readonly isUp: boolean;
  /** Frames that were thrown away because newer ones came before the line had taken them. */
  readonly droppedFrames: number;
  /** How often it was opened again. */
  readonly reconnects: number;
  /**
   * Takes one whole frame and never blocks. The bytes are copied if they must wait. False when the line
   * is down. // hot path
   */
  write(frame: Uint8Array, length: number): boolean;
}

/** Starts to open a line; tests give a line without a port. */
export type OpenByteLine = (events: ByteLineEvents) => ByteLine;
