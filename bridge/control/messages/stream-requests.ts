import * as z from "zod";

export const streamTopics = [
  "state",
  "score",
  "status",
  "prediction",
  "camera",
  "camera.predicted",
] as const;
export type StreamTopic = (typeof streamTopics)[number];

export const subscribe = z
  .strictObject({
    type: z.literal("subscribe"),
    topics: z
      .array(
        z.strictObject({
          topic: z.enum(streamTopics),
          /** At most this many messages per second; all of them when left out. */
          maxRateHz: z.number().positive().max(1000).exactOptional(),
          aheadMs: z.number().positive().max(10_000).exactOptional().meta({
            description:
              "For camera.predicted: how far ahead the picture shall be, to the nearest step of the model; left out: as the server has it.",
          }),
        }),
      )
      .min(1)
      .max(streamTopics.length),
  })
  .meta({
    description: "From now on these topics too; what is subscribed already gets a new rate.",
  });

export const unsubscribe = z
  .strictObject({
    type: z.literal("unsubscribe"),
    topics: z.array(z.enum(streamTopics)).min(1).max(streamTopics.length),
  })
  .meta({ description: "These topics no more." });
