import { z } from "zod";
import { numbers, path, count } from "./manifest-parts.ts";
import { parseJson } from "./problems.ts";

const rows = z.array(numbers).min(1);

const Golden = z.strictObject({
  /** Fed through `observe` from an empty state; SI units, proprio and action as the manifest orders them. */
  observations: z
    .array(
      z.strictObject({
        proprio: numbers,
        action: numbers,
        /** Stream to the index of its picture in `streams`; a stream that is left out brings none. */
        frames: z.record(z.string(), z.int().nonnegative()).optional(),
        /** Stream to how much older than the observation its picture is; left out = 0. */
        frame_age_s: z.record(z.string(), z.number().nonnegative()).optional(),
      }),
    )
    .min(1)
    .max(10_000),
  /** Tensors of the streams' pictures, one after another: row-major, little-endian, the stream's type. */
  streams: z.record(z.string(), z.strictObject({ file: path, count })).optional(),
  /** Setpoints at steps 1..K. */
  actionsRad: rows,
  /** What the exporter's own runtime predicted, per step: q then qd. */
  mean: rows,
  std: rows,
  /** The same for the other heads: `pred.bearing.mean`, `pred.visibility.std`, … */
  heads: z
    .partialRecord(
      z.enum([
        "pred.bearing.mean",
        "pred.bearing.std",
        "pred.visibility.mean",
        "pred.visibility.std",
      ]),
      rows,
    )
    .optional(),
  ood: z.number().optional(),
});

/** A recorded rollout every engine and provider must reproduce before it serves. */
export type Golden = Readonly<z.infer<typeof Golden>>;

/** @throws BridgeError `model/manifest` naming every problem with its path. */
export function parseGolden(text: string, source: string): Golden {
  return parseJson(Golden, text, source);
}
