import { WireReader, WireType } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

/** Longer lists than any message here has: hostile, and refused. Nesting is bounded by the tables. */
const maxListLength = 65_536;

interface Scalar<Value> {
  readonly kind: "scalar";
  readonly wireType: number;
  readonly zero: Value;
  read(reader: WireReader): Value;
  write(writer: WireWriter, value: Value): void;
}

/** One field of a message: its number and how its values look. */
export interface Field<Value> {
  readonly number: number;
  readonly type: Scalar<unknown> | MessageCodec<FieldTable>;
  readonly isList: boolean;
  /** Only for the type checker. */
  readonly valueType?: Value;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a table holds fields of every type
export type FieldTable = Readonly<Record<string, Field<any>>>;

/** What decoding gives: scalars and lists always, messages where they were sent. */
export type Decoded<Fields extends FieldTable> = {
  -readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Value> ? Value : never;
};

/** What encoding takes: anything may be left out. */
export type Draft<T> = T extends number | string | boolean | Uint8Array | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Draft<Item>[]
    : { readonly [Name in keyof T]?: Draft<T[Name]> | undefined };

/** A protobuf message: `name` without its package, which differs between releases. */
export interface MessageCodec<Fields extends FieldTable> {
  readonly kind: "message";
  readonly name: string;
  readonly fields: Fields;
  encode(draft: Draft<Decoded<Fields>>): Uint8Array<ArrayBuffer>;
  /** Undefined when the bytes are damaged. Fields nobody here knows are skipped. Never throws. */
  decode(bytes: Uint8Array): Decoded<Fields> | undefined;
}

export type MessageOf<Codec> = Codec extends MessageCodec<infer Fields> ? Decoded<Fields> : never;

function scalar<Value>(
  wireType: number,
  zero: Value,
  read: (reader: WireReader) => Value,
  write: (writer: WireWriter, value: Value) => void,
): Scalar<Value> {
  return { kind: "scalar", wireType, zero, read, write };
}

const writeVarint = (writer: WireWriter, value: number): void => {
  writer.varint(Number.isFinite(value) ? Math.trunc(value) : 0);
};
const doubleType = scalar<number>(
  WireType.Fixed64,
  0,
  (reader) => reader.double(),
  (writer, value) => {
    writer.double(value);
  },
);
const floatType = scalar<number>(
  WireType.Fixed32,
  0,
  (reader) => reader.float(),
  (writer, value) => {
    writer.float(value);
  },
);
const boolType = scalar<boolean>(
  WireType.Varint,
  false,
  (reader) => reader.bool(),
  (writer, value) => {
    writer.varint(value ? 1 : 0);
  },
);
const int32Type = scalar<number>(WireType.Varint, 0, (reader) => reader.int32(), writeVarint);
const uint32Type = scalar<number>(WireType.Varint, 0, (reader) => reader.uint32(), writeVarint);
const int64Type = scalar<number>(WireType.Varint, 0, (reader) => reader.int64(), writeVarint);
const uint64Type = scalar<number>(WireType.Varint, 0, (reader) => reader.uint64(), writeVarint);
const stringType = scalar<string>(
  WireType.Bytes,
  "",
  (reader) => reader.string(),
  (writer, value) => {
    writer.string(value);
  },
);
const noBytes = new Uint8Array(0);
const bytesType = scalar<Uint8Array>(
  WireType.Bytes,
  noBytes,
  (reader) => reader.bytesBorrowed(),
  (writer, value) => {
    writer.bytes(value);
  },
);

const one =
  <Value>(type: Scalar<Value>) =>
  (number: number): Field<Value> => ({ number, type: type as Scalar<unknown>, isList: false });
const many =
  <Value>(type: Scalar<Value>) =>
  (number: number): Field<Value[]> => ({ number, type: type as Scalar<unknown>, isList: true });

export const double = one(doubleType);
export const bool = one(boolType);
export const int32 = one(int32Type);
export const uint32 = one(uint32Type);
export const int64 = one(int64Type);
export const uint64 = one(uint64Type);
export const string = one(stringType);
/** Decoded as a view into the message's bytes. */
export const bytes = one(bytesType);
export const doubles = many(doubleType);
export const floats = many(floatType);
export const strings = many(stringType);

export function nested<Fields extends FieldTable>(
  number: number,
  codec: MessageCodec<Fields>,
): Field<Decoded<Fields> | undefined> {
  return { number, type: codec, isList: false };
}

export function list<Fields extends FieldTable>(
  number: number,
  codec: MessageCodec<Fields>,
): Field<Decoded<Fields>[]> {
  return { number, type: codec, isList: true };
}

type Loose = Record<string, unknown>;

/** The codec of a message with these fields, numbered as in the gz-msgs definitions. */
export function message<Fields extends FieldTable>(
  name: string,
  fields: Fields,
): MessageCodec<Fields> {
  return {
    kind: "message",
    name,
    fields,
    encode: (draft) => {
      const writer = new WireWriter();
      writeMessage(writer, fields, draft as Loose);
      return writer.bytesCopy();
    },
    decode: (input) => {
      const reader = new WireReader(input);
      const decoded = readMessage(reader, fields);
      return reader.failed ? undefined : (decoded as Decoded<Fields>);
    },
  };
}

function writeMessage(writer: WireWriter, fields: FieldTable, draft: Loose): void {
  for (const [name, field] of Object.entries(fields)) {
    const value = draft[name];
    if (value === undefined) continue;
    if (field.isList) writeList(writer, field, value as readonly unknown[]);
    else writeOne(writer, field, value);
  }
}

function writeOne(writer: WireWriter, { number, type }: Field<unknown>, value: unknown): void {
  if (type.kind === "scalar") {
    // proto3 leaves zeros out.
    if (value === type.zero) return;
    writer.tag(number, type.wireType);
    type.write(writer, value);
    return;
  }
  writer.tag(number, WireType.Bytes);
  const start = writer.begin();
  writeMessage(writer, type.fields, value as Loose);
  writer.finish(start);
}

function writeList(writer: WireWriter, field: Field<unknown>, values: readonly unknown[]): void {
  const { number, type } = field;
  if (values.length === 0) return;
  if (type.kind === "scalar" && type.wireType !== WireType.Bytes) {
    writer.tag(number, WireType.Bytes);
    const start = writer.begin();
    for (const value of values) type.write(writer, value);
    writer.finish(start);
    return;
  }
  for (const value of values) {
    writer.tag(number, WireType.Bytes);
    if (type.kind === "scalar") type.write(writer, value);
    else {
      const start = writer.begin();
      writeMessage(writer, type.fields, value as Loose);
      writer.finish(start);
    }
  }
}

function emptyMessage(fields: FieldTable): Loose {
  const empty: Loose = {};
  for (const [name, field] of Object.entries(fields)) {
    if (field.isList) empty[name] = [];
    else empty[name] = field.type.kind === "scalar" ? field.type.zero : undefined;
  }
  return empty;
}

const byNumber = new WeakMap<FieldTable, ReadonlyMap<number, readonly [string, Field<unknown>]>>();

function fieldsByNumber(
  fields: FieldTable,
): ReadonlyMap<number, readonly [string, Field<unknown>]> {
  let index = byNumber.get(fields);
  if (index === undefined) {
    index = new Map(
      Object.entries(fields).map(([name, field]) => [field.number, [name, field] as const]),
    );
    byNumber.set(fields, index);
  }
  return index;
}

function readMessage(reader: WireReader, fields: FieldTable): Loose {
  const decoded = emptyMessage(fields);
  const index = fieldsByNumber(fields);
  for (let tag = reader.nextTag(); tag !== 0; tag = reader.nextTag()) {
    const known = index.get(tag >>> 3);
    if (known === undefined) reader.skip(tag);
    else readField(reader, tag, known[1], { decoded, name: known[0] });
  }
  return decoded;
}

function readField(
  reader: WireReader,
  tag: number,
  field: Field<unknown>,
  into: { readonly decoded: Loose; readonly name: string },
): void {
  const { type } = field;
  const wireType = tag & 7;
  const { decoded, name } = into;
  const items = field.isList ? (decoded[name] as unknown[]) : undefined;
  const expected = type.kind === "scalar" ? type.wireType : WireType.Bytes;
  const isPacked = items !== undefined && wireType === WireType.Bytes && expected !== wireType;
  if (wireType !== expected && !isPacked) {
    reader.skip(tag);
    return;
  }
  const outerEnd = isPacked || type.kind === "message" ? reader.enter() : undefined;
  while (!(isPacked && reader.done)) {
    const value = type.kind === "scalar" ? type.read(reader) : readMessage(reader, type.fields);
    if (reader.failed) return;
    if (items === undefined) decoded[name] = value;
    else if (items.length < maxListLength) items.push(value);
    else reader.failed = true;
    if (!isPacked) break;
  }
  if (outerEnd !== undefined) reader.leave(outerEnd);
}
