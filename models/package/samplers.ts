import { z } from "zod";
import { count, name } from "./manifest-parts.ts";

/** How a schedule is bent towards high noise before use. */
const Shift = z.union([
  /** sigma' = shift * sigma / (1 + (shift - 1) * sigma). */
  z.number().positive(),
  /** The same with shift = exp(mu) * mul; mu is linear in tokens per latent frame through two points. */
  z.strictObject({
    kind: z.literal("exp_tokens"),
    base: z.tuple([z.number(), z.number()]),
    max: z.tuple([z.number(), z.number()]),
    /** `sqrt_T`: times the square root of the number of latent frames. */
    mul: z.enum(["one", "sqrt_T"]).default("one"),
  }),
]);

const common = {
  graph: name,
  /** The graph's input (its role) that is denoised, and the role of its noise level. */
  var: name,
  time: name,
  time_scale: z.number().positive().default(1000),
  shift: Shift.default(1),
  /** Roles set back to what was observed after every step. */
  clamp: z.record(name, name).default({}),
};

export const Sampler = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("flow_euler"),
    ...common,
    steps: count.max(1000),
    init: z.literal("gaussian"),
    output: z.literal("velocity"),
    /** Classifier-free guidance weight; null: one pass. */
    cfg: z.number().positive().nullable().default(null),
  }),
  z.strictObject({
    kind: z.literal("flow_dmd"),
    ...common,
    timesteps: z.array(z.number().positive()).min(1).max(1000),
    init: z.literal("gaussian").default("gaussian"),
    output: z.enum(["velocity", "x0"]).default("x0"),
    /** `fixed_seed`: every step adds the same noise again. */
    renoise: z.enum(["fixed_seed", "fresh"]),
    cfg: z.null().default(null),
  }),
]);
export type Sampler = Readonly<z.infer<typeof Sampler>>;

/** What a shift may depend on. */
export interface LatentSize {
  readonly tokensPerFrame: number;
  readonly frameCount: number;
}

/**
 * The noise levels a sampler visits, first to last, 1 = pure noise; the value after the last is 0.
 * Undefined when the shift depends on the latent's size and none is given.
 */
export function sigmasOf(sampler: Sampler, size?: LatentSize): number[] | undefined {
  const shift = shiftOf(sampler.shift, size);
  if (shift === undefined) return undefined;
  const levels =
    sampler.kind === "flow_dmd"
      ? sampler.timesteps.map((time) => time / sampler.time_scale)
      : Array.from({ length: sampler.steps }, (_, step) => 1 - step / sampler.steps);
  return levels.map((sigma) => (shift * sigma) / (1 + (shift - 1) * sigma));
}

function shiftOf(shift: Sampler["shift"], size: LatentSize | undefined): number | undefined {
  if (typeof shift === "number") return shift;
  if (size === undefined) return undefined;
  const [[tokens0, mu0], [tokens1, mu1]] = [shift.base, shift.max];
  const mu = mu0 + ((mu1 - mu0) * (size.tokensPerFrame - tokens0)) / (tokens1 - tokens0);
  return Math.exp(mu) * (shift.mul === "sqrt_T" ? Math.sqrt(size.frameCount) : 1);
}
