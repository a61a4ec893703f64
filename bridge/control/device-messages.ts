import * as z from "zod";
import type { AxisLimits } from "../contract/device.ts";
import type { Parsed } from "./messages.ts";
import { WireCode } from "./messages.ts";

/** WebSocket subprotocol of `/v1/device` and the `protocol` of its hello. */
export const deviceProtocol = "kairos.device.v1";

/** Codes of `error` messages on `/v1/device`, beside those of `WireCode`. */
export const DeviceCode = {
  /** The offer does not fit the device that is configured. */
  Offer: "device/offer",
  /** Another agent moves this device and is heard of. */
  Taken: "device/taken",
  /** No telemetry for `telemetryTimeoutMs`. */
  Silent: "device/silent",
  /** Telemetry that cannot be: the wrong number of joints, or a joint where none can stand. */
  Telemetry: "device/telemetry",
  /** The device said itself that it has failed. */
  Fault: "device/fault",
} as const;
export type DeviceCode = (typeof DeviceCode)[keyof typeof DeviceCode];

const name = z.string().min(1).max(64);
const maxAxisCount = 16;
/** Beyond this a joint value is nonsense, whatever was offered: a thousand turns. */
const angle = z.number().min(-6300).max(6300);
const positive = z.number().positive().max(1e6);

const hello = z.strictObject({
  type: z.literal("hello"),
  protocol: z.string().max(64),
  role: z.literal("device"),
  /** A name that people who share the device will recognise. */
  client: name,
  token: z.string().max(4096).exactOptional(),
});
const axisOffer = z.strictObject({
  name,
  lowerRad: angle,
  upperRad: angle,
  maxVelocityRadPerS: positive,
  maxAccelerationRadPerS2: positive,
  /** Left out: as configured. */
  maxJerkRadPerS3: positive.exactOptional(),
  continuous: z.boolean().exactOptional(),
});
const offer = z.strictObject({
  type: z.literal("offer"),
  /** Id of a device of the welcome. */
  device: name,
  /** What moves, for people, e.g. `iPhone on DockKit stand`. */
  model: z.string().max(120).exactOptional(),
  /** All further arrays are in this order. */
  axes: z.array(axisOffer).min(1).max(maxAxisCount),
  /** `limp`: its drives can be switched off. Every device holds. */
  modes: z
    .array(z.enum(["hold", "limp"]))
    .max(2)
    .default(["hold"]),
  /** How often it will send telemetry. */
  telemetryRateHz: z.number().min(5).max(1000),
  /** At most so many setpoints per second, please. */
  setpointRateHz: z.number().min(5).max(200).default(50),
});
const joints = z.array(angle).min(1).max(maxAxisCount);
const telemetry = z.strictObject({
  type: z.literal("telemetry"),
  /** Rises by any step. */
  seq: z.int().nonnegative(),
  /** When the joints stood so, on the agent's own monotonic clock. */
  stampMs: z.number(),
  posRad: joints,
  velRadPerS: joints,
  effortNm: z.array(z.number().min(-1e4).max(1e4)).max(maxAxisCount).exactOptional(),
  axes: z
    .array(
      z.strictObject({
        enabled: z.boolean(),
        limit: z.enum(["none", "negative", "positive", "soft"]),
      }),
    )
    .max(maxAxisCount)
    .exactOptional(),
  /** What the device has wrong with itself; any of them stops it. */
  faults: z.array(z.string().min(1).max(120)).max(16).exactOptional(),
  batteryRatio: z.number().min(0).max(1).exactOptional(),
  /** The newest setpoint it has carried out. */
  setpointSeq: z.int().nonnegative().exactOptional(),
});
/** Answer to a `sync` of the server: when it came and when this left, on the agent's clock. */
const sync = z.strictObject({
  type: z.literal("sync"),
  t0Ms: z.number(),
  t1Ms: z.number(),
  t2Ms: z.number(),
});

