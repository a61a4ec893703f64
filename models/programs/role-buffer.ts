import type { Tensor, TensorData, TensorSpec, TensorType } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { fromHalf, toHalf } from "../engine/half.ts";

export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

export function makeData(type: TensorType, length: number): TensorData {
  switch (type) {
    case "float32":
      return new Float32Array(length);
    case "float16":
    case "bfloat16":
      return new Uint16Array(length);
    case "uint8":
    case "bool":
      return new Uint8Array(length);
    case "int32":
      return new Int32Array(length);
    case "int64":
      return new BigInt64Array(length);
    default:
      return type satisfies never;
  }
}

/**
 * A graph's input or output as float32, whatever the graph's own type is. For float32 graphs both are
 * one buffer; for the others `push` and `pull` convert at the border.
 */
export class RoleBuffer {
  readonly tensor: Tensor;
  readonly values: Float32Array;
  readonly type: TensorType;

  constructor(type: TensorType, shape: readonly number[]) {
    const data = makeData(type, elementCount(shape));
    this.type = type;
    this.tensor = { data, shape };
    this.values = data instanceof Float32Array ? data : new Float32Array(data.length);
  }

  /** `values` to the graph's type. // hot path */
  push(): void {
    const { data } = this.tensor;
    if (data === this.values) return;
    if (data instanceof Uint16Array) {
      toHalf(this.type === "bfloat16" ? "bfloat16" : "float16", this.values, data);
    } else if (data instanceof BigInt64Array) {
      for (let i = 0; i < data.length; i += 1) data[i] = BigInt(Math.round(this.values[i] ?? 0));
    } else {
      data.set(this.values);
    }
  }

  /** The graph's numbers to `values`. // hot path */
  pull(): void {
    const { data } = this.tensor;
    if (data === this.values) return;
    if (data instanceof Uint16Array) {
      fromHalf(this.type === "bfloat16" ? "bfloat16" : "float16", data, this.values);
    } else if (data instanceof BigInt64Array) {
      for (let i = 0; i < data.length; i += 1) this.values[i] = Number(data[i] ?? 0n);
    } else {
      this.values.set(data);
    }
  }
}

/** What one typed array can be asked to hold without failing for its length alone. */
const maxElements = 2 ** 31;

/**
 * A declared shape with its open axes filled in: the first is the batch, and `horizon`, where it is
 * given, the second.
 *
 * @throws BridgeError `model/shape` when another axis is open.
 */
export function concreteShape(
  graph: string,
  spec: TensorSpec,
  batch: number,
  horizon?: number,
): number[] {
  const shape = spec.shape.map((size, axis) => {
    if (typeof size === "number") return size;
    if (axis === 0) return batch;
    if (axis === 1 && horizon !== undefined) return horizon;
    const text = `${graph}: axis ${axis} of ${spec.name} is open (${size}), only the batch may be`;
    throw new BridgeError(ErrorCode.ModelShape, text);
  });
  if (elementCount(shape) <= maxElements) return shape;
  const text = `${graph}: ${spec.name} is [${shape.join(", ")}], limit is ${maxElements} elements`;
  throw new BridgeError(ErrorCode.ModelShape, text);
}

/** Repeats `row` until `rows` is full. // hot path */
export function broadcast(row: Float32Array, rows: Float32Array): void {
  for (let offset = 0; offset < rows.length; offset += row.length) rows.set(row, offset);
}

/** @throws BridgeError `model/output`. // hot path */
export function mustBeFinite(values: Float32Array, what: string): void {
  for (const value of values) {
    if (!Number.isFinite(value)) {
      const text = `${what} holds ${value}, expected finite numbers`;
      throw new BridgeError(ErrorCode.ModelOutput, text);
    }
  }
}
