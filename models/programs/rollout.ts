import type { EngineBinding } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { State } from "../package/graph-schema.ts";
import type { Scaling } from "../package/scaling.ts";
import type { Heads } from "./heads.ts";
import type { Observer } from "./observer.ts";
import type { PictureDecoder } from "./picture-decoder.ts";
import type { PredictSize, ProgramPrediction } from "./program.ts";
import { broadcast, RoleBuffer } from "./role-buffer.ts";
import { makeState, type StateTensor } from "./state-tensor.ts";
import { bufferFor, runBinding, specOf, wire, type Roles, type WiredGraph } from "./wiring.ts";

/** Bindings kept for (candidates, steps) pairs; a caller that varies them more pays for rebinding. */
const keptSizes = 8;

export interface ImaginationParts {
  readonly graph: WiredGraph;
  readonly states: readonly State[];
  readonly observer: Observer;
  readonly actionScaling: Scaling;
  readonly jointCount: number;
  readonly heads: Heads;
  readonly decoder: PictureDecoder | undefined;
}

/** The buffers of one (candidates, steps) pair, bound to the graph. */
interface Bound {
  readonly binding: EngineBinding;
  readonly inputs: ReadonlyMap<string, RoleBuffer>;
  readonly actions: RoleBuffer | undefined;
  readonly states: readonly (StateTensor | undefined)[];
  readonly outputs: ReadonlyMap<string, RoleBuffer>;
  readonly heads: ReturnType<Heads["buffersOf"]>;
}

/** One graph that imagines all steps of all candidates in one run. */
export class Rollout {
  readonly #parts: ImaginationParts;
  readonly #bound = new Map<string, Bound>();

  constructor(parts: ImaginationParts) {
    this.#parts = parts;
    // Bound now rather than at the first question: a package whose graph disagrees is refused at open.
    const [, horizon] = specOf(parts.graph, "in", "actions")?.shape ?? [];
    this.#boundFor(1, typeof horizon === "number" ? horizon : 1);
  }

  /** // hot path */
  async predict(actionsRad: ArrayLike<number>, size: PredictSize): Promise<ProgramPrediction> {
    const { observer, actionScaling, heads, decoder } = this.#parts;
    const { candidateCount, horizonSteps, previewStep } = size;
    const bound = this.#boundFor(candidateCount, horizonSteps);
    fillFromObserver(bound, observer);
    if (bound.actions !== undefined) {
      actionScaling.toGraph(actionsRad, bound.actions.values);
      bound.actions.push();
    }
    await runBinding(bound.binding);
    const raw = heads.make(candidateCount, horizonSteps);
    heads.takeAll(bound.heads, raw);
    const picture =
      previewStep === undefined || decoder === undefined
        ? undefined
        : await decodeStep(decoder, bound.outputs, previewStep, size);
    return {
      heads: heads.finish(raw, horizonSteps),
      ood: observer.committed("pred.ood")?.[0] ?? oodOf(bound.outputs),
      picture,
    };
  }

  #boundFor(candidateCount: number, horizonSteps: number): Bound {
    const key = `${candidateCount}x${horizonSteps}`;
    const known = this.#bound.get(key);
    if (known !== undefined) return known;
    const oldest = this.#bound.keys().next().value;
    if (this.#bound.size >= keptSizes && oldest !== undefined) {
      this.#bound.get(oldest)?.binding[Symbol.dispose]();
      this.#bound.delete(oldest);
    }
    const made = this.#bind(candidateCount, horizonSteps);
    this.#bound.set(key, made);
    return made;
  }

  #bind(batch: number, horizon: number): Bound {
    const { graph, states, jointCount, heads } = this.#parts;
    const inputs = inputBuffers(graph, batch, ["actions"]);
    const type = specOf(graph, "in", "actions")?.type ?? "float32";
    const actions = new RoleBuffer(type, [batch, horizon, jointCount]);
    const rows = stateRows(graph, states, batch);
    const outputs = outputBuffers(graph, batch, horizon);
    mustTakeObserved(graph.name, inputs, this.#parts.observer, batch);
    const roles = new Map([
      ...tensorsOf(inputs),
      ...boundStates(states, rows),
      ["actions", actions.tensor] as const,
    ]);
    const binding = wire(graph, roles, tensorsOf(outputs), { batch, horizon });
    return {
      binding,
      inputs,
      actions,
      states: rows,
      outputs,
      heads: heads.buffersOf(outputs, batch * horizon),
    };
  }
}

