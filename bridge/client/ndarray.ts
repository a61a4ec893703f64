import { decode } from "@msgpack/msgpack";

const utf8 = new TextDecoder();

/**
 * MessagePack with openpi's arrays in it: `{b"__ndarray__": true, b"data", b"dtype", b"shape"}` becomes
 * `{ data: typed array, shape }`. Other byte strings stay Uint8Array.
 *
 * @throws Error if the bytes are not MessagePack or the dtype is not f4, f8 or u1.
 */
export function decodeMessage(bytes: Uint8Array): unknown {
  return revive(decode(bytes, { mapKeyConverter: keyText }));
}

function keyText(key: unknown): string {
  return key instanceof Uint8Array ? utf8.decode(key) : String(key);
}

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const record = value as Record<string, unknown>;
  if (record["__ndarray__"] === true) return ndarray(record);
  return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, revive(item)]));
}

function ndarray(record: Record<string, unknown>): unknown {
  const { data, dtype, shape } = record;
  if (!(data instanceof Uint8Array)) throw new Error("ndarray data is missing, expected bytes");
  // A view into the message need not be aligned for wider numbers, so they are copied.
  const own = data.slice().buffer;
  if (dtype === "<f4") return { data: new Float32Array(own), shape };
  if (dtype === "<f8") return { data: new Float64Array(own), shape };
  if (dtype === "|u1") return { data: new Uint8Array(own), shape };
  throw new Error(`ndarray dtype is ${String(dtype)}, expected <f4, <f8 or |u1`);
}
