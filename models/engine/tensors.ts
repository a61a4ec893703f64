import type { Tensor, TensorData, TensorSpec, TensorType } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";

/** `ONNXTensorElementDataType` (onnxruntime_c_api.h) of the types that cross the port. */
export const onnxElementType: Record<TensorType, number> = { float32: 1, uint8: 2, int64: 7 };

export function typeOfData(data: TensorData): TensorType {
  if (data instanceof Float32Array) return "float32";
  return data instanceof Uint8Array ? "uint8" : "int64";
}

const elementCount = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

const shapeText = (shape: readonly (number | string)[]): string => `[${shape.join(", ")}]`;

/**
 * Checks named tensors against what a graph declares: every name, no others, element type, rank,
 * fixed dimensions, and one length per named open dimension.
 */
export function checkTensors(
  session: string,
  direction: "input" | "output",
  specs: readonly TensorSpec[],
  tensors: Readonly<Record<string, Tensor>>,
): void {
  const refuse = (text: string): never => {
    throw new BridgeError(ErrorCode.ModelShape, `${session}: ${text}`);
  };
  const known = new Set(specs.map((spec) => spec.name));
  for (const name of Object.keys(tensors)) {
    if (!known.has(name))
      refuse(`no ${direction} is named ${name}; it has ${[...known].join(", ")}`);
  }
  for (const spec of specs) {
    const tensor = tensors[spec.name] ?? refuse(`${direction} ${spec.name} is not given`);
    const type = typeOfData(tensor.data);
    if (type !== spec.type) refuse(`${direction} ${spec.name} is ${type}, expected ${spec.type}`);
    if (!shapeFits(spec.shape, tensor.shape)) {
      const found = shapeText(tensor.shape);
      refuse(`${direction} ${spec.name} has shape ${found}, expected ${shapeText(spec.shape)}`);
    }
    if (elementCount(tensor.shape) !== tensor.data.length) {
      const count = elementCount(tensor.shape);
      refuse(
        `${direction} ${spec.name} has ${tensor.data.length} elements, its shape says ${count}`,
      );
    }
  }
}

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
