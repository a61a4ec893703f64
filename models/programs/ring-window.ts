import type { TensorData } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { Ring } from "../package/graph-schema.ts";

/** The last values of one role, oldest first; graph units. */
export class RingWindow {
  readonly spec: Ring;
  readonly rowWidth: number;
  /** [window, row]. */
  readonly values: Float32Array;
  #isEmpty = true;

  constructor(spec: Ring, rowWidth: number) {
    this.spec = spec;
    this.rowWidth = rowWidth;
    this.values = new Float32Array(spec.window * rowWidth);
  }

  clear(): void {
    this.values.fill(0);
    this.#isEmpty = true;
  }

  /** The first value fills the window: until it is full its oldest row stands for the time before. // hot path */
  push(row: Float32Array): void {
    if (this.#isEmpty) {
      for (let at = 0; at < this.values.length; at += this.rowWidth) this.values.set(row, at);
      this.#isEmpty = false;
      return;
    }
    pushRow(this.values, 0, this.spec.window, row);
  }

  /** The content, and behind it one number: whether there is any. */
  save(): Float32Array {
    return Float32Array.from([...this.values, this.#isEmpty ? 1 : 0]);
  }

  /** @throws BridgeError `model/shape`. */
  load(saved: TensorData | undefined): void {
    if (!(saved instanceof Float32Array) || saved.length !== this.values.length + 1) {
      throw new BridgeError(ErrorCode.ModelShape, "the snapshot is of another package");
    }
    this.values.set(saved.subarray(0, this.values.length));
    this.#isEmpty = saved.at(-1) === 1;
  }
}

/** Moves a window's rows one towards the old end and writes the newest. // hot path */
export function pushRow(
  windows: Float32Array,
  offset: number,
  window: number,
  row: Float32Array,
): void {
  const width = row.length;
  windows.copyWithin(offset, offset + width, offset + window * width);
  windows.set(row, offset + (window - 1) * width);
}
