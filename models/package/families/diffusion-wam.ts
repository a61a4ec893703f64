import { z } from "zod";
import { commonSections } from "../common.ts";
import { Graph } from "../graph-schema.ts";
import { count, name } from "../manifest-parts.ts";
import { Sampler } from "../samplers.ts";

/** The parts of a world-action model; which ones a package has decides what it can be asked. */
export const wamGraphs = [
  "text_encoder",
  "vision_tower",
  "proprio_encoder",
  "vae_encoder",
  "video_prefill",
  "video_denoise",
  "action_denoise",
  "vae_decoder",
  "vae_decoder_first",
  "vae_decoder_next",
] as const;
export type WamGraph = (typeof wamGraphs)[number];

/** What a sampler or a stream of pictures carries from run to run. */
const Carried = z.strictObject({
  name,
  dtype: z.enum(["float32", "float16", "bfloat16"]),
  shape: z.array(count).min(2).max(8),
  init: z.literal("zeros").default("zeros"),
  /** `request`: one answer; `chunk`: until the next key frame; `session`: until the prompt changes. */
  lifetime: z.enum(["request", "chunk", "session"]),
});

const Cache = z.strictObject({
  /** The graph whose outputs are kept, and what they are kept by. */
  graph: z.enum(wamGraphs),
  key: z.enum(["sha256(prompt)", "sha256(prompt,image)"]),
  lifetime: z.enum(["request", "session"]),
});

const Tokenizer = z.strictObject({
  kind: z.enum(["hf_tokenizer_json"]),
  file: name,
  max_tokens: count,
  template: z.string().max(4000).optional(),
  /** Leading tokens of the template, which the encoder's output leaves out. */
  drop_tokens: z.int().nonnegative().default(0),
});

export const DiffusionWam = z.strictObject({
  ...commonSections,
  family: z.literal("diffusion-wam"),
  graphs: z.partialRecord(z.enum(wamGraphs), Graph),
  states: z.array(Carried).max(64).default([]),
  caches: z.record(name, Cache).default({}),
  tokenizer: Tokenizer.optional(),
  samplers: z.partialRecord(z.enum(["action", "video"]), Sampler),
  /** Latent of one clip: [channels, frames, height, width]. */
  latent: z
    .strictObject({
      shape: z.tuple([count, count, count, count]),
      patch: z.tuple([count, count, count]).default([1, 2, 2]),
      mean: z.array(z.number()).optional(),
      std: z.array(z.number().positive()).optional(),
    })
    .optional(),
});
export type WamManifest = Readonly<z.infer<typeof DiffusionWam>>;
