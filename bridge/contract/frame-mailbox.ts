import type { Frame } from "./frame.ts";

const slotCount = 4;
const headerBytes = 64;

/**
 * The newest camera picture between threads: one writer, any readers, latest wins. Four slots, so a
 * reader has three frame periods to copy before the writer comes round; a copy that was overtaken
 * is retried.
 *
 * ```
 * byte 0    int32 published sequence (0 = none) · widthPx · heightPx
 * byte 16   int32 slot sequence [4]
 * byte 32   float64 slot stampMs [4]
 * byte 64   uint8 rgb [4][widthPx * heightPx * 3]
 * ```
 */
export class FrameMailbox {
  readonly buffer: SharedArrayBuffer;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly #header: Int32Array;
  readonly #stamps: Float64Array;
  readonly #slots: readonly Uint8Array[];

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#header = new Int32Array(buffer, 0, 8);
    this.#stamps = new Float64Array(buffer, 32, slotCount);
    this.widthPx = Atomics.load(this.#header, 1);
    this.heightPx = Atomics.load(this.#header, 2);
    const frameBytes = this.widthPx * this.heightPx * 3;
    this.#slots = Array.from(
      { length: slotCount },
      (_, slot) => new Uint8Array(buffer, headerBytes + slot * frameBytes, frameBytes),
    );
  }

  static create(size: { readonly widthPx: number; readonly heightPx: number }): FrameMailbox {
    const buffer = new SharedArrayBuffer(
      headerBytes + slotCount * size.widthPx * size.heightPx * 3,
    );
    const header = new Int32Array(buffer, 0, 8);
    header[1] = size.widthPx;
    header[2] = size.heightPx;
    return new FrameMailbox(buffer);
  }

  /** Sequence of the newest frame, 0 while there is none. */
  get sequence(): number {
    return Atomics.load(this.#header, 0);
  }

  /** Publishes a copy of `rgb`. // hot path */
  write(stampMs: number, rgb: Uint8Array): void {
    const sequence = Atomics.load(this.#header, 0) + 1;
    const slot = sequence % slotCount;
    Atomics.store(this.#header, 4 + slot, 0);
    this.#slots[slot]?.set(rgb);
    this.#stamps[slot] = stampMs;
    Atomics.store(this.#header, 4 + slot, sequence);
    Atomics.store(this.#header, 0, sequence);
  }

  /**
   * Sequence of the newest frame not newer than `timeMs`, 0 if there is none. Looks back two frames:
   * the slot of the third is the next to be written.
   */
  sequenceAt(timeMs: number): number {
    const newest = Atomics.load(this.#header, 0);
    for (let sequence = newest; sequence > 0 && sequence > newest - 3; sequence -= 1) {
      const slot = sequence % slotCount;
      const stampMs = this.#stamps[slot] ?? Number.NaN;
      if (stampMs <= timeMs && Atomics.load(this.#header, 4 + slot) === sequence) return sequence;
    }
    return 0;
  }

  /**
   * A copy of the newest frame (not newer than `timeMs`) in a buffer of the caller's own; undefined
   * while there is none.
   */
  readCopy(into?: Uint8Array, timeMs = Number.POSITIVE_INFINITY): Frame | undefined {
    const rgb = into ?? new Uint8Array(this.widthPx * this.heightPx * 3);
    for (;;) {
      const sequence = this.sequenceAt(timeMs);
      if (sequence === 0) return undefined;
      const slot = sequence % slotCount;
      const pixels = this.#slots[slot];
      const stampMs = this.#stamps[slot];
      if (pixels === undefined || stampMs === undefined) return undefined;
      rgb.set(pixels);
      if (Atomics.load(this.#header, 4 + slot) === sequence) {
        return { stampMs, sequence, widthPx: this.widthPx, heightPx: this.heightPx, rgb };
      }
    }
  }
}