const deviceRequests = { hello, offer, telemetry, sync } as const;
const DeviceRequestSchema = z.union(Object.values(deviceRequests));
/** Every message an agent may send on `/v1/device`. */
export type DeviceRequest = Readonly<z.infer<typeof DeviceRequestSchema>>;
export type DeviceHello = Extract<DeviceRequest, { type: "hello" }>;
/** An offer as an agent writes it: what has a default may be left out. */
export type OfferInput = Readonly<z.input<typeof offer>>;
export type DeviceOfferMessage = Readonly<z.infer<typeof offer>>;
export type TelemetryMessage = Readonly<z.infer<typeof telemetry>>;

/** What agents may send, as JSON Schema (draft 2020-12). */
export function deviceMessageSchemas(): Readonly<Record<string, unknown>> {
  return { [deviceProtocol]: z.toJSONSchema(DeviceRequestSchema, { io: "input" }) };
}

/** One text message of `/v1/device`. Never throws. */
export function parseDeviceRequest(text: string): Parsed<DeviceRequest> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused(WireCode.Malformed, `message of ${text.length} characters is not JSON`);
  }
  const type =
    typeof value === "object" && value !== null ? (value as { type?: unknown }).type : "";
  if (typeof type !== "string" || !Object.hasOwn(deviceRequests, type)) {
    const expected = Object.keys(deviceRequests).join(", ");
    return refused(WireCode.UnknownType, `type is not known here, expected one of ${expected}`);
  }
  const result = deviceRequests[type as keyof typeof deviceRequests].safeParse(value);
  if (result.success) return { ok: true, message: result.data };
  const issue = result.error.issues[0];
  const path = issue?.path.map(String).join(".") ?? "";
  const why = `${type}${path === "" ? "" : ` ${path}`}: ${issue?.message ?? "is invalid"}`;
  return { ok: false, problem: { code: WireCode.Message, message: why, path } };
}

function refused(code: WireCode, message: string): Parsed<never> {
  return { ok: false, problem: { code, message } };
}

/** First answer to a hello: which devices an offer may be for. */
export interface DeviceWelcome {
  readonly type: "welcome";
  readonly protocol: typeof deviceProtocol;
  readonly session: string;
  readonly devices: readonly {
    readonly id: string;
    readonly profile: string;
    readonly axes: readonly (AxisLimits & { readonly name: string })[];
    readonly homeRad: readonly number[];
  }[];
  /** Server monotonic ms, the scale of `stampMs` of setpoints. */
  readonly serverMs: number;
}

/** The offer fits. Limits are the narrower of both sides, in the order of the offer. */
export interface DeviceAccepted {
  readonly type: "accepted";
  readonly device: string;
  readonly axes: readonly (AxisLimits & { readonly name: string })[];
  readonly setpointRateHz: number;
  /** A setpoint that is older than this moves nothing any more: hold by yourself. */
  readonly ttlMs: number;
  /** Silence of this length ends the session. */
  readonly telemetryTimeoutMs: number;
}

/** Where the joints shall be at `stampMs` (server clock); offer order. */
export interface SetpointMessage {
  readonly type: "setpoint";
  readonly seq: number;
  readonly stampMs: number;
  readonly posRad: readonly number[];
  readonly velRadPerS: readonly number[];
  readonly ttlMs: number;
}

/** Everything the server says on `/v1/device`. */
export type DeviceServerMessage =
  | DeviceWelcome
  | DeviceAccepted
  | SetpointMessage
  /** Hold where you are. The next setpoint, if one comes, is later than this. */
  | { readonly type: "stop"; readonly reason: string }
  | { readonly type: "enable"; readonly enabled: boolean }
  /** Asks for the agent's clock. */
  | { readonly type: "sync"; readonly t0Ms: number }
  /** What was learned of it: server ms minus agent ms, at most `uncertaintyMs` wrong. */
  | {
      readonly type: "clock";
      readonly offsetMs: number;
      readonly uncertaintyMs: number;
      readonly roundTripMs: number;
    }
  | {
      readonly type: "error";
      readonly code: string;
      readonly message: string;
      readonly path?: string;
    };
