import { createHash } from "node:crypto";
import type { MessageField, Multiplicity, PrimitiveType } from "./definition-parser.ts";
import { isKnownType, messageType, type MessageType, typeWithParts } from "./type-table.ts";

/** type_description_interfaces/msg/FieldType: ids of single values. */
const typeIds: Readonly<Record<PrimitiveType, number>> = {
  int8: 2,
  uint8: 3,
  int16: 4,
  uint16: 5,
  int32: 6,
  uint32: 7,
  int64: 8,
  uint64: 9,
  float32: 10,
  float64: 11,
  // A char of a .msg file is an uint8 (design.ros2.org, legacy interface definition).
  char: 3,
  bool: 15,
  byte: 16,
  string: 17,
};
const nestedTypeId = 1;
const boundedStringTypeId = 21;
const multiplicityIds: Readonly<Record<Multiplicity, number>> = {
  single: 0,
  array: 48,
  "bounded-sequence": 96,
  sequence: 144,
};
/** What IDL wants, which has no empty structures, and rosidl therefore puts in. */
const emptyField: MessageField = {
  name: "structure_needs_at_least_one_member",
  type: "uint8",
  multiplicity: "single",
  capacity: 0,
  stringCapacity: 0,
};
const hashes = new Map<string, string>();

/**
 * The hash by which ROS 2 tells versions of a type apart (REP 2016, RIHS01): SHA-256 of its description
 * with those of all types it contains, in JSON with Python's separators.
 *
 * @returns `RIHS01_` and 64 hexadecimal digits; undefined for a type without a definition here.
 */
export function typeHash(name: string): string | undefined {
  const found = hashes.get(name);
  if (found !== undefined || !isKnownType(name)) return found;
  const hash = `RIHS01_${createHash("sha256").update(typeDescriptionJson(name)).digest("hex")}`;
  hashes.set(name, hash);
  return hash;
}

/** What is hashed. @throws BridgeError `ros/type` */
export function typeDescriptionJson(name: string): string {
  const parts = typeWithParts(name).slice(1);
  const referenced = [...parts].sort((a, b) => (a.name < b.name ? -1 : 1)).map(typeJson);
  return (
    `{"type_description": ${typeJson(messageType(name))}, ` +
    `"referenced_type_descriptions": [${referenced.join(", ")}]}`
  );
}

function typeJson({ name, fields }: MessageType): string {
  const all = fields.length === 0 ? [emptyField] : fields;
  return `{"type_name": "${name}", "fields": [${all.map(fieldJson).join(", ")}]}`;
}

function fieldJson(field: MessageField): string {
  const { name, type, capacity, stringCapacity } = field;
  const nested = type.includes("/") ? type : "";
  return (
    `{"name": "${name}", "type": {"type_id": ${typeId(field)}, "capacity": ${capacity}, ` +
    `"string_capacity": ${stringCapacity}, "nested_type_name": "${nested}"}}`
  );
}

function typeId({ type, multiplicity, stringCapacity }: MessageField): number {
  const many = multiplicityIds[multiplicity];
  if (type.includes("/")) return nestedTypeId + many;
  if (type === "string" && stringCapacity > 0) return boundedStringTypeId + many;
  return typeIds[type as PrimitiveType] + many;
}
