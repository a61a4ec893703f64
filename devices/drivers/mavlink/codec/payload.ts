import { sizeOf, type Fields, type FieldSpec, type MessageLayout } from "./message-layout.ts";

type Value = number | bigint | string | Float64Array;

/** Writes a whole payload, zeros behind it not yet cut. `view` has `layout.length` bytes at `at`. // hot path */
export function writePayload<Specs extends readonly FieldSpec[]>(
  layout: MessageLayout<Specs>,
  message: Readonly<Fields<Specs>>,
  view: DataView,
  at: number,
): void {
  const values = message as Readonly<Record<string, Value>>;
  for (const { name, type, count, offset } of layout.fields) {
    const value = values[name] ?? 0;
    const start = at + offset;
    if (typeof value === "string") writeText(value, view, start, count);
    else if (typeof value === "bigint") view.setBigUint64(start, BigInt.asUintN(64, value), true);
    else if (typeof value === "number") writeNumber(type, value, view, start);
    else {
      const size = sizeOf(type);
      for (let index = 0; index < count; index += 1) {
        writeNumber(type, value[index] ?? 0, view, start + index * size);
      }
    }
  }
}

/** Reads a payload into `out`; the zeros a sender cut off have to be there again. // hot path */
export function readPayload<Specs extends readonly FieldSpec[]>(
  layout: MessageLayout<Specs>,
  view: DataView,
  out: Fields<Specs>,
): void {
  const values = out as Record<string, Value>;
  for (const { name, type, count, offset } of layout.fields) {
    if (type === "char") values[name] = readText(view, offset, count);
    else if (type === "uint64_t") values[name] = view.getBigUint64(offset, true);
    else if (type === "int64_t") values[name] = view.getBigInt64(offset, true);
    else if (count === 0) values[name] = readNumber(type, view, offset);
    else {
      const array = values[name] as Float64Array;
      const size = sizeOf(type);
      for (let index = 0; index < count; index += 1) {
        array[index] = readNumber(type, view, offset + index * size);
      }
    }
  }
}

function writeNumber(kind: FieldSpec[1], value: number, view: DataView, at: number): void {
  switch (kind) {
    case "float":
      view.setFloat32(at, value, true);
      return;
    case "uint32_t":
    case "int32_t":
      view.setUint32(at, value, true);
      return;
    case "uint16_t":
    case "int16_t":
      view.setUint16(at, value, true);
      return;
    case "uint8_t":
    case "int8_t":
    case "char":
      view.setUint8(at, value);
      return;
    case "uint64_t":
    case "int64_t":
      // Those are bigint, and written above.
      return;
    default:
      kind satisfies never;
  }
}

function readNumber(type: FieldSpec[1], view: DataView, at: number): number {
  switch (type) {
    case "float":
      return view.getFloat32(at, true);
    case "uint32_t":
      return view.getUint32(at, true);
    case "int32_t":
      return view.getInt32(at, true);
    case "uint16_t":
      return view.getUint16(at, true);
    case "int16_t":
      return view.getInt16(at, true);
    case "int8_t":
      return view.getInt8(at);
    case "uint8_t":
    case "char":
      return view.getUint8(at);
    case "uint64_t":
    case "int64_t":
      // Those are bigint, and read above.
      return 0;
    default:
      return type satisfies never;
  }
}

/** What is no ASCII has no place in these texts. */
function writeText(text: string, view: DataView, at: number, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const code = index < text.length ? text.charCodeAt(index) : 0;
    view.setUint8(at + index, code < 0x80 ? code : 0x3f);
  }
}

function readText(view: DataView, at: number, count: number): string {
  let text = "";
  for (let index = 0; index < count; index += 1) {
    const code = view.getUint8(at + index);
    if (code === 0) break;
    text += String.fromCharCode(code);
  }
  return text;
}
