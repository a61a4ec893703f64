import type { Graph } from "./graph-schema.ts";
import type { ModelPackage } from "./load-package.ts";
import type { Manifest } from "./manifest.ts";
import { sigmasOf, type LatentSize, type Sampler } from "./samplers.ts";

/** A graph as an author wrote it down: the graph's names and the roles they have. */
export interface GraphSummary {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly externalBytes: number;
  readonly in: Readonly<Record<string, string>>;
  readonly out: Readonly<Record<string, string>>;
  /** Providers with a twin or options of their own, or that are known not to serve it. */
  readonly providers: readonly string[];
}

export interface SamplerSummary {
  readonly name: string;
  readonly kind: Sampler["kind"];
  readonly graph: string;
  readonly stepCount: number;
  /** Noise levels, 1 = pure noise; undefined when the latent's size is not in the manifest. */
  readonly sigmas: readonly number[] | undefined;
}

/** What a package is, for people and programs that do not run it. Plain data. */
export interface PackageSummary {
  readonly id: string;
  readonly revision: string;
  readonly family: Manifest["family"];
  readonly sha256: string;
  readonly isSealed: boolean;
  readonly source: string;
  readonly totalBytes: number;
  readonly license: Manifest["license"];
  readonly provenance: Manifest["provenance"];
  readonly requires: Manifest["requires"];
  readonly actionConditioned: boolean;
  readonly conditioning: readonly string[];
  readonly embodiment: {
    readonly name: string;
    readonly joints: Manifest["embodiment"]["joints"];
    /** Name and unit of each column. */
    readonly proprio: readonly { readonly name: string; readonly unit: string }[];
    readonly action: { readonly space: string; readonly unit: string };
  };
  readonly timing: {
    readonly stepS: number;
    readonly rateHz: number;
    readonly maxHorizonSteps: number;
    readonly trainedHorizonSteps: number;
    readonly maxObservationAgeS: number;
    readonly stateTtlS: number;
  };
  readonly streams: Manifest["streams"];
  readonly graphs: readonly GraphSummary[];
  /** Name, shape and element type of what is carried from run to run. */
  readonly states: readonly { readonly name: string; readonly text: string }[];
  readonly programs: unknown;
  readonly uncertainty: unknown;
  readonly samplers: readonly SamplerSummary[];
  readonly caches: readonly {
    readonly name: string;
    readonly graph: string;
    readonly key: string;
  }[];
  readonly planner: Manifest["planner"];
  readonly verify: Manifest["verify"];
  readonly metrics: Manifest["metrics"];
  readonly modelCard: string;
}

export function describePackage({ manifest, sha256, source, files }: ModelPackage): PackageSummary {
  const { timing, embodiment } = manifest;
  const sizes = new Map(Array.from(files, ([path, content]) => [path, content.byteLength]));
  return {
    id: manifest.id,
    revision: manifest.revision,
    family: manifest.family,
    sha256,
    isSealed: manifest.seal !== undefined,
    source,
    totalBytes: [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0),
    license: manifest.license,
    provenance: manifest.provenance,
    requires: manifest.requires,
    actionConditioned: manifest.action_conditioned,
    conditioning: manifest.conditioning ?? [],
    embodiment: {
      name: embodiment.name,
      joints: embodiment.joints,
      proprio: embodiment.proprio.order.map((name) => ({ name, unit: unitOf(name) })),
      action: { space: embodiment.action.space, unit: embodiment.action.unit },
    },
    timing: {
      stepS: timing.step_s,
      rateHz: 1 / timing.step_s,
      maxHorizonSteps: timing.horizon.max,
      trainedHorizonSteps: timing.horizon.trained,
      maxObservationAgeS: timing.max_obs_age_s,
      stateTtlS: timing.state_ttl_s,
    },
    streams: manifest.streams,
    graphs: Object.entries(manifest.graphs).map(([name, graph]) => summaryOf(name, graph, sizes)),
    states: manifest.states.map((state) => ({ name: state.name, text: stateText(state) })),
    ...familyParts(manifest),
    planner: manifest.planner,
    verify: manifest.verify,
    metrics: manifest.metrics,
    modelCard: manifest.model_card,
  };
}

/** The quantity is the first part of the name. */
const unitOf = (name: string): string =>
  name.startsWith("qd.") ? "rad/s" : name.startsWith("tau.") ? "Nm" : "rad";

function summaryOf(
  name: string,
  { file, external_data, in: inputs, out, providers }: Graph,
  sizes: ReadonlyMap<string, number>,
): GraphSummary {
  return {
    name,
    file,
    bytes: sizes.get(file) ?? 0,
    externalBytes: external_data.reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0),
    in: inputs,
    out,
    providers: Object.keys(providers),
  };
}

function stateText(state: Manifest["states"][number]): string {
  if ("window" in state) return `last ${state.window} of ${state.of}`;
  return `${state.dtype} [${state.shape.join(", ")}], lifetime ${state.lifetime}`;
}

type FamilyParts = Pick<PackageSummary, "programs" | "uncertainty" | "samplers" | "caches">;

function familyParts(manifest: Manifest): FamilyParts {
  if (manifest.family !== "diffusion-wam") {
    const { programs, uncertainty } = manifest;
    return { programs, uncertainty, samplers: [], caches: [] };
  }
  const { samplers, caches, latent } = manifest;
  const size = latent && latentSize(latent);
  return {
    programs: undefined,
    uncertainty: undefined,
    samplers: Object.entries(samplers).map(([name, sampler]) => ({
      name,
      kind: sampler.kind,
      graph: sampler.graph,
      stepCount: sampler.kind === "flow_euler" ? sampler.steps : sampler.timesteps.length,
      sigmas: sigmasOf(sampler, size),
    })),
    caches: Object.entries(caches).map(([name, { graph, key }]) => ({ name, graph, key })),
  };
}

/** Tokens are patches of the latent: [channels, frames, height, width]. */
function latentSize({
  shape,
  patch,
}: {
  readonly shape: readonly [number, number, number, number];
  readonly patch: readonly [number, number, number];
}): LatentSize {
  const [, frames, height, width] = shape;
  return {
    tokensPerFrame: (height / patch[1]) * (width / patch[2]),
    frameCount: frames,
  };
}
