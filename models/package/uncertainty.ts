import { z } from "zod";
import { name } from "./manifest-parts.ts";

/** What a prediction may be about, as the first part of its roles: `pred.proprio.mean`. */
export const headNames = ["pred.proprio", "pred.bearing", "pred.visibility"] as const;
export type HeadName = (typeof headNames)[number];

/** Numbers per step of each head; bearing is right and down, visibility one probability. */
export const headWidth = (head: HeadName, jointCount: number): number =>
  ({ "pred.proprio": 2 * jointCount, "pred.bearing": 2, "pred.visibility": 1 })[head];

const positive = z.number().positive();
/** One entry per step: a factor for every dimension, or one each. */
const Table = z.array(z.union([positive, z.array(positive).min(1)])).min(1);
const Tables = z.partialRecord(z.enum(headNames), Table);

const Calibration = z.discriminatedUnion("method", [
  /** The graph's deviation is calibrated already, or nobody calibrated it. */
  z.strictObject({
    method: z.enum(["in-graph", "none"]),
    coverage: z.number().gt(0).lt(1).optional(),
    data: name.optional(),
  }),
  /** The host multiplies the graph's deviation by `scale[head][step]`. */
  z.strictObject({
    method: z.literal("temperature_per_horizon"),
    scale: Tables,
    coverage: z.number().gt(0).lt(1).optional(),
    data: name.optional(),
  }),
  /** The graph predicts no deviation: it is `std[head][step]`, SI units, whatever is predicted. */
  z.strictObject({
    method: z.literal("table_per_horizon"),
    std: Tables,
    coverage: z.number().gt(0).lt(1).optional(),
    data: name.optional(),
  }),
]);

export const Uncertainty = z.strictObject({
  /** What the graphs give: `.std`, `.logvar` (natural logarithm of the variance), or nothing. */
  kind: z.enum(["gaussian_std", "gaussian_logvar", "table"]),
  outputs: z.array(name),
  calibration: Calibration,
  ood: z
    .discriminatedUnion("kind", [
      /** The graph says it: role `pred.ood`. */
      z.strictObject({ kind: z.literal("graph"), threshold: z.number().optional() }),
      /** The host averages how badly each observation fitted the one-step prediction made before it. */
      z.strictObject({
        kind: z.literal("nll_ewma"),
        threshold: z.number().optional(),
        /** Weight of the newest observation. */
        weight: z.number().gt(0).max(1).default(0.1),
      }),
    ])
    .optional(),
});
export type Uncertainty = Readonly<z.infer<typeof Uncertainty>>;
export type CalibrationTable = z.infer<typeof Table>;
