import type { TensorSpec, TensorType } from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { elementTypes, tensorTypes } from "../tensors.ts";
import type { Address } from "./native-library.ts";
import type { OrtApi } from "./ort-api.ts";

interface Described {
  readonly api: OrtApi;
  readonly allocator: Address;
}

const code = ErrorCode.EngineSession;

/** Names, element types and shapes of a session's inputs or outputs. */
export function describeTensors(
  host: Described,
  session: Address,
  sessionName: string,
  direction: "input" | "output",
): TensorSpec[] {
  const { api, allocator } = host;
  const functions = api.functions;
  const isInput = direction === "input";
  const countOf = isInput ? functions.SessionGetInputCount : functions.SessionGetOutputCount;
  const nameOf = isInput ? functions.SessionGetInputName : functions.SessionGetOutputName;
  const infoOf = isInput ? functions.SessionGetInputTypeInfo : functions.SessionGetOutputTypeInfo;
  const count = Number(api.make((out) => countOf(session, out), code, sessionName));
  return Array.from({ length: count }, (_, index) => {
    const nameAt = api.make((out) => nameOf(session, index, allocator, out), code, sessionName);
    const name = api.text(nameAt);
    api.check(functions.AllocatorFree(allocator, nameAt), code, sessionName);
    const info = api.make((out) => infoOf(session, index, out), code, sessionName);
    try {
      return describeTensor(api, info, `${sessionName} ${direction} ${name}`, name);
    } finally {
      functions.ReleaseTypeInfo(info);
    }
  });
}

function describeTensor(api: OrtApi, info: Address, what: string, name: string): TensorSpec {
  const functions = api.functions;
  const tensor = api.make((out) => functions.CastTypeInfoToTensorInfo(info, out), code, what);
  if (tensor === 0n) throw new BridgeError(code, `${what} is not a tensor`);
  const element = Number(
    api.make((out) => functions.GetTensorElementType(tensor, out), code, what),
  );
  const rank = Number(api.make((out) => functions.GetDimensionsCount(tensor, out), code, what));
  const sizes = new BigInt64Array(rank);
  const names = new BigUint64Array(rank);
  if (rank > 0) {
    api.check(functions.GetDimensions(tensor, sizes, rank), code, what);
    api.check(functions.GetSymbolicDimensions(tensor, names, rank), code, what);
  }
  const shape = Array.from(sizes, (size, axis) => {
    if (size >= 0n) return Number(size);
    const symbol = names[axis] ?? 0n;
    return (symbol === 0n ? "" : api.text(symbol)) || `dim${axis}`;
  });
  return { name, type: elementTypeName(element, what), shape };
}

function elementTypeName(element: number, what: string): TensorType {
  const found = tensorTypes.find((type) => elementTypes[type].onnx === element);
  if (found !== undefined) return found;
  const expected = tensorTypes.map((type) => `${type} (${elementTypes[type].onnx})`).join(", ");
  throw new BridgeError(code, `${what} has ONNX element type ${element}, expected ${expected}`);
}
