import * as z from "zod";
import type { Parsed } from "./messages.ts";
import { WireCode } from "./messages.ts";

export type {
  DeviceAccepted,
  DeviceServerMessage,
  DeviceWelcome,
  SetpointMessage,
} from "./device-server-messages.ts";

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

export const deviceRequests = { hello, offer, telemetry, sync } as const;
/** Every message an agent may send on `/v1/device`. */
export type DeviceRequest = Readonly<z.infer<(typeof deviceRequests)[keyof typeof deviceRequests]>>;
export type DeviceHello = Extract<DeviceRequest, { type: "hello" }>;
/** An offer as an agent writes it: what has a default may be left out. */
export type OfferInput = Readonly<z.input<typeof offer>>;
export type DeviceOfferMessage = Readonly<z.infer<typeof offer>>;
export type TelemetryMessage = Readonly<z.infer<typeof telemetry>>;

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
