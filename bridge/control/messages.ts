import * as z from "zod";

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
  Garbage: "control/garbage",
  Rate: "control/rate",
  Full: "control/full",
  Slow: "control/slow",
  Closing: "control/closing",
} as const;
export type WireCode = (typeof WireCode)[keyof typeof WireCode];

const requestId = z.int().nonnegative();
const deviceId = z.string().min(1).max(64);
const leaseTicket = z.strictObject({
  epoch: z.string().min(1).max(64),
  sequence: z.int().positive(),
});
const perAxis = z.record(z.string().min(1).max(64), z.number());
const stopLevel = z.enum(["hold", "estop"]);
export const maxTtlMs = 5000;
const ttl = z.number().min(1).max(maxTtlMs);
const acks = z.enum(["all", "rejections"]).optional();

const hello = z.strictObject({
  type: z.literal("hello"),
  protocol: z.string().max(64),
  role: z.string().max(32),
  client: z.string().min(1).max(64),
  token: z.string().max(4096).optional(),
});
const sync = z.strictObject({ type: z.literal("sync"), t0Ms: z.number() });
const checkin = z.strictObject({ type: z.literal("checkin") });
const leaseAcquire = z.strictObject({
  type: z.literal("lease.acquire"),
  id: requestId,
  device: deviceId,
});
const leaseTake = z.strictObject({
  type: z.literal("lease.take"),
  id: requestId,
  device: deviceId,
});
const leaseRetain = z.strictObject({
  type: z.literal("lease.retain"),
  id: requestId,
  device: deviceId,
  lease: leaseTicket,
});
const leaseReturn = z.strictObject({
  type: z.literal("lease.return"),
  id: requestId,
  device: deviceId,
  lease: leaseTicket,
});
const commandHead = {
  type: z.literal("command"),
  id: requestId,
  seq: z.int().nonnegative(),
  device: deviceId,
  lease: leaseTicket,
  /** Which acks to send: `rejections` suits a stream of setpoints. */
  acks,
};
const velocityCommand = z.strictObject({
  ...commandHead,
  kind: z.literal("velocity"),
  /** The device brakes to rest this long after arrival unless a newer command came. */
  ttlMs: ttl,
  velRadPerS: perAxis,
});
const positionCommand = z.strictObject({
  ...commandHead,
  kind: z.literal("position"),
  ttlMs: ttl.optional(),
  posRad: perAxis,
  velocityRatio: z.number().gt(0).max(1).optional(),
});
const stop = z.strictObject({
  type: z.literal("stop"),
  id: requestId.optional(),
  /** All devices when left out. */
  device: deviceId.optional(),
  level: stopLevel,
  reason: z.string().max(200).optional(),
});
const reset = z.strictObject({
  type: z.literal("reset"),
  id: requestId.optional(),
  device: deviceId.optional(),
});
/** Brings in the model package at a path of the server's machine. A supervisor's right. */
const modelUse = z.strictObject({
  type: z.literal("model.use"),
  id: requestId,
  path: z.string().min(1).max(4096),
});

const commandKinds = { velocity: velocityCommand, position: positionCommand } as const;
const clientMessages = {
  hello,
  sync,
  checkin,
  "lease.acquire": leaseAcquire,
  "lease.take": leaseTake,
  "lease.retain": leaseRetain,
  "lease.return": leaseReturn,
  stop,
  reset,
  "model.use": modelUse,
} as const;

const ClientMessageSchema = z.union([
  ...Object.values(clientMessages),
  ...Object.values(commandKinds),
]);
/** Every message a client may send on `/v1/control`. */
export type ClientMessage = Readonly<z.infer<typeof ClientMessageSchema>>;
export type CommandMessage = Extract<ClientMessage, { type: "command" }>;

/** Kinds the protocol names that this server does not carry out. */
const laterKinds = new Set(["pose", "trajectory", "track", "action", "mode", "stow"]);

export const streamTopics = [
  "state",
  "score",
  "status",
  "prediction",
  "camera",
  "camera.predicted",
] as const;
export type StreamTopic = (typeof streamTopics)[number];

const subscribe = z.strictObject({
  type: z.literal("subscribe"),
  topics: z
    .array(
      z.strictObject({
        topic: z.enum(streamTopics),
        /** At most this many messages per second; all of them when left out. */
        maxRateHz: z.number().positive().max(1000).optional(),
      }),
    )
    .min(1)
    .max(streamTopics.length),
});
const unsubscribe = z.strictObject({
  type: z.literal("unsubscribe"),
  topics: z.array(z.enum(streamTopics)).min(1).max(streamTopics.length),
});
const streamMessages = { subscribe, unsubscribe } as const;

const StreamRequestSchema = z.union(Object.values(streamMessages));
/** Every message a client may send on `/v1/stream`. */
export type StreamRequest = Readonly<z.infer<typeof StreamRequestSchema>>;

/** What clients may send, as JSON Schema (draft 2020-12): the very schemas messages are judged by. */
export function messageSchemas(): unknown {
  return {
    [controlProtocol]: z.toJSONSchema(ClientMessageSchema),
    [streamProtocol]: z.toJSONSchema(StreamRequestSchema),
  };
}

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
  if (typeof kind === "string" && laterKinds.has(kind)) {
    const message = `command kind ${kind} is not supported yet by this server, supported: ${Object.keys(commandKinds).join(", ")}`;
    return refuse(value, { code: WireCode.Unsupported, message, path: "kind", found: kind });
  }
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
      ? "; every velocity expires, so that a lost client leaves the device at rest"
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
