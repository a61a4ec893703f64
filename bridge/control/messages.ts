import type * as z from "zod";
import { commandKinds } from "./messages/command-messages.ts";
import { maxTtlMs, requestId, type Wire } from "./messages/fields.ts";
import {
  leaseAcquire,
  leaseDelegate,
  leaseRetain,
  leaseReturn,
  leaseRevoke,
  leaseTake,
} from "./messages/lease-messages.ts";
import { checkin, hello, modelUse, sync } from "./messages/session-messages.ts";
import { reset, stop } from "./messages/stop-messages.ts";
import { streamHello, subscribe, unsubscribe } from "./messages/stream-requests.ts";

export { maxTtlMs } from "./messages/fields.ts";
export type { StreamTopic } from "./messages/stream-requests.ts";

/** WebSocket subprotocols and the `protocol` of a hello. */
export const controlProtocol = "kairos.control.v1";
export const streamProtocol = "kairos.stream.v1";

/** Codes of `error` and `ack` messages beside those of `Refusal`. Clients test these, never wording. */
export const WireCode = {
  /** Not JSON, or not an object. */
  Malformed: "control/malformed",
  UnknownType: "control/unknown-type",
  /** A field is missing, extra, of the wrong type or out of range; `path` says which. */
  Message: "control/message",
  TooLarge: "control/too-large",
  /** Binary frames carry nothing here; an empty one is a keepalive of the transport. */
  Binary: "control/binary",
  Protocol: "control/protocol",
  /** The first message has to be a hello, and only the first. */
  Hello: "control/hello",
  HelloTimeout: "control/hello-timeout",
  Role: "control/role",
  Unsupported: "control/unsupported",
  UnknownDevice: "control/unknown-device",
  UnknownAxis: "command/axis",
  /** The command cannot be carried out as it is: out of reach, times that fall, no joint positions yet. */
  Unreachable: "command/unreachable",
  /** It came later than its ttlMs after it was sent. */
  Expired: "command/expired",
  /** The id was used for another request of this session shortly before. */
  IdReused: "control/id-reused",
  Garbage: "control/garbage",
  Rate: "control/rate",
  Full: "control/full",
  Slow: "control/slow",
  Closing: "control/closing",
} as const;
export type WireCode = (typeof WireCode)[keyof typeof WireCode];

/** Everything a client may send on `/v1/control` but commands, by type. */
export const clientMessages = {
  hello,
  sync,
  checkin,
  "lease.acquire": leaseAcquire,
  "lease.take": leaseTake,
  "lease.retain": leaseRetain,
  "lease.return": leaseReturn,
  "lease.delegate": leaseDelegate,
  "lease.revoke": leaseRevoke,
  stop,
  reset,
  "model.use": modelUse,
} as const;

type Named<Table extends Readonly<Record<string, z.ZodType>>> = Wire<z.infer<Table[keyof Table]>>;

/** A command of any kind. */
export type CommandMessage = Named<typeof commandKinds>;
/** Every message a client may send on `/v1/control`. */
export type ClientMessage = Named<typeof clientMessages> | CommandMessage;

/** Everything a client may send on `/v1/stream`, by type. */
export const streamMessages = { hello: streamHello, subscribe, unsubscribe } as const;
/** Every message a client may send on `/v1/stream`. */
export type StreamRequest = Named<typeof streamMessages>;

/** Why a message was refused, precise enough to mend it. */
export interface MessageProblem {
  readonly code: WireCode;
  readonly message: string;
  /** Dotted path of the offending field. */
  readonly path?: string;
  readonly found?: string;
  readonly expected?: string;
  /** The request it answers, where that could be read. */
  readonly id?: number;
}

export type Parsed<T> =
  | { readonly ok: true; readonly message: T }
  | { readonly ok: false; readonly problem: MessageProblem };

/** One text message of `/v1/control`. Never throws. */
export function parseClientMessage(text: string): Parsed<ClientMessage> {
  const read = readObject(text);
  if (!read.ok) return read;
  const value = read.message;
  if (value["type"] === "command") return parseCommand(value);
  return parseByType<ClientMessage>(value, clientMessages, [
    ...Object.keys(clientMessages),
    "command",
  ]);
}

