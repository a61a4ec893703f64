import * as z from "zod";
import type {
  CameraPayload,
  NdArray,
  PredictedCameraPayload,
  PredictionPayload,
  ScorePayload,
  StatePayload,
  StatusPayload,
} from "../stream-messages.ts";
import { error } from "../server-messages.ts";
import { serverMs } from "./fields.ts";
import { streamTopics } from "./stream-requests.ts";

/** As it is read off the wire: what is not finite is null, arrays of numbers are maps with bytes. */
type OnWire<T> = T extends number
  ? T | null
  : T extends NdArray
    ? z.infer<typeof ndarray>
    : T extends Uint8Array
      ? unknown
      : T extends object
        ? { readonly [Key in keyof T]: OnWire<T[Key]> }
        : T;

/** Shape-checked at compile time against the payload as the service holds it. */
const describes =
  <Payload>() =>
  <Schema extends z.ZodType<OnWire<Payload>>>(
    schema: keyof Payload extends keyof z.infer<Schema> ? Schema : never,
  ): Schema =>
    schema;

const measured = z.number().nullable().meta({ description: "null where it is not finite." });
const bytes = z.unknown().meta({ description: "A msgpack byte string." });
const ndarray = z
  .strictObject({
    __ndarray__: z.literal(true),
    data: bytes,
    dtype: z.enum(["<f4", "<f8", "|u1"]),
    shape: z.array(z.int().nonnegative()),
  })
  .meta({
    description:
      "An array in openpi's convention: the four keys are byte strings, data is row-major and little-endian.",
  });

const state = describes<StatePayload>()(
  z.strictObject({
    device: z.string(),
    stampMs: serverMs,
    posRad: z.array(measured),
    velRadPerS: z.array(measured),
    setpointRad: z.array(measured),
  }),
);

const prediction = describes<PredictionPayload>()(
  z.strictObject({
    device: z.string(),
    stampMs: serverMs,
    stepMs: z.number(),
    horizonSteps: z.int(),
    axisNames: z.array(z.string()),
    meanPosRad: ndarray,
    stdPosRad: ndarray,
    meanVelRadPerS: ndarray.exactOptional(),
    stdVelRadPerS: ndarray.exactOptional(),
    setpointRad: ndarray.exactOptional(),
    camera: z
      .strictObject({
        verticalFovRad: z.number(),
        baseFromOpticalXyzw: ndarray,
        covarianceRad2: ndarray,
      })
      .exactOptional(),
    target: z.strictObject({ meanRad: ndarray, stdRad: ndarray.exactOptional() }).exactOptional(),
    inferMs: measured,
    lookaheadMs: measured,
  }),
);

const picture = { stampMs: serverMs, widthPx: z.int(), heightPx: z.int(), jpeg: bytes };
const camera = describes<CameraPayload>()(z.strictObject(picture));
const predictedCamera = describes<PredictedCameraPayload>()(
  z.strictObject({ ...picture, aheadMs: z.number(), knownRatio: z.number().exactOptional() }),
);

const score = describes<ScorePayload>()(
  z.strictObject({
    stampMs: serverMs,
    windowS: z.number(),
    horizons: z.array(
      z.strictObject({
        horizonMs: z.number(),
        count: z.int(),
        modelRmsRad: measured,
        holdRmsRad: measured,
        constantVelocityRmsRad: measured,
        coverageRatio: measured,
      }),
    ),
    coverageRatio: measured,
    degraded: z.boolean(),
  }),
);

const deviceMode = z.enum(["inactive", "active", "stopping", "latched", "fault"]);
const status = describes<StatusPayload>()(
  z.strictObject({
    stampMs: serverMs,
    uptimeS: z.number(),
    health: z.enum(["ok", "degraded", "failed"]),
    reasons: z.array(z.string()),
    device: z.strictObject({ id: z.string(), axisNames: z.array(z.string()) }),
    simulator: z.string().nullable(),
    model: z
      .strictObject({
        id: z.string(),
        revision: z.string(),
        sha256: z.string(),
        family: z.string(),
        stepMs: z.number(),
        preview: z.enum(["decoder", "reprojection", "none"]),
      })
      .nullable(),
    engine: z
      .strictObject({
        name: z.string(),
        provider: z.string(),
        version: z.string(),
        fallbackReasons: z.array(z.string()),
      })
      .nullable(),
    ros: z
      .strictObject({
        transport: z.string(),
        reason: z.string(),
        domainId: z.int(),
        discoveryRange: z.string(),
        peerCount: z.int(),
      })
      .nullable(),
    loop: z.strictObject({
      predictionsPublished: z.int(),
      lastPredictionAgeMs: measured,
      inferMsP50: measured,
      inferMsP99: measured,
      heldCount: z.int(),
      lookaheadMs: measured,
    }),
    actuation: z.strictObject({
      mode: deviceMode,
      tickLateMsP99: measured,
      expiredCount: z.int(),
      limitedCount: z.int(),
    }),
    authority: z.strictObject({
      owner: z.strictObject({ session: z.string(), client: z.string() }).nullable(),
      latched: z.boolean(),
    }),
  }),
);

const data = <Topic extends string, Payload extends z.ZodType>(topic: Topic, payload: Payload) =>
  z.strictObject({
    type: z.literal("data"),
    topic: z.literal(topic),
    seq: z.int().positive().meta({
      description: "Counts the publications of the topic; a gap was not sent to this client.",
    }),
    data: payload,
  });

/** Everything the server says on `/v1/stream`. */
export const streamServerMessages = {
  state: data("state", state).meta({
    description: "JSON. The joints as measured, and the setpoint that stood then.",
  }),
  score: data("score", score).meta({ description: "JSON. How good the predictions have been." }),
  status: data("status", status).meta({
    description: "JSON, about once a second. What runs, and why.",
  }),
  prediction: data("prediction", prediction).meta({
    description: "msgpack. Row k-1 is the state expected at stampMs + k * stepMs.",
  }),
  camera: data("camera", camera).meta({ description: "msgpack. One picture." }),
  "camera.predicted": data("camera.predicted", predictedCamera).meta({
    description: "msgpack. The picture expected aheadMs after stampMs.",
  }),
  subscribed: z
    .strictObject({ type: z.literal("subscribed"), topics: z.array(z.enum(streamTopics)) })
    .meta({ description: "The topics that come from now on." }),
  lost: z
    .strictObject({
      type: z.literal("lost"),
      topic: z.enum(streamTopics),
      count: z.int().positive(),
    })
    .meta({ description: "Messages of the topic that this client did not read in time." }),
  error,
} as const;
