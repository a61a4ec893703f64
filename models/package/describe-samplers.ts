import type { WamManifest } from "./families/diffusion-wam.ts";
import type { Manifest } from "./manifest.ts";
import { sigmasOf, type LatentSize, type Sampler } from "./samplers.ts";

/** How a sampler goes from noise to an answer. */
export interface SamplerReport {
  readonly name: string;
  readonly kind: Sampler["kind"];
  readonly graph: string;
  readonly stepCount: number;
  /** Noise levels in order, 1 = pure noise; undefined when they depend on a latent of unknown size. */
  readonly sigmas: readonly number[] | undefined;
}

/** Outputs that are kept between requests. */
export interface CacheReport {
  readonly name: string;
  readonly graph: string;
  readonly key: string;
}

/** What a package's sampling loop consists of; empty for families without one. */
export function samplersOf(manifest: Manifest): readonly SamplerReport[] {
  if (manifest.family !== "diffusion-wam") return [];
  const { samplers, latent } = manifest;
  const size = latent && latentSize(latent);
  return Object.entries(samplers).map(([name, sampler]) => ({
    name,
    kind: sampler.kind,
    graph: sampler.graph,
    stepCount: sampler.kind === "flow_euler" ? sampler.steps : sampler.timesteps.length,
    sigmas: sigmasOf(sampler, size),
  }));
}

export function cachesOf(manifest: Manifest): readonly CacheReport[] {
  if (manifest.family !== "diffusion-wam") return [];
  return Object.entries(manifest.caches).map(([name, { graph, key }]) => ({ name, graph, key }));
}

/** Tokens are patches of the latent. */
function latentSize({ shape, patch }: NonNullable<WamManifest["latent"]>): LatentSize {
  const [, frames, height, width] = shape;
  return {
    tokensPerFrame: (height / patch[1]) * (width / patch[2]),
    frameCount: frames,
  };
}
