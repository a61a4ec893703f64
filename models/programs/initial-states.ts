import type { TensorData } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { toHalf } from "../engine/half.ts";
import type { State } from "../package/graph-schema.ts";
import { packageFile, type ModelPackage } from "../package/load-package.ts";
import { elementCount, makeData } from "./role-buffer.ts";

/**
 * What a trajectory's state starts from.
 *
 * @throws BridgeError `model/shape` when a file has another length than its state.
 */
export function initialState(pack: ModelPackage, { name, dtype, shape, init }: State): TensorData {
  const data = makeData(dtype, elementCount(shape));
  if (init === "zeros") return data;
  if ("values" in init) {
    writeValues(dtype, data, init.values);
    return data;
  }
  const content = packageFile(pack, init.file);
  if (content.byteLength !== data.byteLength) {
    const text = `${init.file} has ${content.byteLength} bytes, state ${name} has ${data.byteLength}`;
    throw new BridgeError(ErrorCode.ModelShape, text);
  }
  // Both are little-endian: the format's files by definition, every machine ONNX Runtime serves by fact.
  new Uint8Array(data.buffer).set(content);
  return data;
}

function writeValues(dtype: State["dtype"], data: TensorData, values: readonly number[]): void {
  if (data instanceof Uint16Array) {
    toHalf(dtype === "bfloat16" ? "bfloat16" : "float16", values, data);
  } else if (data instanceof BigInt64Array) {
    data.set(values.map((value) => BigInt(Math.round(value))));
  } else {
    data.set(values);
  }
}
