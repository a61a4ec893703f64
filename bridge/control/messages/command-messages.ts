import * as z from "zod";
import { actionNames } from "../../core/gesture-names.ts";
import {
  clientMs,
  deviceId,
  leaseTicket,
  name,
  perAxis,
  ratio,
  requestId,
  serverMs,
  ttlMs,
  vector3,
  xyzw,
} from "./fields.ts";

export const ackLevels = ["received", "accepted", "applied", "done"] as const;

const head = {
  type: z.literal("command"),
  id: requestId,
  seq: z.int().nonnegative().meta({
    description:
      "Rises with every command of a session to a device; a late one is not carried out.",
  }),
  device: deviceId,
  lease: leaseTicket,
  acks: z
    .union([z.enum(["all", "rejections"]), z.array(z.enum(ackLevels)).max(4)])
    .exactOptional()
    .meta({
      description:
        "Which acks to send beside `rejected`, which always comes; left out: accepted, applied, done. `rejections` suits a stream of setpoints.",
    }),
  sentAtMs: clientMs.exactOptional().meta({
    description:
      "When it was sent, on the client's monotonic clock: expiry then counts from sending. Used only as far as `sync` has compared the clocks.",
  }),
};
const motionTtl = ttlMs.exactOptional().meta({
  description: "Gives up and brakes after this long; left out: runs to its end, while checked in.",
});
const durationMs = z.number().min(1).max(60_000).exactOptional().meta({
  description: "Takes this long, or as long as the limits need; instead of velocityRatio.",
});
const frame = name.meta({
  description: "A frame of the device: its base, or one of its chain. Left out: the base.",
});

const oneOfSpeedAndTime = (value: {
  readonly durationMs?: number;
  readonly velocityRatio?: number;
}): boolean => value.durationMs === undefined || value.velocityRatio === undefined;
const eitherText = "durationMs or velocityRatio, not both";

export const velocityCommand = z
  .strictObject({ ...head, kind: z.literal("velocity"), ttlMs, velRadPerS: perAxis })
  .meta({
    description: "Joint velocities, rad/s. Send one every 50 ms with a ttlMs of 150 to 200.",
  });

export const positionCommand = z
  .strictObject({
    ...head,
    kind: z.literal("position"),
    ttlMs: motionTtl,
    posRad: perAxis,
    velocityRatio: ratio.exactOptional(),
    durationMs,
  })
  .refine(oneOfSpeedAndTime, eitherText)
  .meta({ description: "Joint positions, rad." });

export const poseCommand = z
  .strictObject({
    ...head,
    kind: z.literal("pose"),
    ttlMs: motionTtl,
    orientationXyzw: xyzw,
    frame: frame.exactOptional(),
    velocityRatio: ratio.exactOptional(),
    durationMs,
  })
  .refine(oneOfSpeedAndTime, eitherText)
  .meta({
    description:
      "Where the camera shall look: its orientation (x forward, y left, z up) in a frame of the device.",
  });

const pointValues = z.array(z.number()).min(1).max(16);
export const trajectoryCommand = z
  .strictObject({
    ...head,
    kind: z.literal("trajectory"),
    ttlMs: motionTtl,
    axes: z.array(name).min(1).max(16),
    points: z
      .array(
        z.strictObject({
          timeMs: z.number().nonnegative().max(600_000),
          posRad: pointValues,
          velRadPerS: pointValues.exactOptional(),
          accRadPerS2: pointValues.exactOptional(),
        }),
      )
      .min(1)
      .max(256),
    /** From arrival to `timeMs` 0. */
    startInMs: z.number().nonnegative().max(10_000).exactOptional(),
    pathToleranceRad: perAxis.exactOptional(),
    goalToleranceRad: perAxis.exactOptional(),
  })
  .meta({
    description:
      "A path over time; values in the order of `axes`, times strictly rising. With velocities cubic, with accelerations quintic, with neither linear. The last point is at rest.",
  });

const imageTarget = z
  .strictObject({
    image: z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]),
    /** Of the picture the point was found in, if known. */
    stampMs: serverMs.exactOptional(),
  })
  .meta({ description: "A point of the live picture: right and down, each 0 to 1." });
const bearingTarget = z
  .strictObject({
    bearing: vector3.refine((value) => Math.hypot(...value) > 1e-6, "a direction of some length"),
    frame: frame.exactOptional(),
  })
  .meta({ description: "A direction from the device, x forward, y left, z up in its frame." });
const target = z.union([imageTarget, bearingTarget]);
const predictedTarget = z.strictObject({ predicted: z.literal(true) }).meta({
  description:
    "The target the world model sees, where it says it will be. Each command takes the newest prediction: send one every 40 to 200 ms.",
});

export const trackCommand = z
  .strictObject({
    ...head,
    kind: z.literal("track"),
    ttlMs,
    target: z.union([target, predictedTarget]),
  })
  .meta({
    description: "Keeps something in the middle of the picture while it is told where it is.",
  });

export const actionCommand = z
  .strictObject({
    ...head,
    kind: z.literal("action"),
    ttlMs: motionTtl,
    action: z.enum(actionNames),
    /** How far it swings, of what the gesture is made with. */
    amplitudeRatio: ratio.exactOptional(),
    velocityRatio: ratio.exactOptional(),
    /** Where to look; for `look-at`, and only for it. */
    target: target.exactOptional(),
  })
  .refine(
    ({ action, target: where }) => (action === "look-at") === (where !== undefined),
    "a target with look-at, and with nothing else",
  )
  .meta({ description: "A gesture around where the device stands." });

export const modeCommand = z
  .strictObject({ ...head, kind: z.literal("mode"), mode: z.enum(["active", "inactive"]) })
  .meta({ description: "Drives powered, or limp where the device can." });

const foldingFields = { ...head, ttlMs: motionTtl, velocityRatio: ratio.exactOptional() };
export const deployCommand = z
  .strictObject({ ...foldingFields, kind: z.literal("deploy") })
  .meta({ description: "Unfolds, and goes home." });
export const stowCommand = z
  .strictObject({ ...foldingFields, kind: z.literal("stow") })
  .meta({ description: "Re-centres, and folds." });

/** Every kind of command by its name. */
export const commandKinds = {
  velocity: velocityCommand,
  position: positionCommand,
  pose: poseCommand,
  trajectory: trajectoryCommand,
  track: trackCommand,
  action: actionCommand,
  mode: modeCommand,
  deploy: deployCommand,
  stow: stowCommand,
} as const;
