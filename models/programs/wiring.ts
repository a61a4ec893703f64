import type {
  DeviceTensor,
  EngineBinding,
  EngineSession,
  Tensor,
  TensorSpec,
} from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { Graph } from "../package/graph-schema.ts";
import type { ModelPackage } from "../package/load-package.ts";
import { ignored } from "../package/role-rules.ts";
import { graphOf } from "./open-graphs.ts";
import { concreteShape, RoleBuffer } from "./role-buffer.ts";

/** A graph of the package with its session: roles on one side, the graph's own names on the other. */
export interface WiredGraph {
  readonly name: string;
  readonly graph: Graph;
  readonly session: EngineSession;
}

/** A graph of `pack` that is among `sessions`. */
export function openedGraph(
  pack: ModelPackage,
  sessions: ReadonlyMap<string, EngineSession>,
  name: string,
): WiredGraph {
  const session = sessions.get(name);
  if (session === undefined) throw new Error(`graph ${name} was opened`);
  return { name, graph: graphOf(pack, name), session };
}

/** What stands for each role when a binding is made. */
export type Roles = ReadonlyMap<string, Tensor | DeviceTensor>;

export interface WireOptions {
  readonly batch: number;
  /** Second axis of outputs that hold all steps. */
  readonly horizon?: number;
  /** Captured graph number where the provider captures; undefined: no capture. */
  readonly graphId?: number;
}

/**
 * Binds a graph's names to what stands for their roles.
 *
 * @throws BridgeError `model/shape` when manifest and graph disagree.
 */
export function wire(
  { name, graph, session }: WiredGraph,
  inputs: Roles,
  outputs: Roles,
  options: WireOptions,
): EngineBinding {
  const unread = (spec: TensorSpec): Tensor =>
    new RoleBuffer(spec.type, concreteShape(name, spec, options.batch, options.horizon)).tensor;
  return session.bind(
    byGraphName(graph.in, inputs, session.inputs, unread),
    byGraphName(graph.out, outputs, session.outputs, unread),
    options.graphId === undefined ? {} : { graphId: options.graphId },
  );
}

function byGraphName(
  roles: Readonly<Record<string, string>>,
  tensors: Roles,
  specs: readonly TensorSpec[],
  unread: (spec: TensorSpec) => Tensor,
): Record<string, Tensor | DeviceTensor> {
  const named: Record<string, Tensor | DeviceTensor> = {};
  for (const [graphName, role] of Object.entries(roles)) {
    const spec = specs.find((each) => each.name === graphName);
    const tensor = role === ignored && spec !== undefined ? unread(spec) : tensors.get(role);
    if (tensor !== undefined) named[graphName] = tensor;
    // A name the graph does not have goes on to the engine, whose refusal lists those it has.
    else if (spec === undefined) named[graphName] = { data: new Float32Array(1), shape: [1] };
  }
  return named;
}

/** What the graph declares for a role, or undefined where it has no such role. */
export function specOf(
  { name, graph, session }: WiredGraph,
  side: "in" | "out",
  role: string,
): TensorSpec | undefined {
  const graphName = Object.entries(graph[side]).find(([, each]) => each === role)?.[0];
  if (graphName === undefined) return undefined;
  const specs = side === "in" ? session.inputs : session.outputs;
  const spec = specs.find((each) => each.name === graphName);
  if (spec !== undefined) return spec;
  const known = specs.map((each) => each.name).join(", ");
  const direction = side === "in" ? "input" : "output";
  const text = `${name}: no ${direction} is named ${graphName}; it has ${known}`;
  throw new BridgeError(ErrorCode.ModelShape, text);
}

/** A buffer for a role, as the graph declares it. */
export function bufferFor(
  wired: WiredGraph,
  side: "in" | "out",
  role: string,
  options: WireOptions,
): RoleBuffer | undefined {
  const spec = specOf(wired, side, role);
  if (spec === undefined) return undefined;
  const shape = concreteShape(wired.name, spec, options.batch, options.horizon);
  return new RoleBuffer(spec.type, shape);
}

/** Runs and waits where the engine does not run synchronously. // hot path */
export async function runBinding(binding: EngineBinding): Promise<void> {
  const pending = binding.run();
  if (pending !== undefined) await pending;
}
