import type { EngineSession, TensorSpec } from "../../bridge/contract/engine.ts";
import type { ModelPackage } from "../package/load-package.ts";
import {
  cachesOf,
  samplersOf,
  type CacheReport,
  type SamplerReport,
} from "../package/describe-samplers.ts";
import type { Manifest } from "../package/manifest.ts";
import { unitOf } from "./role-units.ts";

/** One input or output of a graph. */
export interface RoleReport {
  /** The graph's own name for it. */
  readonly name: string;
  readonly role: string;
  /** SI units of its values; undefined where they have none or only the model knows. */
  readonly unit: string | undefined;
  /** Undefined while no session is open. */
  readonly type: string | undefined;
  readonly shape: readonly (number | string)[] | undefined;
}

export interface GraphReport {
  readonly name: string;
  readonly file: string;
  /** With its external weights. */
  readonly bytes: number;
  readonly inputs: readonly RoleReport[];
  readonly outputs: readonly RoleReport[];
}

export interface StateReport {
  readonly name: string;
  readonly kind: string;
  readonly type: string | undefined;
  /** First axis is the batch; a ring's is its window. */
  readonly shape: readonly number[];
  readonly lifetime: string;
}

/** What a package says of itself, for people and programs. Numbers in SI units. */
export interface PackageReport {
  readonly id: string;
  readonly revision: string;
  readonly family: string;
  readonly source: string;
  readonly sha256: string;
  readonly fileCount: number;
  readonly bytes: number;
  /** The manifest carries the hash of its own text. */
  readonly isSealed: boolean;
  readonly actionConditioned: boolean;
  /** What predictions depend on besides the state, as the package says. */
  readonly conditioning: readonly string[];
  readonly license: Manifest["license"];
  readonly provenance: Manifest["provenance"];
  readonly requires: Manifest["requires"];
  readonly device: Manifest["embodiment"];
  readonly timing: Manifest["timing"];
  readonly streams: Manifest["streams"];
  readonly graphs: readonly GraphReport[];
  readonly states: readonly StateReport[];
  /** How noise becomes an answer, in families that sample. */
  readonly samplers: readonly SamplerReport[];
  readonly caches: readonly CacheReport[];
  readonly uncertainty: string | undefined;
  readonly planner: Manifest["planner"];
  readonly verify: Manifest["verify"];
}

/** @param sessions of the graphs, by name, where they are open: they know types and shapes. */
export function reportPackage(
  pack: ModelPackage,
  sessions: ReadonlyMap<string, EngineSession> = new Map(),
): PackageReport {
  const { manifest, source, sha256 } = pack;
  return {
    id: manifest.id,
    revision: manifest.revision,
    family: manifest.family,
    source,
    sha256,
    fileCount: manifest.files.length,
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
    isSealed: manifest.seal !== undefined,
    actionConditioned: manifest.action_conditioned,
    conditioning: manifest.conditioning ?? [],
    license: manifest.license,
    provenance: manifest.provenance,
    requires: manifest.requires,
    device: manifest.embodiment,
    timing: manifest.timing,
    streams: manifest.streams,
    graphs: graphsOf(pack, sessions),
    states: manifest.states.map(stateOf),
    samplers: samplersOf(manifest),
    caches: cachesOf(manifest),
    uncertainty: uncertaintyOf(manifest),
    planner: manifest.planner,
    verify: manifest.verify,
  };
}

function graphsOf(
  { manifest }: ModelPackage,
  sessions: ReadonlyMap<string, EngineSession>,
): GraphReport[] {
  const sizes = new Map(manifest.files.map((file) => [file.path, file.bytes]));
  return Object.entries(manifest.graphs).map(([name, graph]) => {
    const session = sessions.get(name);
    const roles = (side: "in" | "out", specs: readonly TensorSpec[] | undefined): RoleReport[] =>
      Object.entries(graph[side]).map(([own, role]) => {
        const spec = specs?.find((each) => each.name === own);
        const unit = unitOf(role, manifest);
        return { name: own, role, unit, type: spec?.type, shape: spec?.shape };
      });
    const files = [graph.file, ...graph.external_data];
    return {
      name,
      file: graph.file,
      bytes: files.reduce((sum, file) => sum + (sizes.get(file) ?? 0), 0),
      inputs: roles("in", session?.inputs),
      outputs: roles("out", session?.outputs),
    };
  });
}

function stateOf(state: Manifest["states"][number]): StateReport {
  const { name } = state;
  if ("window" in state) {
    const kind = `ring of ${state.of}`;
    return { name, kind, type: undefined, shape: [state.window], lifetime: "trajectory" };
  }
  const { dtype, shape, lifetime } = state;
  return { name, kind: "carried", type: dtype, shape, lifetime };
}

function uncertaintyOf(manifest: Manifest): string | undefined {
  if (!("uncertainty" in manifest)) return undefined;
  const { kind, calibration } = manifest.uncertainty;
  const { method, coverage, data } = calibration;
  const share = coverage === undefined ? "" : `, ${100 * coverage} % coverage`;
  return `${kind}, calibration ${method}${share}${data === undefined ? "" : ` on ${data}`}`;
}
