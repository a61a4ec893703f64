import type { DeviceTensor, TensorData, TensorType } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { elementCount, elementTypes, requireFittingData, requireShape } from "./tensors.ts";

/** A device tensor of a session that computes in host memory: a typed array, bound like any other. */
export class HostTensor implements DeviceTensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  readonly data: TensorData;
  readonly #what: string;

  /** @throws BridgeError `model/shape` for sizes that are not positive integers. */
  constructor(session: string, type: TensorType, shape: readonly number[]) {
    this.#what = `${session}: device tensor`;
    requireShape(this.#what, shape);
    this.type = type;
    this.shape = [...shape];
    this.data = new elementTypes[type].array(elementCount(shape));
    this.byteLength = this.data.byteLength;
  }

  upload(data: TensorData): void {
    requireFittingData(this.#what, this.type, this.data.length, data);
    setAt(this.data, data, 0);
  }

  download(out: TensorData): void {
    requireFittingData(this.#what, this.type, this.data.length, out);
    setAt(out, this.data, 0);
  }

  copyFrom(other: DeviceTensor): void {
    requireRepeatable(this.#what, this, other);
    if (!(other instanceof HostTensor)) {
      const text = `${this.#what}: the other tensor is not in host memory`;
      throw new BridgeError(ErrorCode.EngineDevice, text);
    }
    const from = other.data;
    for (let at = 0; at < this.data.length; at += from.length) setAt(this.data, from, at);
  }

  [Symbol.dispose](): void {
    // The collector's business: bindings made over it hold it.
  }
}

/** @throws BridgeError `model/shape` unless `other`, repeated, fills `tensor`. */
export function requireRepeatable(what: string, tensor: DeviceTensor, other: DeviceTensor): void {
  if (tensor.type === other.type && tensor.byteLength % other.byteLength === 0) return;
  const found = `${other.type} of ${other.byteLength} B`;
  throw new BridgeError(
    ErrorCode.ModelShape,
    `${what}: ${found} does not fill ${tensor.type} of ${tensor.byteLength} B`,
  );
}

function setAt(to: TensorData, from: TensorData, at: number): void {
  if (from instanceof BigInt64Array) (to as BigInt64Array).set(from, at);
  else (to as Float32Array).set(from, at);
}
