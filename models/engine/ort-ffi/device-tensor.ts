import type { DeviceTensor, TensorData, TensorType } from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { requireRepeatable } from "../host-tensor.ts";
import { elementCount, elementTypes, requireFittingData, requireShape } from "../tensors.ts";
import type { DeviceMemory } from "./device-memory.ts";
import { pointerArray } from "./c-arrays.ts";
import type { Address } from "./native-library.ts";
import { hostValue, valueOver } from "./values.ts";

/** A tensor in a device's memory. */
export class OrtDeviceTensor implements DeviceTensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  readonly memory: DeviceMemory;
  readonly #value: Address;
  readonly #what: string;
  readonly #onClosed: (tensor: OrtDeviceTensor) => void;
  /** Views of this tensor's memory, one for every repetition of a smaller tensor of that many bytes. */
  readonly #rows = new Map<number, BigUint64Array>();
  #isOpen = true;

  /**
   * Allocates, and fills with zeros, which also shows that copying works.
   *
   * @throws BridgeError `engine/device`; `model/shape` for sizes that are not positive integers.
   */
  constructor(
    memory: DeviceMemory,
    session: string,
    type: TensorType,
    shape: readonly number[],
    onClosed: (tensor: OrtDeviceTensor) => void = () => undefined,
  ) {
    this.#what = `${session}: device tensor`;
    requireShape(this.#what, shape);
    this.type = type;
    this.shape = [...shape];
    this.memory = memory;
    this.byteLength = elementCount(shape) * elementTypes[type].byteLength;
    this.#onClosed = onClosed;
    const { api } = memory.runtime;
    const sizes = BigInt64Array.from(shape, BigInt);
    const create = api.functions.CreateTensorAsOrtValue;
    const { onnx, array } = elementTypes[type];
    this.#value = api.make(
      (out) => create(memory.allocator, sizes, sizes.length, onnx, out),
      ErrorCode.EngineDevice,
      this.#what,
    );
    try {
      this.upload(new array(elementCount(shape)));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** The OrtValue. */
  get value(): Address {
    this.#mustBeOpen();
    return this.#value;
  }

  upload(data: TensorData): void {
    this.#mustBeOpen();
    requireFittingData(this.#what, this.type, elementCount(this.shape), data);
    this.#withHost(data, (host) => {
      this.memory.copy(this.type, BigUint64Array.of(host), BigUint64Array.of(this.#value));
    });
  }

  download(out: TensorData): void {
    this.#mustBeOpen();
    requireFittingData(this.#what, this.type, elementCount(this.shape), out);
    this.#withHost(out, (host) => {
      this.memory.copy(this.type, BigUint64Array.of(this.#value), BigUint64Array.of(host));
    });
  }

  copyFrom(other: DeviceTensor): void {
    this.#mustBeOpen();
    requireRepeatable(this.#what, this, other);
    if (!(other instanceof OrtDeviceTensor) || other.memory.name !== this.memory.name) {
      const text = `${this.#what} in ${this.memory.name}: the other tensor is elsewhere`;
      throw new BridgeError(ErrorCode.EngineDevice, text);
    }
    const rows = this.#rowsLike(other);
    this.memory.copy(this.type, new BigUint64Array(rows.length).fill(other.value), rows);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { ReleaseValue } = this.memory.runtime.api.functions;
    for (const [byteLength, rows] of this.#rows) {
      if (byteLength !== this.byteLength) for (const row of rows) ReleaseValue(row);
    }
    ReleaseValue(this.#value);
    this.#onClosed(this);
  }

  #withHost(data: TensorData, work: (host: Address) => void): void {
    const { runtime } = this.memory;
    const host = hostValue(runtime, this.#what, this.type, data, this.shape);
    try {
      work(host);
    } finally {
      runtime.api.functions.ReleaseValue(host);
    }
  }

  /** This tensor's memory as values of another's shape, each behind the one before. */
  #rowsLike(other: OrtDeviceTensor): BigUint64Array {
    const known = this.#rows.get(other.byteLength);
    if (known !== undefined) return known;
    const count = this.byteLength / other.byteLength;
    const rows = count === 1 ? pointerArray([this.#value]) : this.#makeRows(other, count);
    this.#rows.set(other.byteLength, rows);
    return rows;
  }

  #makeRows(other: OrtDeviceTensor, count: number): BigUint64Array {
    const { runtime, info } = this.memory;
    const { api } = runtime;
    const code = ErrorCode.EngineDevice;
    const data = api.functions.GetTensorMutableData;
    const start = api.make((out) => data(this.#value, out), code, this.#what);
    return BigUint64Array.from({ length: count }, (_, row) => {
      const at = start + BigInt(row * other.byteLength);
      return valueOver(runtime, info, this.#what, this.type, at, other.byteLength, other.shape);
    });
  }

  #mustBeOpen(): void {
    if (this.#isOpen) return;
    throw new BridgeError(ErrorCode.ModelClosed, `${this.#what} is disposed`);
  }
}