/** Buffers of every input role that is neither a state nor named in `others`. */
export function inputBuffers(
  graph: WiredGraph,
  batch: number,
  others: readonly string[] = [],
): Map<string, RoleBuffer> {
  const buffers = new Map<string, RoleBuffer>();
  for (const role of Object.values(graph.graph.in)) {
    if (role.startsWith("state:") || others.includes(role)) continue;
    const buffer = bufferFor(graph, "in", role, { batch });
    if (buffer !== undefined) buffers.set(role, buffer);
  }
  return buffers;
}

/** Buffers of every output role that is not a state. */
export function outputBuffers(
  graph: WiredGraph,
  batch: number,
  horizon?: number,
): Map<string, RoleBuffer> {
  const options = { batch, ...(horizon === undefined ? {} : { horizon }) };
  const buffers = new Map<string, RoleBuffer>();
  for (const role of Object.values(graph.graph.out)) {
    if (role.startsWith("state:")) continue;
    const buffer = bufferFor(graph, "out", role, options);
    if (buffer !== undefined) buffers.set(role, buffer);
  }
  return buffers;
}

export const tensorsOf = (buffers: ReadonlyMap<string, RoleBuffer>): Roles =>
  new Map(Array.from(buffers, ([role, buffer]) => [role, buffer.tensor]));

/** One state per candidate, for those the graph reads. */
export function stateRows(
  graph: WiredGraph,
  states: readonly State[],
  batch: number,
): (StateTensor | undefined)[] {
  const read = new Set(Object.values(graph.graph.in));
  return states.map(({ name, dtype, shape }) =>
    read.has(`state:${name}`)
      ? makeState(graph.session, dtype, [batch, ...shape.slice(1)])
      : undefined,
  );
}

export const boundStates = (
  states: readonly State[],
  rows: readonly (StateTensor | undefined)[],
): [string, StateTensor["bound"]][] =>
  states.flatMap(({ name }, index): [string, StateTensor["bound"]][] => {
    const row = rows[index];
    return row === undefined ? [] : [[`state:${name}`, row.bound]];
  });

/** What was observed last, once per candidate. // hot path */
export function fillFromObserver(
  bound: {
    readonly inputs: ReadonlyMap<string, RoleBuffer>;
    readonly states: readonly (StateTensor | undefined)[];
  },
  observer: Observer,
): void {
  for (const [role, buffer] of bound.inputs) {
    const row = observedRow(observer, role);
    if (row === undefined) continue;
    broadcast(row, buffer.values);
    buffer.push();
  }
  const live = observer.states;
  for (let i = 0; i < bound.states.length; i += 1) {
    const from = live[i];
    if (from !== undefined) bound.states[i]?.broadcastFrom(from);
  }
}

/** @throws BridgeError `model/shape` for an input that is not as wide as what is observed. */
export function mustTakeObserved(
  graph: string,
  inputs: ReadonlyMap<string, RoleBuffer>,
  observer: Observer,
  batch: number,
): void {
  for (const [role, { values }] of inputs) {
    // An action to come is as wide as the one that stands.
    const observed = role === "action.next" ? "action.cur" : role;
    const row = observedRow(observer, observed);
    if (row !== undefined) mustHold(graph, role, values.length, batch * row.length);
  }
}

/** @throws BridgeError `model/shape`. */
export function mustHold(graph: string, role: string, length: number, expected: number): void {
  if (length === expected) return;
  const text = `${graph}: ${role} has ${length} numbers, what is observed makes ${expected}`;
  throw new BridgeError(ErrorCode.ModelShape, text);
}

const observedRow = (observer: Observer, role: string): Float32Array | undefined =>
  observer.committed(role) ?? observer.committed(role.replace(/cur$/, "obs"));

/** Candidate 0's score by the predicting graph. */
export function oodOf(outputs: ReadonlyMap<string, RoleBuffer>): number | undefined {
  const predicted = outputs.get("pred.ood");
  predicted?.pull();
  return predicted?.values[0];
}

async function decodeStep(
  decoder: PictureDecoder,
  outputs: ReadonlyMap<string, RoleBuffer>,
  step: number,
  { candidateCount, horizonSteps }: PredictSize,
): Promise<ProgramPrediction["picture"]> {
  const latents = outputs.get(decoder.role);
  if (latents === undefined) return undefined;
  latents.pull();
  const width = latents.values.length / (candidateCount * horizonSteps);
  return await decoder.decode(latents.values, (step - 1) * width);
}
