import * as z from "zod";
import type { AxisDescription } from "../contract/device.ts";
import { onMissActions, onStaleActions } from "../core/keepalive.ts";
import { roles } from "../core/roles.ts";
import { ackLevels } from "./messages/command-messages.ts";
import { clientMs, leaseTicket, requestId, serverMs, type Wire } from "./messages/fields.ts";

/** The part of a lease that travels; the device it is for stands beside it. */
export type LeaseTicket = Wire<z.infer<typeof leaseTicket>>;

const holder = z.strictObject({ session: z.string(), client: z.string() });
export type LeaseHolder = Wire<z.infer<typeof holder>>;

const share = { velocityRatio: z.number(), accelerationRatio: z.number() };
const delegate = z
  .strictObject({ ...holder.shape, ...share })
  .meta({ description: "Whom the owner has lent a reduced right." });
export type LeaseDelegate = Wire<z.infer<typeof delegate>>;

const axisDescription = z.strictObject({
  name: z.string(),
  lowerRad: z.number(),
  upperRad: z.number(),
  maxVelocityRadPerS: z.number(),
  maxAccelerationRadPerS2: z.number(),
  maxJerkRadPerS3: z.number(),
  maxEffortNm: z.number(),
  provenance: z.enum(["measured", "datasheet", "assumed"]),
  continuous: z.boolean().exactOptional(),
  softMarginRad: z.number().exactOptional(),
}) satisfies z.ZodType<AxisDescription>;

const deviceOffer = z
  .strictObject({
    id: z.string(),
    profile: z.string(),
    axes: z.array(axisDescription),
    homeRad: z.array(z.number()),
    interlock: z.strictObject({ axis: z.string(), readyRad: z.number() }).exactOptional(),
  })
  .meta({ description: "A device; `axes` is the order of every joint array." });
export type DeviceOffer = Wire<z.infer<typeof deviceOffer>>;

const wireLimits = z
  .strictObject({
    maxMessageBytes: z.number(),
    maxMessagesPerS: z.number(),
    maxTtlMs: z.number(),
  })
  .meta({ description: "What the server will not accept more of." });
export type WireLimits = Wire<z.infer<typeof wireLimits>>;

const keepalive = z.strictObject({
  checkInMs: z.number().meta({ description: "Send a `checkin` at least this often." }),
  missMs: z.number(),
  staleMs: z.number(),
  closeMs: z.number(),
  onMiss: z.enum(onMissActions),
  onStale: z.enum(onStaleActions),
});

const welcome = z
  .strictObject({
    type: z.literal("welcome"),
    session: z.string(),
    /** One run of the server; leases of another run are refused. */
    epoch: z.string(),
    role: z.enum(roles),
    devices: z.array(deviceOffer),
    limits: wireLimits,
    keepalive,
    /** The most this session may use of the devices' limits. */
    share: z.strictObject(share),
    serverTimeNs: z
      .string()
      .meta({ description: "Wall clock, ns since 1970, decimal: too large for a JSON number." }),
    serverMs: serverMs.meta({ description: "The same instant on the scale of every `stampMs`." }),
  })
  .meta({ description: "The answer to a hello." });
export type WelcomeMessage = Wire<z.infer<typeof welcome>>;

const clockState = z.enum(["unknown", "ok", "stale"]);
const syncReply = z
  .strictObject({
    type: z.literal("sync"),
    t0Ms: clientMs.meta({ description: "The client's own, returned." }),
    t1Ms: serverMs.meta({ description: "When the request arrived." }),
    t2Ms: serverMs.meta({ description: "When this answer left." }),
    clock: z
      .strictObject({
        state: clockState,
        offsetMs: z.number().exactOptional(),
        uncertaintyMs: z.number().exactOptional(),
        driftPpm: z.number().exactOptional(),
      })
      .meta({
        description:
          "What the server makes of the exchanges so far: server clock minus client clock, how wrong that may be, and how fast it changes.",
      }),
  })
  .meta({ description: "The answer to a sync." });

