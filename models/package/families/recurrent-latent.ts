import { z } from "zod";
import { commonSections } from "../common.ts";
import { Graph, ObserveStep, State } from "../graph-schema.ts";
import { name } from "../manifest-parts.ts";
import { Uncertainty } from "../uncertainty.ts";

/** One graph imagines all steps: [N, K, ...] out. */
const Rollout = z.strictObject({
  run: name,
  branch_from: z.literal("observe"),
  actions: z.literal("candidate"),
});

/** One graph imagines one step and is run once per step, fed with what it predicted. */
const Repeat = z.strictObject({
  repeat: z.literal("horizon"),
  run: name,
  branch_from: z.literal("observe"),
  actions: z.literal("candidate"),
  /**
   * Input role to the role it takes from the run before, or to a constant. `proprio.cur` takes the
   * columns that are predicted; the others keep what was observed.
   */
  feed: z.record(name, z.union([name, z.number()])).default({}),
  /**
   * `run`: step 1 is a run too, on what was observed. `observe`: step 1 is what `observe` itself
   * predicted when it read the observation.
   */
  first: z.enum(["run", "observe"]).default("run"),
});

const Programs = z.strictObject({
  observe: z.array(ObserveStep).min(1).max(16),
  predict: z.union([Rollout, Repeat]),
  /** Turns a predicted latent into a picture of a stream. */
  preview: z.strictObject({ run: name }).optional(),
});

const sections = {
  ...commonSections,
  family: z.literal("recurrent-latent"),
  graphs: z.record(name, Graph),
  states: z.array(State).max(64),
  programs: Programs,
  uncertainty: Uncertainty,
};

export const RecurrentLatent = z.strictObject(sections);
export type RecurrentManifest = Readonly<z.infer<typeof RecurrentLatent>>;
