import type {
  DeviceTensor,
  EngineSession,
  Tensor,
  TensorData,
  TensorType,
} from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { elementCount, makeData } from "./role-buffer.ts";

/** One state's memory: on the session's device where that is not the host, else in a typed array. */
export interface StateTensor {
  readonly bound: Tensor | DeviceTensor;
  load(data: TensorData): void;
  save(): TensorData;
  /** Fills this one with `other`, repeated along the batch. // hot path */
  broadcastFrom(other: StateTensor): void;
  /** Undefined where asking would fetch it from the device. */
  isFinite(): boolean | undefined;
}

/** On the device of `session` where that saves copies and the library can; else on the host. */
export function makeState(
  session: EngineSession | undefined,
  type: TensorType,
  shape: readonly number[],
): StateTensor {
  if (session === undefined || session.device.isHost) return new HostState(type, shape);
  try {
    return new DeviceState(session.createDeviceTensor(type, shape), session.device.name);
  } catch (error) {
    if (!(error instanceof BridgeError) || error.code !== ErrorCode.EngineDevice) throw error;
    return new HostState(type, shape);
  }
}

class HostState implements StateTensor {
  readonly bound: Tensor;
  readonly #type: TensorType;

  constructor(type: TensorType, shape: readonly number[]) {
    this.#type = type;
    this.bound = { data: makeData(type, elementCount(shape)), shape };
  }

  load(data: TensorData): void {
    const { length } = this.bound.data;
    if (data.length !== length) {
      const text = `a state of ${length} elements was given ${data.length}`;
      throw new BridgeError(ErrorCode.ModelShape, text);
    }
    copyInto(this.bound.data, data, 0);
  }

  save(): TensorData {
    return this.bound.data.slice();
  }

  broadcastFrom(other: StateTensor): void {
    const row = other instanceof HostState ? other.bound.data : other.save();
    const { data } = this.bound;
    for (let offset = 0; offset < data.length; offset += row.length) copyInto(data, row, offset);
  }

  isFinite(): boolean {
    return isFiniteData(this.#type, this.bound.data);
  }
}

class DeviceState implements StateTensor {
  readonly bound: DeviceTensor;
  readonly #device: string;

  constructor(tensor: DeviceTensor, device: string) {
    this.bound = tensor;
    this.#device = device;
  }

  load(data: TensorData): void {
    this.bound.upload(data);
  }

  save(): TensorData {
    const data = makeData(this.bound.type, elementCount(this.bound.shape));
    this.bound.download(data);
    return data;
  }

  broadcastFrom(other: StateTensor): void {
    if (other instanceof DeviceState && other.#device === this.#device) {
      this.bound.copyFrom(other.bound);
      return;
    }
    // The graphs of a package may lie on different devices; their states then pass through the host.
    const rows = makeData(this.bound.type, elementCount(this.bound.shape));
    const row = other.save();
    for (let offset = 0; offset < rows.length; offset += row.length) copyInto(rows, row, offset);
    this.bound.upload(rows);
  }

  isFinite(): undefined {
    return undefined;
  }
}

/** @throws BridgeError `model/shape` for another element type, or an array that does not fit. */
function copyInto(to: TensorData, from: TensorData, offset: number): void {
  if (from.length + offset > to.length || from.constructor !== to.constructor) {
    const text = `a state of ${to.length} elements was given ${from.length} of another kind`;
    throw new BridgeError(ErrorCode.ModelShape, text);
  }
  // Both are of one class, which their union type cannot say.
  (to as Uint8Array).set(from as Uint8Array, offset);
}

/** Infinity and NaN have all exponent bits set: 5 of a float16, 8 of a bfloat16. // hot path */
export function isFiniteData(type: TensorType, data: TensorData): boolean {
  if (data instanceof Float32Array) {
    for (const value of data) if (!Number.isFinite(value)) return false;
  } else if (data instanceof Uint16Array) {
    const exponent = type === "bfloat16" ? 0x7f80 : 0x7c00;
    for (const bits of data) if ((bits & exponent) === exponent) return false;
  }
  return true;
}
