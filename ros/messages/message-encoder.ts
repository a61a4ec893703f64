import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { aligned, CdrCursor, encapsulationBytes } from "./cdr-cursor.ts";
import type { MessageField, PrimitiveType } from "./definition-parser.ts";
import { messageType, type MessageType } from "./type-table.ts";

/** How one value is written: where it ends, so that one allocation does, and its octets. */
interface Encoding {
  end(value: unknown, offset: number): number;
  write(value: unknown, cursor: CdrCursor): void;
}

interface Primitive extends Encoding {
  /** 0 for strings, whose size depends on the text. */
  readonly bytes: number;
  /** The typed arrays that hold such numbers just as CDR does. */
  readonly arrays: readonly ((value: unknown) => boolean)[];
}

const number = (
  bytes: number,
  put: (cursor: CdrCursor, value: number) => void,
  ...arrays: (new () => ArrayBufferView)[]
): Primitive => ({
  bytes,
  arrays: arrays.map((constructor) => (value: unknown) => value instanceof constructor),
  end: (value, offset) => {
    if (typeof value !== "number") throw mismatch(value, "a number");
    return aligned(offset, bytes) + bytes;
  },
  write: (value, cursor) => {
    put(cursor, value as number);
  },
});

const long: Primitive = {
  bytes: 8,
  arrays: [(value) => value instanceof BigInt64Array || value instanceof BigUint64Array],
  end: (value, offset) => {
    const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
    if (!isWhole) throw mismatch(value, "a bigint or whole number");
    return aligned(offset, 8) + 8;
  },
  write: (value, cursor) => {
    cursor.long(typeof value === "bigint" ? value : BigInt(value as number));
  },
};

const octet = number(
  1,
  (cursor, value) => {
    cursor.octet(value);
  },
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
);
const short = number(
  2,
  (cursor, value) => {
    cursor.short(value);
  },
  Uint16Array,
  Int16Array,
);
const word = number(
  4,
  (cursor, value) => {
    cursor.word(value);
  },
  Uint32Array,
  Int32Array,
);

const primitives: Readonly<Record<PrimitiveType, Primitive>> = {
  bool: {
    bytes: 1,
    arrays: [],
    end: (value, offset) => {
      if (typeof value !== "boolean") throw mismatch(value, "true or false");
      return offset + 1;
    },
    write: (value, cursor) => {
      cursor.bool(value as boolean);
    },
  },
  byte: octet,
  char: octet,
  int8: octet,
  uint8: octet,
  int16: short,
  uint16: short,
  int32: word,
  uint32: word,
  int64: long,
  uint64: long,
  float32: number(
    4,
    (cursor, value) => {
      cursor.float(value);
    },
    Float32Array,
  ),
  float64: number(
    8,
    (cursor, value) => {
      cursor.double(value);
    },
    Float64Array,
  ),
  string: {
    bytes: 0,
    arrays: [],
    end: (value, offset) => {
      if (typeof value !== "string") throw mismatch(value, "a text");
      return aligned(offset, 4) + 4 + Buffer.byteLength(value, "utf8") + 1;
    },
    write: (value, cursor) => {
      cursor.string(value as string);
    },
  },
};

/**
 * Makes the encoder of a type: XCDR1, little endian, as ROS 2 has it. Strings are UTF-8; sequences may be
 * arrays or typed arrays; 64-bit integers bigints or whole numbers.
 *
 * @throws BridgeError `ros/type` for a type without a definition; the encoder throws it for a value that
 * does not fit, naming the field.
 */
export function makeEncoder(name: string): (message: unknown) => Uint8Array<ArrayBuffer> {
  const structure = structureOf(messageType(name));
  return (message) => {
    try {
      const cursor = new CdrCursor(structure.end(message, encapsulationBytes));
      structure.write(message, cursor);
      return cursor.bytes;
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      throw new BridgeError(ErrorCode.RosType, `${name}${error.path} is ${error.message}`, {
        details: { type: name, field: error.path },
      });
    }
  };
}

