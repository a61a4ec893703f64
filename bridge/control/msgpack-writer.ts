/**
 * MessagePack for what the stream sends, written by hand for one reason: openpi's array convention
 * has byte strings as map keys (`{b"__ndarray__": True, b"data", b"dtype", b"shape"}`), which encoders
 * of plain JavaScript objects cannot say. Format bytes: github.com/msgpack/msgpack spec.md.
 */
type Typed = Float32Array | Float64Array | Uint8Array;

const utf8 = new TextEncoder();
const initialBytes = 4096;

/** Reuses one buffer that grows to the largest message. `encode` returns a copy of the caller's own. */
export class MsgpackWriter {
  #bytes = new Uint8Array(initialBytes);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** @throws TypeError for a value that has no place in a message (function, symbol, bigint). */
  encode(value: unknown): Uint8Array {
    this.#length = 0;
    this.#value(value);
    return this.#bytes.slice(0, this.#length);
  }

  #value(value: unknown): void {
    if (value === null || value === undefined) this.#byte(0xc0);
    else if (typeof value === "boolean") this.#byte(value ? 0xc3 : 0xc2);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#string(value);
    else if (value instanceof Uint8Array) this.#bin(value);
    else if (value instanceof Float32Array || value instanceof Float64Array) {
      this.#ndarray(value, [value.length]);
    } else if (Array.isArray(value)) this.#array(value);
    else if (typeof value === "object") this.#object(value);
    else throw new TypeError(`msgpack cannot carry a ${typeof value}`);
  }

  #number(value: number): void {
    if (Number.isInteger(value) && value >= 0 && value < 0x80) {
      this.#byte(value);
    } else if (Number.isInteger(value) && value >= -0x80000000 && value <= 0x7fffffff) {
      this.#byte(0xd2);
      this.#room(4);
      this.#view.setInt32(this.#length, value);
      this.#length += 4;
    } else {
      this.#byte(0xcb);
      this.#room(8);
      this.#view.setFloat64(this.#length, value);
      this.#length += 8;
    }
  }

  #string(value: string): void {
    const bytes = utf8.encode(value);
    this.#head(bytes.length, { fix: 0xa0, fixMax: 31, wide16: 0xda, wide32: 0xdb });
    this.#raw(bytes);
  }

  #bin(value: Uint8Array): void {
    this.#byte(0xc6);
    this.#u32(value.length);
    this.#raw(value);
  }

  #array(value: readonly unknown[]): void {
    this.#head(value.length, { fix: 0x90, fixMax: 15, wide16: 0xdc, wide32: 0xdd });
    for (const item of value) this.#value(item);
  }

  #object(value: object): void {
    if (isNdArray(value)) {
      this.#ndarray(value.data, value.shape);
      return;
    }
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    this.#head(entries.length, { fix: 0x80, fixMax: 15, wide16: 0xde, wide32: 0xdf });
    for (const [key, item] of entries) {
      this.#string(key);
      this.#value(item);
    }
  }

  /** numpy's `dtype.str`, e.g. `<f4`: typed arrays are little-endian on every machine Node runs on. */
  #ndarray(data: Typed, shape: readonly number[]): void {
    const dtype =
      data instanceof Float32Array ? "<f4" : data instanceof Float64Array ? "<f8" : "|u1";
    this.#byte(0x84);
    this.#key("__ndarray__");
    this.#byte(0xc3);
    this.#key("data");
    this.#bin(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#key("dtype");
    this.#string(dtype);
    this.#key("shape");
    this.#array(shape);
  }

  #key(name: string): void {
    this.#byte(0xc4);
    this.#byte(name.length);
    this.#raw(utf8.encode(name));
  }

  #head(
    length: number,
    format: {
      readonly fix: number;
      readonly fixMax: number;
      readonly wide16: number;
      readonly wide32: number;
    },
  ): void {
    if (length <= format.fixMax) {
      this.#byte(format.fix | length);
    } else if (length <= 0xffff) {
      this.#byte(format.wide16);
      this.#byte(length >>> 8);
      this.#byte(length & 0xff);
    } else {
      this.#byte(format.wide32);
      this.#u32(length);
    }
  }

  #u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  #byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  #raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #room(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function isNdArray(value: object): value is { data: Typed; shape: readonly number[] } {
  return "data" in value && ArrayBuffer.isView(value.data) && "shape" in value;
}
