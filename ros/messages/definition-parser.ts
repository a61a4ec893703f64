import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";

/** How many values a field has: one, a number fixed by the type, or a sequence up to a limit or without. */
export type Multiplicity = "single" | "array" | "bounded-sequence" | "sequence";

export const primitiveTypes = [
  "bool",
  "byte",
  "char",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float32",
  "float64",
  "string",
] as const;
export type PrimitiveType = (typeof primitiveTypes)[number];

export interface MessageField {
  readonly name: string;
  /** A primitive, or the full name of a message: `std_msgs/msg/Header`. */
  readonly type: PrimitiveType | `${string}/${string}`;
  readonly multiplicity: Multiplicity;
  /** Of an array or bounded sequence; else 0. */
  readonly capacity: number;
  /** Of a bounded string; else 0. */
  readonly stringCapacity: number;
}

// <type>[<=<characters>][ '[' [ [<=]<count> ] ']' ] <name> [default]
const fieldPattern =
  /^([A-Za-z][\w/]*)(?:<=(\d+))?(?:\[(<=)?(\d*)\])?\s+([A-Za-z]\w*)(?:\s+([^=\s].*))?$/;
const constantPattern = /^[\w/<=]+\s+[A-Z][A-Z0-9_]*\s*=/;

/**
 * The fields of a .msg file or of one part of a .srv or .action file (design.ros2.org, interface
 * definition). Constants and defaults are passed over: neither travels, nor counts for the type's hash.
 *
 * @param packageName for messages named without theirs.
 * @throws BridgeError `ros/type` for a line that is no field, and for wide strings.
 */
export function parseFields(text: string, packageName: string): readonly MessageField[] {
  const fields: MessageField[] = [];
  for (const rawLine of text.split("\n")) {
    const line = rawLine.replace(/#.*$/, "").trim();
    if (line === "" || constantPattern.test(line)) continue;
    fields.push(parseField(line, packageName));
  }
  return fields;
}

/** The parts of a .srv (two) or .action (three) file. */
export function splitParts(text: string): readonly string[] {
  return text.split(/^\s*---\s*$/m);
}

function parseField(line: string, packageName: string): MessageField {
  const match = fieldPattern.exec(line);
  const [, type = "", stringCapacity, upTo, count, name = ""] = match ?? [];
  if (match === null) {
    throw new BridgeError(ErrorCode.RosType, `"${line}" is no field, expected "type name"`);
  }
  return {
    name,
    type: fullType(type, packageName),
    multiplicity: multiplicityOf(count, upTo),
    capacity: Number(count ?? 0),
    stringCapacity: Number(stringCapacity ?? 0),
  };
}

function multiplicityOf(count: string | undefined, upTo: string | undefined): Multiplicity {
  if (count === undefined) return "single";
  if (count === "") return "sequence";
  return upTo === undefined ? "array" : "bounded-sequence";
}

function fullType(type: string, packageName: string): MessageField["type"] {
  if ((primitiveTypes as readonly string[]).includes(type)) return type as PrimitiveType;
  const [first = "", second, third] = type.split("/");
  if (third !== undefined) return type as MessageField["type"] & `${string}/${string}`;
  if (second !== undefined) return `${first}/msg/${second}`;
  if (/^[A-Z]/.test(first)) return `${packageName}/msg/${first}`;
  throw new BridgeError(ErrorCode.RosType, `type ${type} is not supported`);
}