const lease = z
  .strictObject({
    type: z.literal("lease"),
    device: z.string(),
    id: requestId.exactOptional(),
    result: z.string().exactOptional().meta({
      description: "`ok`, or why not: `lease/held`, `lease/older`, `control/role`... Only with id.",
    }),
    lease: leaseTicket.exactOptional().meta({
      description: "The right that was granted, with ok; or, without id, one that was lent to you.",
    }),
    owner: holder.nullable(),
    stale: z.boolean(),
    delegate: delegate.nullable(),
    reason: z.string().exactOptional(),
  })
  .meta({
    description:
      "Told to everyone when the right to move a device changes, and with `id` to who asked.",
  });
export type LeaseMessage = Wire<z.infer<typeof lease>>;

const motionResult = z.enum(["completed", "interrupted", "limited", "expired", "rejected"]);
const ack = z
  .strictObject({
    type: z.literal("ack"),
    id: requestId,
    status: z.enum([...ackLevels, "rejected"]),
    code: z.string().exactOptional().meta({ description: "Stable, with `rejected`." }),
    reason: z.string().exactOptional(),
    atMs: serverMs.exactOptional().meta({
      description:
        "With `received`: its arrival. With `applied`: when the first setpoint went to the driver.",
    }),
    ageMs: z.number().exactOptional().meta({
      description: "With `received`: from sending to arrival, as far as the clocks are compared.",
    }),
    applied: z
      .record(z.string(), z.number())
      .exactOptional()
      .meta({ description: "The command after limits, by axis name." }),
    limits: z
      .array(z.string())
      .exactOptional()
      .meta({ description: "One sentence per limit that changed the command." }),
    result: motionResult.exactOptional(),
    owner: holder.nullable().exactOptional().meta({
      description: "With a refusal for the lease: who holds the device.",
    }),
  })
  .meta({
    description:
      "The life of one request: received; accepted or rejected; for motion then applied when the first setpoint went to the driver, and done with a result.",
  });
export type AckMessage = Wire<z.infer<typeof ack>>;

const deviceMode = z.enum(["inactive", "active", "stopping", "latched", "fault"]);
export type DeviceMode = z.infer<typeof deviceMode>;
export const stopStates = ["armed", "stopping", "latched", "reset-requested", "ready"] as const;

const state = z
  .strictObject({
    type: z.literal("state"),
    device: z.string(),
    mode: deviceMode,
    moving: z.boolean(),
    latched: z.boolean().meta({
      description: "Emergency stop: nothing moves until a reset, a new lease and a new command.",
    }),
    stop: z.enum(stopStates).meta({ description: "How far the emergency stop and its reset are." }),
    owner: holder.nullable(),
    stale: z.boolean(),
    delegate: delegate.nullable(),
    expiredCount: z.number(),
    limitedCount: z.number(),
  })
  .meta({ description: "The command side of a device; joint values are on /v1/stream." });
export type StateMessage = Wire<z.infer<typeof state>>;

const event = z.strictObject({
  type: z.literal("event"),
  device: z.string(),
  event: z.enum(["mode", "stop", "estop", "reset"]),
  reason: z.string(),
  by: z.string().exactOptional(),
});
export type EventMessage = Wire<z.infer<typeof event>>;

export const error = z
  .strictObject({
    type: z.literal("error"),
    code: z.string().meta({ description: "Stable; test this, never the wording." }),
    message: z.string(),
    path: z.string().exactOptional().meta({ description: "Dotted path of the offending field." }),
    found: z.string().exactOptional(),
    expected: z.string().exactOptional(),
    id: requestId.exactOptional().meta({ description: "The request it answers." }),
  })
  .meta({ description: "A message was refused, or the socket is about to be closed." });
export type ErrorMessage = Wire<z.infer<typeof error>>;

/** Everything the server says on `/v1/control`, by type. */
export const serverMessages = {
  welcome,
  sync: syncReply,
  lease,
  ack,
  state,
  event,
  error,
} as const;

export type ServerMessage = Wire<
  {
    [Type in keyof typeof serverMessages]: z.infer<(typeof serverMessages)[Type]>;
  }[keyof typeof serverMessages]
>;