/** One text message of `/v1/stream`. Never throws. */
export function parseStreamRequest(text: string): Parsed<StreamRequest> {
  const read = readObject(text);
  if (!read.ok) return read;
  return parseByType<StreamRequest>(read.message, streamMessages, Object.keys(streamMessages));
}

function readObject(text: string): Parsed<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { ok: true, message: value as Record<string, unknown> };
    }
    return malformed(`message is ${typeName(value)}, expected a JSON object`);
  } catch {
    return malformed(`message of ${text.length} characters is not JSON, expected a JSON object`);
  }
}

function malformed(message: string): Parsed<never> {
  return { ok: false, problem: { code: WireCode.Malformed, message } };
}

function parseCommand(value: Record<string, unknown>): Parsed<ClientMessage> {
  const { kind } = value;
  const schema = typeof kind === "string" ? lookUp(commandKinds, kind) : undefined;
  if (schema === undefined) {
    const expected = Object.keys(commandKinds).join(" or ");
    const found = typeof kind === "string" ? JSON.stringify(kind.slice(0, 40)) : typeName(kind);
    const message = `kind is ${found}, expected ${expected}`;
    return refuse(value, { code: WireCode.Message, message, path: "kind", found, expected });
  }
  return check<ClientMessage>(value, schema);
}

function parseByType<T>(
  value: Record<string, unknown>,
  schemas: Readonly<Record<string, z.ZodType>>,
  names: readonly string[],
): Parsed<T> {
  const { type } = value;
  const schema = typeof type === "string" ? lookUp(schemas, type) : undefined;
  if (schema === undefined) {
    const expected = `one of ${names.join(", ")}`;
    const found = typeof type === "string" ? JSON.stringify(type.slice(0, 40)) : typeName(type);
    const message = `type is ${found}, expected ${expected}`;
    return refuse(value, { code: WireCode.UnknownType, message, path: "type", found, expected });
  }
  return check<T>(value, schema as z.ZodType<T>);
}

function check<T>(value: Record<string, unknown>, schema: z.ZodType<T>): Parsed<T> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { ok: true, message: result.data };
  const issue = result.error.issues[0];
  const path = issue?.path.map(String).join(".") ?? "";
  return refuse(value, { code: WireCode.Message, path, ...describeIssue(path, issue) });
}

function refuse(value: Record<string, unknown>, problem: MessageProblem): Parsed<never> {
  const id = requestId.safeParse(value["id"]);
  return { ok: false, problem: id.success ? { ...problem, id: id.data } : problem };
}

function describeIssue(
  path: string,
  issue: z.core.$ZodIssue | undefined,
): { readonly message: string; readonly found?: string; readonly expected?: string } {
  if (issue === undefined) return { message: "message is invalid" };
  if (issue.code === "unrecognized_keys") {
    const found = issue.keys.join(", ").slice(0, 80);
    return { message: `field ${found} is unknown here, expected none beside the schema's`, found };
  }
  const found = typeName(issue.input);
  const expected = expectation(issue);
  const why =
    path === "ttlMs" && issue.input === undefined
      ? "; what keeps moving expires, so that a lost client leaves the device at rest"
      : "";
  return {
    message: `${path || "message"} is ${found}, expected ${expected}${why}`,
    found,
    expected,
  };
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.path.at(-1) === "ttlMs") return `a number of ms from 1 to ${maxTtlMs}`;
  if (issue.code === "invalid_type") return issue.expected;
  if (issue.code === "invalid_value") {
    return issue.values.map((value) => JSON.stringify(value)).join(" or ");
  }
  if (issue.code === "too_small") {
    return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
  }
  if (issue.code === "too_big") {
    return `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}`;
  }
  if (issue.code === "invalid_union") return "one of the forms in /v1/schema.json";
  return issue.message;
}

/** A value for people, short: what a sender needs to recognise its own mistake. */
function typeName(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function lookUp<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