function structureOf({ name, fields }: MessageType): Encoding {
  const parts = fields.map((field) => ({ name: field.name, encoding: encodingOf(field) }));
  // IDL has no empty structures: one octet stands for the one member rosidl puts in.
  if (parts.length === 0) {
    return {
      end: (_value, offset) => offset + 1,
      write: (_value, cursor) => {
        cursor.octet(0);
      },
    };
  }
  return {
    end: (value, offset) => {
      if (typeof value !== "object" || value === null) throw mismatch(value, `a ${name}`);
      let end = offset;
      for (const part of parts) {
        try {
          end = part.encoding.end((value as Record<string, unknown>)[part.name], end);
        } catch (error) {
          throw error instanceof Mismatch ? error.inside(`.${part.name}`) : error;
        }
      }
      return end;
    },
    write: (value, cursor) => {
      for (const part of parts) {
        part.encoding.write((value as Record<string, unknown>)[part.name], cursor);
      }
    },
  };
}

function encodingOf(field: MessageField): Encoding {
  const { type, multiplicity, stringCapacity } = field;
  const one = type.includes("/")
    ? structureOf(messageType(type))
    : bounded(primitives[type as PrimitiveType], stringCapacity);
  return multiplicity === "single" ? one : many(one, field);
}

function bounded(primitive: Primitive, stringCapacity: number): Primitive {
  if (stringCapacity === 0) return primitive;
  return {
    ...primitive,
    end: (value, offset) => {
      const length = typeof value === "string" ? Buffer.byteLength(value, "utf8") : 0;
      if (length > stringCapacity) {
        throw mismatch(value, `at most ${stringCapacity} octets of text`);
      }
      return primitive.end(value, offset);
    },
  };
}

function many(one: Encoding, field: MessageField): Encoding {
  const isCounted = field.multiplicity !== "array";
  const arrays = "arrays" in one ? (one as Primitive).arrays : [];
  const bytes = "bytes" in one ? (one as Primitive).bytes : 0;
  const isRaw = (value: unknown): value is ArrayBufferView => arrays.some((fits) => fits(value));
  return {
    end: (value, offset) => {
      const list = listOf(value, field);
      let end = isCounted ? aligned(offset, 4) + 4 : offset;
      if (list.length === 0) return end;
      if (isRaw(value)) return aligned(end, bytes) + bytes * list.length;
      for (let index = 0; index < list.length; index += 1) {
        try {
          end = one.end(list[index], end);
        } catch (error) {
          throw error instanceof Mismatch ? error.inside(`[${index}]`) : error;
        }
      }
      return end;
    },
    write: (value, cursor) => {
      const list = value as readonly unknown[];
      if (isCounted) cursor.word(list.length);
      if (list.length === 0 || (isRaw(value) && cursor.numbers(value, bytes))) return;
      for (const element of list) one.write(element, cursor);
    },
  };
}

function listOf(value: unknown, { multiplicity, capacity }: MessageField): ArrayLike<unknown> {
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
  if (!isList) throw mismatch(value, "an array");
  const list = value as unknown as ArrayLike<unknown>;
  if (multiplicity === "array" && list.length !== capacity) {
    throw mismatch(list.length, `${capacity} values`);
  }
  if (multiplicity === "bounded-sequence" && list.length > capacity) {
    throw mismatch(list.length, `at most ${capacity} values`);
  }
  return list;
}

/** A value that does not fit, and where: the path grows on the way out. */
class Mismatch extends Error {
  readonly path: string;

  constructor(message: string, path = "") {
    super(message);
    this.path = path;
  }

  inside(part: string): Mismatch {
    return new Mismatch(this.message, part + this.path);
  }
}

function mismatch(found: unknown, expected: string): Mismatch {
  const text = typeof found === "object" && found !== null ? found.constructor.name : String(found);
  return new Mismatch(`${text.slice(0, 40)}, expected ${expected}`);
}
