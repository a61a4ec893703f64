import { z } from "zod";
import { commonSections } from "../common.ts";
import { Graph, ObserveStep, Ring } from "../graph-schema.ts";
import { name } from "../manifest-parts.ts";
import { Uncertainty } from "../uncertainty.ts";

/** What the host computes around the predictor, by name. */
const Transform = z.discriminatedUnion("kind", [
  /**
   * Joints follow their commands as a first-order lag: q += gain * (command - q) every step, velocity
   * from the difference. For predictors that give latents only. 1: the joint is where it was told.
   */
  z.strictObject({
    kind: z.literal("command_lag"),
    gain: z.union([z.number().gt(0).max(1), z.array(z.number().gt(0).max(1))]).default(1),
  }),
]);

const sections = {
  ...commonSections,
  family: z.literal("jepa-window"),
  graphs: z.record(name, Graph),
  /** The windows the host keeps. */
  states: z.array(Ring).min(1).max(16),
  latent: z.strictObject({
    /** `layernorm`: every predicted token to mean 0 and variance 1 over its last axis, as targets were. */
    postnorm: z.enum(["none", "layernorm"]).default("none"),
    eps: z.number().positive().default(1e-5),
  }),
  transforms: z.strictObject({ proprio: Transform.optional() }).default({}),
  programs: z.strictObject({
    observe: z.array(ObserveStep).min(1).max(16),
    predict: z.strictObject({
      repeat: z.literal("horizon"),
      run: name,
      branch_from: z.literal("observe"),
      actions: z.literal("candidate"),
    }),
    preview: z.strictObject({ run: name }).optional(),
    /** What encodes a goal picture into the space predictions are compared in. */
    goal: z.strictObject({ run: name }).optional(),
  }),
  uncertainty: Uncertainty,
};

export const JepaWindow = z.strictObject(sections);
export type JepaManifest = Readonly<z.infer<typeof JepaWindow>>;
