import { ros2jazzy } from "@foxglove/rosmsg-msgs-common";
import { MessageReader, MessageWriter } from "@foxglove/rosmsg2-serialization";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import { kairosDefinitions } from "./kairos-definitions.ts";
import type { RosMessages, RosTypeName } from "./message-types.ts";

type Definitions = ConstructorParameters<typeof MessageWriter>[0];
type Definition = Definitions[number];

/** Message to CDR: little endian, XCDR1, with the 4-byte encapsulation header. A new array per call. */
export type Encode<Message> = (message: Message) => Uint8Array;
/** CDR (either byte order) to message. Byte sequences are views into `cdr`. */
export type Decode<Message> = (cdr: Uint8Array) => Message;

// The definitions of the Jazzy distribution. The types in use are the same from Humble to Kilted.
const bundled: Readonly<Record<string, Definition | undefined>> = ros2jazzy;
const fieldPattern = /^([^[ ]+)(\[[^\]]*\])? (\w+)$/;
const writers = new Map<string, Encode<never>>();
const readers = new Map<string, Decode<unknown>>();

/**
 * The encoder of a message type; made once per type and kept.
 *
 * Strings must be ASCII (see `asciiText`): the encoder counts UTF-16 units where CDR counts bytes.
 *
 * @throws BridgeError `ros/type` if the type is not among the bundled definitions.
 */
export function messageWriter<Name extends RosTypeName>(name: Name): Encode<RosMessages[Name]> {
  let encode = writers.get(name);
  if (encode === undefined) {
    const writer = new MessageWriter(definitionsOf(name));
    encode = (message: unknown) => writer.writeMessage(message);
    writers.set(name, encode);
  }
  return encode as Encode<RosMessages[Name]>;
}

/**
 * The decoder of a message type; made once per type and kept.
 *
 * @throws BridgeError `ros/type` for an unknown type, and from the decoder for bytes that do not hold
 * a whole message of it.
 */
export function messageReader<Name extends RosTypeName>(name: Name): Decode<RosMessages[Name]> {
  let decode = readers.get(name);
  if (decode === undefined) {
    const reader = new MessageReader(definitionsOf(name));
    decode = (cdr: Uint8Array) => readWhole(reader, name, cdr);
    readers.set(name, decode);
  }
  return decode as Decode<RosMessages[Name]>;
}

function readWhole(reader: MessageReader, name: string, cdr: Uint8Array): unknown {
  try {
    return reader.readMessage(cdr);
  } catch (error) {
    throw new BridgeError(
      ErrorCode.RosType,
      `${cdr.byteLength} bytes are no ${name}: ${errorText(error)}`,
      { cause: error, details: { type: name, sizeBytes: cdr.byteLength } },
    );
  }
}

/**
 * Definitions of a structure that no .msg file describes, such as one half of a service: its own
 * fields first, then every message they contain.
 *
 * @param fields as in a .msg file, one `type name` each; `a/B` is a message, `[]` or `[<=2]` a sequence.
 */
export function definitionsOfFields(fields: readonly string[]): Definitions {
  const found = new Map<string, Definition>();
  const own = definitionOfFields("", fields);
  for (const { type, isComplex } of own.definitions) if (isComplex === true) collect(type, found);
  return [own, ...found.values()];
}

function definitionOfFields(name: string, fields: readonly string[]): Definition {
  const definitions = fields.map((field) => {
    const [, type = "", isArray, fieldName = ""] = fieldPattern.exec(field) ?? [];
    // The codec has primitives of its own for the two: seconds and nanoseconds.
    const primitive = {
      "builtin_interfaces/Time": "time",
      "builtin_interfaces/Duration": "duration",
    }[type];
    return {
      name: fieldName,
      type: primitive ?? type,
      isArray: isArray !== undefined,
      isComplex: primitive === undefined && type.includes("/"),
    };
  });
  return { name, definitions };
}

/** The definition of `name` first, then of every message it contains: what reader and writer expect. */
function definitionsOf(name: string): Definitions {
  const found = new Map<string, Definition>();
  collect(name.replace("/msg/", "/"), found);
  return [...found.values()];
}

function collect(bundledName: string, found: Map<string, Definition>): void {
  if (found.has(bundledName)) return;
  const definition = definitionOf(bundledName);
  if (definition === undefined) {
    throw new BridgeError(
      ErrorCode.RosType,
      `${bundledName} has no bundled definition, expected one of the common ROS 2 messages`,
      { details: { type: bundledName } },
    );
  }
  found.set(bundledName, definition);
  for (const field of definition.definitions) {
    if (field.isComplex === true) collect(field.type, found);
  }
}

function definitionOf(name: string): Definition | undefined {
  if (Object.hasOwn(kairosDefinitions, name)) {
    return definitionOfFields(name, kairosDefinitions[name] ?? []);
  }
  return Object.hasOwn(bundled, name) ? bundled[name] : undefined;
}
