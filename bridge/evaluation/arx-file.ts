import { BridgeError, ErrorCode } from "../contract/errors.ts";
import { arxShapes, type ArxMaps } from "./arx.ts";

/** All maps one after another, float32 little-endian, in the order of `arxShapes`. */
export function packArx(maps: ArxMaps): Uint8Array {
  const values = arxShapes().flatMap(({ part, k }) => Array.from(maps[part].get(k) ?? []));
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** @throws BridgeError `model/shape` for a file of another size. */
export function unpackArx(content: Uint8Array): ArxMaps {
  const values = new Float32Array(content.slice().buffer);
  const expected = arxShapes().reduce((sum, { length }) => sum + length, 0);
  if (values.length !== expected) {
    throw new BridgeError(
      ErrorCode.ModelShape,
      `the baseline has ${values.length} coefficients, expected ${expected}`,
    );
  }
  const maps = {
    joints: new Map<number, Float64Array>(),
    bearing: new Map<number, Float64Array>(),
  };
  let at = 0;
  for (const { part, k, length } of arxShapes()) {
    maps[part].set(k, Float64Array.from(values.subarray(at, at + length)));
    at += length;
  }
  return maps;
}
