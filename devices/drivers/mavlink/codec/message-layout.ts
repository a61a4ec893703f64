import { x25Add, x25Start } from "./x25.ts";

const sizes = {
  uint8_t: 1,
  int8_t: 1,
  char: 1,
  uint16_t: 2,
  int16_t: 2,
  uint32_t: 4,
  int32_t: 4,
  float: 4,
  uint64_t: 8,
  int64_t: 8,
} as const;
export type FieldType = keyof typeof sizes;

/** Name, type, how many of it (0: one, not an array), and whether it came later than the message. */
export type FieldSpec = readonly [
  name: string,
  type: FieldType,
  count?: number,
  extension?: "extension",
];

type ValueOf<Spec extends FieldSpec> = Spec[1] extends "char"
  ? string
  : Spec[1] extends "uint64_t" | "int64_t"
    ? bigint
    : Spec extends readonly [string, FieldType, infer Count, ...unknown[]]
      ? Count extends 0
        ? number
        : Float64Array
      : number;

/** A message as an object, fields by the names of the message definitions. */
export type Fields<Specs extends readonly FieldSpec[]> = {
  -readonly [Spec in Specs[number] as Spec[0]]: ValueOf<Spec>;
};

interface PlacedField {
  readonly name: string;
  readonly type: FieldType;
  readonly count: number;
  readonly offset: number;
}

export interface MessageLayout<Specs extends readonly FieldSpec[] = readonly FieldSpec[]> {
  readonly id: number;
  readonly name: string;
  readonly specs: Specs;
  readonly fields: readonly PlacedField[];
  readonly crcExtra: number;
  /** With extensions. */
  readonly length: number;
  /** Without extensions: what MAVLink 1 carries. */
  readonly baseLength: number;
}

/** @param specs in the order of the definition; what is wider goes first on the wire. */
export function layOut<const Specs extends readonly FieldSpec[]>(
  id: number,
  name: string,
  specs: Specs,
): MessageLayout<Specs> {
  const isExtension = (spec: FieldSpec): boolean => spec[3] === "extension";
  const base = specs.filter((spec) => !isExtension(spec));
  base.sort((a, b) => sizes[b[1]] - sizes[a[1]]);
  let offset = 0;
  const fields = [...base, ...specs.filter(isExtension)].map(([field, type, count = 0]) => {
    const placed = { name: field, type, count, offset };
    offset += sizes[type] * Math.max(1, count);
    return placed;
  });
  const baseLength = base.reduce(
    (sum, [, type, count = 0]) => sum + sizes[type] * Math.max(1, count),
    0,
  );
  return { id, name, specs, fields, crcExtra: crcExtraOf(name, base), length: offset, baseLength };
}

/** One byte made from the names and types of a message: who disagrees about them disagrees about the checksum. */
function crcExtraOf(name: string, wireOrder: readonly FieldSpec[]): number {
  let crc = x25Start;
  const add = (text: string): void => {
    for (const char of text) crc = x25Add(crc, char.charCodeAt(0));
  };
  add(`${name} `);
  for (const [field, type, count = 0] of wireOrder) {
    add(`${type} ${field} `);
    if (count > 0) crc = x25Add(crc, count);
  }
  return (crc & 0xff) ^ (crc >>> 8);
}

/** A message of zeros, to be filled. */
export function emptyMessage<Specs extends readonly FieldSpec[]>(
  layout: MessageLayout<Specs>,
): Fields<Specs> {
  const entries = layout.fields.map(({ name, type, count }) => [name, emptyValue(type, count)]);
  return Object.fromEntries(entries) as Fields<Specs>;
}

function emptyValue(type: FieldType, count: number): string | bigint | number | Float64Array {
  if (type === "char") return "";
  if (sizes[type] === 8) return 0n;
  return count === 0 ? 0 : new Float64Array(count);
}

export const sizeOf = (type: FieldType): number => sizes[type];
