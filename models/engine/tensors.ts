import type {
  DeviceTensor,
  Tensor,
  TensorData,
  TensorSpec,
  TensorType,
} from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";

interface ElementType {
  /** `ONNXTensorElementDataType` (onnxruntime_c_api.h). */
  readonly onnx: number;
  readonly byteLength: number;
  readonly array: new (length: number) => TensorData;
}

/** The element types that cross the port, and what carries them. */
export const elementTypes: Record<TensorType, ElementType> = {
  float32: { onnx: 1, byteLength: 4, array: Float32Array },
  uint8: { onnx: 2, byteLength: 1, array: Uint8Array },
  int32: { onnx: 6, byteLength: 4, array: Int32Array },
  int64: { onnx: 7, byteLength: 8, array: BigInt64Array },
  bool: { onnx: 9, byteLength: 1, array: Uint8Array },
  float16: { onnx: 10, byteLength: 2, array: Uint16Array },
  bfloat16: { onnx: 16, byteLength: 2, array: Uint16Array },
};

export const tensorTypes = Object.keys(elementTypes) as TensorType[];

export const isDeviceTensor = (tensor: Tensor | DeviceTensor): tensor is DeviceTensor =>
  "upload" in tensor;

export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

/** @throws BridgeError `model/shape` unless every size is a positive integer. */
export function requireShape(what: string, shape: readonly number[]): void {
  if (shape.every((size) => Number.isInteger(size) && size > 0)) return;
  throw new BridgeError(
    ErrorCode.ModelShape,
    `${what} has shape ${shapeText(shape)}, expected positive sizes`,
  );
}

/** @throws BridgeError `model/shape` unless `data` can be copied to or from a tensor of this type and size. */
export function requireFittingData(
  what: string,
  type: TensorType,
  count: number,
  data: TensorData,
): void {
  if (carries(type, data) && data.length === count) return;
  const found = `${data.length} elements of ${data.constructor.name}`;
  throw new BridgeError(
    ErrorCode.ModelShape,
    `${what}: ${found} given, expected ${count} of ${elementTypes[type].array.name} for ${type}`,
  );
}

/**
 * Checks named tensors against what a graph declares: every name, no others, element type, rank,
 * fixed dimensions, and a size for every open one.
 *
 * @throws BridgeError `model/shape`.
 */
export function checkTensors(
  session: string,
  direction: "input" | "output",
  specs: readonly TensorSpec[],
  tensors: Readonly<Record<string, Tensor | DeviceTensor>>,
): void {
  const known = new Set(specs.map((spec) => spec.name));
  for (const name of Object.keys(tensors)) {
    if (known.has(name)) continue;
    const text = `${session}: no ${direction} is named ${name}; it has ${[...known].join(", ")}`;
    throw new BridgeError(ErrorCode.ModelShape, text);
  }
  for (const spec of specs) {
    const tensor = tensors[spec.name];
    const problem = tensor === undefined ? "is not given" : mismatch(spec, tensor);
    if (problem === undefined) continue;
    throw new BridgeError(ErrorCode.ModelShape, `${session}: ${direction} ${spec.name} ${problem}`);
  }
}

function mismatch(spec: TensorSpec, tensor: Tensor | DeviceTensor): string | undefined {
  const found = typeText(spec, tensor);
  if (found !== spec.type) return `is ${found}, expected ${spec.type}`;
  if (!shapeFits(spec.shape, tensor.shape)) {
    return `has shape ${shapeText(tensor.shape)}, expected ${shapeText(spec.shape)}`;
  }
  if (isDeviceTensor(tensor)) return undefined;
  const count = elementCount(tensor.shape);
  if (count === tensor.data.length) return undefined;
  return `has ${tensor.data.length} elements, its shape says ${count}`;
}

/** The tensor's type; of those its buffer could carry, the one the graph declares if possible. */
function typeText(spec: TensorSpec, tensor: Tensor | DeviceTensor): string {
  if (isDeviceTensor(tensor)) return tensor.type;
  if (carries(spec.type, tensor.data)) return spec.type;
  const carried = tensorTypes.filter((type) => carries(type, tensor.data));
  return carried.join(" or ") || tensor.data.constructor.name;
}

const carries = (type: TensorType, data: TensorData): boolean =>
  data instanceof elementTypes[type].array;

const shapeText = (shape: readonly (number | string)[]): string => `[${shape.join(", ")}]`;

/** Whether a concrete shape is one of a declared shape's. Open dimensions accept any positive size. */
function shapeFits(declared: readonly (number | string)[], concrete: readonly number[]): boolean {
  if (declared.length !== concrete.length) return false;
  return concrete.every((size, axis) => {
    const expected = declared[axis];
    return (
      Number.isInteger(size) && size > 0 && (typeof expected === "string" || expected === size)
    );
  });
}
