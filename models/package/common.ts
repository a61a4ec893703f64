import { z } from "zod";
import {
  Embodiment,
  File,
  License,
  name,
  Normalizations,
  path,
  Planner,
  Provenance,
  Requires,
  Timing,
  Verify,
} from "./manifest-parts.ts";
import { Streams } from "./streams.ts";

/** The sections every family has. */
export const commonSections = {
  format: z.literal("wmp"),
  version: z.literal("1.0"),
  id: name,
  revision: name,
  /**
   * sha256 of the manifest's own text with these 64 digits set to 0: a damaged manifest is refused.
   * What is damaged in any other file, `files` shows.
   */
  seal: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: "expected 64 lower-case hex digits" })
    .optional(),
  /** False: the graphs do not read actions, and candidate queries are refused. */
  action_conditioned: z.boolean().default(true),
  /** What a prediction depends on besides the state, for people and planners. */
  conditioning: z
    .array(z.enum(["text", "first_frame", "frames", "proprio", "actions", "goal"]))
    .optional(),
  license: License,
  provenance: Provenance,
  requires: Requires,
  files: z.array(File).min(1).max(1000),
  embodiment: Embodiment,
  timing: Timing,
  /** Cameras by name. */
  streams: Streams.default({}),
  normalization: Normalizations,
  verify: Verify,
  planner: Planner.optional(),
  /** Figures of the evaluation, free in form: for people and reports, not read by the host. */
  metrics: z.record(z.string(), z.json()).default({}),
  model_card: path,
};

/** What every manifest has, whatever its family. */
export type CommonManifest = Readonly<z.infer<z.ZodObject<typeof commonSections>>>;
