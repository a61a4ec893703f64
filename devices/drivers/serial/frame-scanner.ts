/** How frames of a protocol look on the line. Pure functions; nothing they are given makes them throw. */
export interface FrameFormat {
  /** Whether a frame may begin with this byte. // hot path */
  begins(byte: number): boolean;
  /**
   * Length of the frame that begins at `start`, of which bytes up to `end` are there: 0 if more bytes are
   * needed to tell, -1 if none begins here. // hot path
   */
  lengthAt(bytes: Uint8Array, start: number, end: number): number;
  /** Checksums. // hot path */
  isIntact(bytes: Uint8Array, start: number, length: number): boolean;
}

/** The bytes are the scanner's: read them before the call returns. // hot path */
export type OnFrame = (bytes: Uint8Array, start: number, length: number) => void;

/**
 * Finds frames in a stream of bytes, however it is cut. After a spoiled frame it looks on from the byte
 * after that frame's first, so a good frame is lost only if its own bytes are spoiled. Allocates nothing.
 */
export class FrameScanner {
  frames = 0;
  checksumErrors = 0;
  /** Bytes that belonged to no frame. */
  resyncBytes = 0;
  readonly #format: FrameFormat;
  readonly #maxFrameBytes: number;
  readonly #onFrame: OnFrame;
  readonly #bytes: Uint8Array;
  #start = 0;
  #end = 0;

  /** @param maxFrameBytes what claims to be longer is no frame. */
  constructor(format: FrameFormat, maxFrameBytes: number, onFrame: OnFrame) {
    this.#format = format;
    this.#maxFrameBytes = maxFrameBytes;
    this.#onFrame = onFrame;
    this.#bytes = new Uint8Array(4 * maxFrameBytes);
  }

  /** // hot path */
  feed(bytes: Uint8Array, length: number): void {
    let at = 0;
    while (at < length) {
      this.#makeRoom();
      const count = Math.min(length - at, this.#bytes.length - this.#end);
      for (let index = 0; index < count; index += 1) {
        this.#bytes[this.#end + index] = bytes[at + index] ?? 0;
      }
      this.#end += count;
      at += count;
      this.#scan();
    }
  }

  /** The rest of a frame that has begun will not come: looks for another in what is there. */
  abandon(): void {
    while (this.#start < this.#end) {
      this.#skip();
      this.#scan();
    }
  }

  /** Forgets what was received: it was said on another line, or before a break. */
  clear(): void {
    this.#start = this.#end = 0;
  }

  #scan(): void {
    while (this.#start < this.#end) {
      if (!this.#format.begins(this.#bytes[this.#start] ?? 0)) {
        this.#skip();
        continue;
      }
      const length = this.#format.lengthAt(this.#bytes, this.#start, this.#end);
      if (length < 0 || length > this.#maxFrameBytes) {
        this.#skip();
        continue;
      }
      if (length === 0 || this.#start + length > this.#end) return;
      this.#take(length);
    }
  }

  #take(length: number): void {
    const start = this.#start;
    if (!this.#format.isIntact(this.#bytes, start, length)) {
      this.checksumErrors += 1;
      this.#skip();
      return;
    }
    this.frames += 1;
    this.#start = start + length;
    this.#onFrame(this.#bytes, start, length);
  }

  #skip(): void {
    this.#start += 1;
    this.resyncBytes += 1;
  }

  /** What is kept is at most one frame, so a quarter of the buffer is all that is ever moved. */
  #makeRoom(): void {
    if (this.#end < this.#bytes.length) return;
    this.#bytes.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }
}
