import * as z from "zod";
import type { AxisLimits } from "../contract/device.ts";
import { serverMs, type Wire } from "./messages/fields.ts";

const axis = z.strictObject({
  name: z.string(),
  lowerRad: z.number(),
  upperRad: z.number(),
  maxVelocityRadPerS: z.number(),
  maxAccelerationRadPerS2: z.number(),
  maxJerkRadPerS3: z.number(),
  continuous: z.boolean().exactOptional(),
}) satisfies z.ZodType<AxisLimits & { readonly name: string }>;

const welcome = z
  .strictObject({
    type: z.literal("welcome"),
    protocol: z.literal("kairos.device.v1"),
    session: z.string(),
    devices: z.array(
      z.strictObject({
        id: z.string(),
        profile: z.string(),
        axes: z.array(axis),
        homeRad: z.array(z.number()),
      }),
    ),
    serverMs,
  })
  .meta({ description: "First answer to a hello: which devices an offer may be for." });
export type DeviceWelcome = Wire<z.infer<typeof welcome>>;

const accepted = z
  .strictObject({
    type: z.literal("accepted"),
    device: z.string(),
    axes: z.array(axis),
    homeRad: z.array(z.number()),
    setpointRateHz: z.number(),
    ttlMs: z.number().meta({
      description: "A setpoint that is older than this moves nothing any more: hold by yourself.",
    }),
    telemetryTimeoutMs: z
      .number()
      .meta({ description: "Silence of this length ends the session." }),
  })
  .meta({
    description:
      "The offer fits. Limits are the narrower of both sides, in the order of the offer.",
  });
export type DeviceAccepted = Wire<z.infer<typeof accepted>>;

const setpoint = z
  .strictObject({
    type: z.literal("setpoint"),
    seq: z.int(),
    stampMs: serverMs,
    posRad: z.array(z.number()),
    velRadPerS: z.array(z.number()),
    ttlMs: z.number(),
  })
  .meta({ description: "Where the joints shall be at stampMs; offer order." });
export type SetpointMessage = Wire<z.infer<typeof setpoint>>;

/** Everything the server says on `/v1/device`, by type. */
export const deviceServerMessages = {
  welcome,
  accepted,
  setpoint,
  stop: z
    .strictObject({ type: z.literal("stop"), reason: z.string() })
    .meta({ description: "Hold where you are. The next setpoint, if one comes, is later." }),
  enable: z
    .strictObject({ type: z.literal("enable"), enabled: z.boolean() })
    .meta({ description: "Drives powered, or limp." }),
  sync: z
    .strictObject({ type: z.literal("sync"), t0Ms: serverMs })
    .meta({ description: "Asks for the agent's clock." }),
  clock: z
    .strictObject({
      type: z.literal("clock"),
      offsetMs: z.number(),
      uncertaintyMs: z.number(),
      roundTripMs: z.number(),
    })
    .meta({
      description: "What was learned of it: server ms minus agent ms, and how wrong at most.",
    }),
  error: z
    .strictObject({
      type: z.literal("error"),
      code: z.string(),
      message: z.string(),
      path: z.string().exactOptional(),
    })
    .meta({ description: "Something was refused, or the socket is about to be closed." }),
} as const;

type Messages = {
  [Type in keyof typeof deviceServerMessages]: z.infer<(typeof deviceServerMessages)[Type]>;
};
export type DeviceServerMessage = Wire<Messages[keyof Messages]>;
