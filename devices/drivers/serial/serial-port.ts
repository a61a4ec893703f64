/** Frames of 8 data bits, no parity, one stop bit, no flow control: what every protocol here speaks. */
export interface SerialPortOptions {
  /** `/dev/ttyUSB0`, better `/dev/serial/by-id/...`, which stays the same; `COM3` on Windows. */
  readonly path: string;
  readonly baudRate: number;
  /** Of what waits while the port takes no more; default 4096. */
  readonly maxQueueBytes?: number;
}

export interface SerialPortEvents {
  /** The bytes are reused: read them before the call returns. // hot path */
  onBytes(bytes: Uint8Array, length: number): void;
  /** Once, when the port has gone: unplugged, hung up, an error. Not after `close`. */
  onClosed(reason: string): void;
}

/** An open port. */
export interface SerialPort {
  readonly droppedFrames: number;
  /** Takes one whole frame; copies what the port does not take at once. // hot path */
  write(frame: Uint8Array, length: number): void;
  /** Idempotent; what still waits is lost. */
  close(): Promise<void>;
}
