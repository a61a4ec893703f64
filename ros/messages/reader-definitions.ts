import { ros2jazzy } from "@foxglove/rosmsg-msgs-common";
import type { MessageReader } from "@foxglove/rosmsg2-serialization";
import type { MessageField as OurField } from "./definition-parser.ts";
import { isKnownType, messageType, type MessageType, typeWithParts } from "./type-table.ts";

export type Definitions = ConstructorParameters<typeof MessageReader>[0];
/** One message of those a type is made of: its fields and constants, in order. */
export type MessageDefinition = Definitions[number];
export type MessageField = MessageDefinition["definitions"][number];

// Types that the bridge does not speak itself, for people who look at topics.
const bundled: Readonly<Record<string, MessageDefinition | undefined>> = ros2jazzy;

/** What the reader needs for a type: its own definition first, then those of all it contains. */
export function readerDefinitions(name: string): Definitions | undefined {
  if (isKnownType(name)) return typeWithParts(name).map(readerDefinition);
  const found = new Map<string, MessageDefinition>();
  return collectBundled(shortName(name), found) ? [...found.values()] : undefined;
}

/**
 * One definition, for who prints any message.
 *
 * @param name as definitions name each other: `sensor_msgs/JointState`; of services and actions in full.
 */
export function messageDefinition(name: string): MessageDefinition | undefined {
  const full = /^\w+\/\w+$/.test(name) ? name.replace("/", "/msg/") : name;
  if (isKnownType(full)) return readerDefinition(messageType(full));
  return Object.hasOwn(bundled, name) ? bundled[name] : undefined;
}

function shortName(name: string): string {
  return name.replace("/msg/", "/");
}

function readerDefinition({ name, fields }: MessageType): MessageDefinition {
  return { name: shortName(name), definitions: fields.map(readerField) };
}

function readerField({ name, type, multiplicity, capacity }: OurField): MessageField {
  const isComplex = type.includes("/");
  const isArray = multiplicity !== "single";
  return {
    name,
    type: type === "byte" || type === "char" ? "uint8" : shortName(type),
    isComplex,
    isArray,
    ...(multiplicity === "array" ? { arrayLength: capacity } : {}),
  };
}

function collectBundled(name: string, found: Map<string, MessageDefinition>): boolean {
  if (found.has(name)) return true;
  const definition = Object.hasOwn(bundled, name) ? bundled[name] : undefined;
  if (definition === undefined) return false;
  found.set(name, definition);
  return definition.definitions.every(
    ({ type, isComplex }) => isComplex !== true || collectBundled(type, found),
  );
}
