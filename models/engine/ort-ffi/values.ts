import type { TensorData, TensorType } from "../../../bridge/contract/engine.ts";
import { ErrorCode } from "../../../bridge/contract/errors.ts";
import { elementTypes } from "../tensors.ts";
import type { Address } from "./native-library.ts";
import type { Runtime } from "./runtime.ts";

/** An OrtValue over host memory that stays the caller's. Release it, and keep the memory until then. */
export function hostValue(
  { api, cpuMemory }: Runtime,
  what: string,
  type: TensorType,
  data: TensorData,
  shape: readonly number[],
): Address {
  // Touching `buffer` moves a small typed array off V8's heap, where the collector would move it.
  const byteLength = data.buffer.byteLength === 0 ? 0 : data.byteLength;
  return valueOver({ api }, cpuMemory, what, type, data, byteLength, shape);
}

/** An OrtValue over memory described by an `OrtMemoryInfo`. */
export function valueOver(
  { api }: Pick<Runtime, "api">,
  memory: Address,
  what: string,
  type: TensorType,
  data: TensorData | Address,
  byteLength: number,
  shape: readonly number[],
): Address {
  const sizes = BigInt64Array.from(shape, BigInt);
  const make = api.functions.CreateTensorWithDataAsOrtValue;
  const element = elementTypes[type].onnx;
  return api.make(
    (out) => make(memory, data, byteLength, sizes, sizes.length, element, out),
    ErrorCode.EngineSession,
    what,
  );
}
