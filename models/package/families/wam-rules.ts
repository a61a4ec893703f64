import { unlisted } from "../common-rules.ts";
import { expectRoles, ignored } from "../role-rules.ts";
import { rule, type ManifestProblem, type Rule } from "../rules.ts";
import type { WamGraph, WamManifest } from "./diffusion-wam.ts";

type M = WamManifest;

export const wamRules: readonly Rule[] = [
  rule<M, "graphs" | "states" | "streams">(["graphs", "states", "streams"], roleProblems),
  rule<M, "graphs" | "samplers" | "caches" | "latent">(
    ["graphs", "samplers", "caches", "latent"],
    samplerProblems,
  ),
  rule<M, "files" | "tokenizer">(["files", "tokenizer"], ({ files, tokenizer }) =>
    tokenizer === undefined ? [] : unlisted(files, [[tokenizer.file, ["tokenizer", "file"]]]),
  ),
];

interface Sides {
  readonly in: readonly string[];
  readonly out: readonly string[];
}

/** What each part reads and makes, after the component boundaries of the released Kairos code. */
const roles: Readonly<Record<WamGraph, Sides>> = {
  text_encoder: {
    in: ["text.ids", "text.mask", "vision.tokens"],
    out: ["context", "context.mask"],
  },
  vision_tower: { in: [], out: ["vision.tokens"] },
  proprio_encoder: { in: ["proprio.cur", "proprio.mask"], out: ["context.proprio"] },
  vae_encoder: { in: [], out: ["latent.obs"] },
  video_prefill: { in: ["latent.obs", "time", "context", "context.mask"], out: [] },
  video_denoise: {
    in: ["latents", "time", "context", "context.mask", "context.proprio", "history.count"],
    out: ["velocity", "x0"],
  },
  action_denoise: {
    in: ["noisy_action", "time", "context", "context.mask", "context.proprio"],
    out: ["velocity", "x0"],
  },
  vae_decoder: { in: ["latents"], out: [] },
  vae_decoder_first: { in: ["latents"], out: [] },
  vae_decoder_next: { in: ["latents"], out: [] },
};
const seesPictures = new Set<string>(["vision_tower", "vae_encoder"]);

function* roleProblems({
  graphs,
  states,
  streams,
}: Pick<M, "graphs" | "states" | "streams">): Generator<ManifestProblem> {
  const carried = states.map((state) => `state:${state.name}`);
  const names = Object.keys(streams);
  for (const [name, graph] of Object.entries(graphs)) {
    const { in: inputs, out } = roles[name as WamGraph];
    const pictures = seesPictures.has(name) ? names.map((stream) => `stream:${stream}`) : [];
    const previews = name.startsWith("vae_decoder") ? names.map((each) => `preview.${each}`) : [];
    yield* expectRoles(["graphs", name, "in"], graph.in, {
      optional: [...inputs, ...pictures, ...carried],
    });
    yield* expectRoles(["graphs", name, "out"], graph.out, {
      optional: [...out, ...previews, ...carried, ignored],
    });
  }
}

function* samplerProblems({
  graphs,
  samplers,
  caches,
  latent,
}: Pick<M, "graphs" | "samplers" | "caches" | "latent">): Generator<ManifestProblem> {
  const names = Object.keys(graphs);
  for (const [name, sampler] of Object.entries(samplers)) {
    const path = ["samplers", name];
    const graph = Object.entries(graphs).find(([each]) => each === sampler.graph)?.[1];
    if (graph === undefined) {
      const message = `${sampler.graph} is no graph of this package, it has ${names.join(", ")}`;
      yield { path: [...path, "graph"], message };
      continue;
    }
    for (const key of ["var", "time"] as const) {
      if (Object.values(graph.in).includes(sampler[key])) continue;
      yield { path: [...path, key], message: `${sampler.graph} does not read ${sampler[key]}` };
    }
    if (!Object.values(graph.out).includes(sampler.output)) {
      const message = `${sampler.graph} does not make ${sampler.output}`;
      yield { path: [...path, "output"], message };
    }
    if (typeof sampler.shift !== "number" && latent === undefined) {
      yield { path: [...path, "shift"], message: "exp_tokens needs the section latent" };
    }
  }
  if (Object.keys(samplers).length === 0) {
    yield { path: ["samplers"], message: "expected action, video or both" };
  }
  for (const [name, cache] of Object.entries(caches)) {
    if (names.includes(cache.graph)) continue;
    yield {
      path: ["caches", name, "graph"],
      message: `${cache.graph} is no graph of this package`,
    };
  }
}
