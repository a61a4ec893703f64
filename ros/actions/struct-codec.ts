import { ros2jazzy } from "@foxglove/rosmsg-msgs-common";
import { MessageReader, MessageWriter } from "@foxglove/rosmsg2-serialization";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";

type Definitions = ConstructorParameters<typeof MessageWriter>[0];
type Definition = Definitions[number];

/** Fields as in a .msg file, one `type name` each; `a/B` is a message, `[]` a sequence. */
export type Fields = readonly string[];

export interface StructCodec<Message> {
  readonly write: (message: Message) => Uint8Array;
  /** @throws BridgeError `ros/type` for octets that are not one whole message. */
  readonly read: (cdr: Uint8Array) => Message;
}

const bundled: Readonly<Record<string, Definition | undefined>> = ros2jazzy;

/**
 * Octets of a structure that no bundled .msg file describes, and back: the halves of an action.
 *
 * @param more fields of messages that are not bundled either, by `package/Name`.
 */
export function structCodec<Message>(
  name: string,
  fields: Fields,
  more: Readonly<Record<string, Fields>> = {},
): StructCodec<Message> {
  const found = new Map<string, Definition>([["", { name: "", definitions: fields.map(field) }]]);
  for (const { type, isComplex } of fields.map(field)) if (isComplex) collect(type, more, found);
  const definitions = [...found.values()];
  const writer = new MessageWriter(definitions);
  const reader = new MessageReader(definitions);
  return {
    write: (message) => writer.writeMessage(message),
    read: (cdr) => {
      try {
        return reader.readMessage<Message>(cdr);
      } catch (error) {
        const text = `${cdr.byteLength} bytes are no ${name}: ${errorText(error)}`;
        throw new BridgeError(ErrorCode.RosType, text, { cause: error });
      }
    },
  };
}

function field(text: string) {
  const [type = "", name = ""] = text.split(" ");
  const base = type.replace("[]", "");
  return { name, type: base, isArray: type !== base, isComplex: base.includes("/") };
}

function collect(
  name: string,
  more: Readonly<Record<string, Fields>>,
  found: Map<string, Definition>,
): void {
  if (found.has(name)) return;
  const own = more[name]?.map(field);
  const definition = own === undefined ? bundled[name] : { name, definitions: own };
  if (definition === undefined) {
    throw new BridgeError(ErrorCode.RosType, `${name} has no definition`, { details: { name } });
  }
  found.set(name, definition);
  for (const { type, isComplex } of definition.definitions) {
    if (isComplex === true) collect(type, more, found);
  }
}
