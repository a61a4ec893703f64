import { z } from "zod";
import { ortRange } from "./ort-range.ts";

/** What a package may require of its host. A name outside this list is refused: it is not understood. */
const supportedFeatures = ["dynamic_batch", "dynamic_horizon", "linear_attention"] as const;

export const name = z.string().min(1).max(200);
export const count = z.int().positive();
export const numbers = z.array(z.number());

/** Relative, forward slashes, no `..`, no empty part, nothing a shell or another platform reads otherwise. */
export const path = z
  .string()
  .max(200)
  .regex(/^(?!.*\/\/)[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/, {
    error: "expected a relative path of letters, digits, '.', '_', '-' and '/'",
  });

export const maxFileBytes = 16 * 1024 ** 3;

export const File = z.strictObject({
  path,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: "expected 64 lower-case hex digits" }),
  bytes: z.int().nonnegative().max(maxFileBytes),
});

const spdx = z.string().regex(/^[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*$/, {
  error: "expected an SPDX licence expression",
});

export const License = z.strictObject({
  spdx,
  files: z.array(path).default([]),
  /** Parts under a licence of their own, e.g. `vae`: `Apache-2.0`. */
  components: z.record(name, spdx).optional(),
});

export const Provenance = z.strictObject({
  source: name,
  training_data: name,
  exporter: name,
  created: name,
  claims: z.array(name).default([]),
  commit: name.optional(),
  seed: z.int().optional(),
});

export const Requires = z.strictObject({
  /** Oldest ONNX Runtime, `>=1.21.0`. */
  ort: ortRange,
  opsets: z.record(name, count),
  features: z.array(z.enum(supportedFeatures)).default([]),
  /** Providers the author tried, best first, by the bridge's names. A hint: the operator's ladder decides. */
  providers: z.array(name).optional(),
  /** Half precision keeps the golden rollout within its tolerance, as the author measured. */
  allows_fp16: z.boolean().optional(),
  min_memory_mb: z.number().positive().optional(),
});

const Joint = z.strictObject({
  name,
  unit: z.literal("rad"),
  limits: z.tuple([z.number(), z.number()]).optional(),
  vmax: z.number().positive().optional(),
  amax: z.number().positive().optional(),
});

export const Embodiment = z.strictObject({
  name,
  /** The order here is the order of every joint array of the package. */
  joints: z.array(Joint).min(1).max(64),
  action: z.strictObject({
    space: z.literal("joint_position"),
    order: z.array(name).min(1),
    unit: z.literal("rad").default("rad"),
    hold: z.literal("last").optional(),
  }),
  proprio: z.strictObject({
    /** `q.<joint>` rad, `qd.<joint>` rad/s, `tau.<joint>` Nm. */
    order: z.array(name).min(1).max(256),
    units: z.array(name).optional(),
  }),
});

export const Timing = z.strictObject({
  step_s: z.number().positive().max(60),
  max_obs_age_s: z.number().positive(),
  state_ttl_s: z.number().positive(),
  horizon: z.strictObject({ max: count.max(4096), trained: count }),
  obs_rate_hz: z.number().positive().optional(),
  action_rate_hz: z.number().positive().optional(),
  frames_per_step: z.number().positive().optional(),
  /** Steps between an action and the first motion it causes; documentation for planners. */
  action_delay_steps: z.number().nonnegative().optional(),
  action_delay_s: z.number().nonnegative().optional(),
  /** How a policy's action chunk is meant to be played; documentation for planners. */
  chunk: z
    .strictObject({
      actions: count,
      execute: count,
      overlap: z.int().nonnegative().default(0),
      rtc: z.enum(["none", "prefix", "guided"]).default("none"),
    })
    .optional(),
});

export const Normalization = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  /** The graph takes SI units and scales inside; the numbers are documentation. */
  z.strictObject({
    kind: z.literal("in-graph"),
    mean: numbers.optional(),
    std: numbers.optional(),
  }),
  /** The host gives (value - mean) / std, clipped to ±clip, and undoes it on predictions. */
  z.strictObject({
    kind: z.literal("zscore"),
    mean: numbers,
    std: z.array(z.number().positive()),
    clip: z.number().positive().optional(),
  }),
  /** The host gives 2 (value - min) / (max - min) - 1, clipped to ±clip, and undoes it on predictions. */
  z.strictObject({
    kind: z.literal("minmax"),
    min: numbers,
    max: numbers,
    clip: z.number().positive().optional(),
  }),
]);
export type Normalization = Readonly<z.infer<typeof Normalization>>;

export const Normalizations = z.strictObject({ proprio: Normalization, action: Normalization });

/** One number for every provider, or one each by the bridge's name with `default` for the others. */
const Tolerance = z.union([
  z.number().positive(),
  z.record(name, z.number().positive()).refine((table) => "default" in table, {
    error: "expected an entry named default",
  }),
]);

export const Verify = z.strictObject({
  golden: path,
  /** Largest absolute difference allowed, in the units of the prediction. */
  atol: Tolerance,
});

/** Hints for a planner that asks this model; the bridge passes them on. */
export const Planner = z.strictObject({
  kind: z.enum(["cem", "mppi", "random_shooting", "gradient"]),
  samples: count,
  iters: count.default(1),
  topk: count.optional(),
  horizon_steps: count.optional(),
});
