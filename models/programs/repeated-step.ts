import type { EngineBinding } from "../../bridge/contract/engine.ts";
import type { RecurrentManifest } from "../package/families/recurrent-latent.ts";
import { predictedColumns } from "../package/scaling.ts";
import type { RawHeads, Heads } from "./heads.ts";
import type { Picture, PredictSize, ProgramPrediction } from "./program.ts";
import { broadcast, type RoleBuffer } from "./role-buffer.ts";
import {
  boundStates,
  fillFromObserver,
  inputBuffers,
  mustHold,
  mustTakeObserved,
  oodOf,
  outputBuffers,
  stateRows,
  tensorsOf,
  type ImaginationParts,
} from "./rollout.ts";
import type { StateTensor } from "./state-tensor.ts";
import { runBinding, wire } from "./wiring.ts";

/** Batch sizes whose buffers are kept. */
const keptSizes = 4;

export interface RepeatedStepParts extends ImaginationParts {
  readonly predict: Extract<RecurrentManifest["programs"]["predict"], { repeat: "horizon" }>;
  readonly embodiment: RecurrentManifest["embodiment"];
}

/** The buffers of one number of candidates. States lie in two sets that the bindings swap. */
interface Bound {
  readonly bindings: readonly EngineBinding[];
  readonly inputs: ReadonlyMap<string, RoleBuffer>;
  /** The set the first run of a prediction reads. */
  readonly states: readonly (StateTensor | undefined)[];
  readonly outputs: ReadonlyMap<string, RoleBuffer>;
  readonly heads: ReturnType<Heads["buffersOf"]>;
  /** All candidates' actions, graph units, [N, K, J]; grown to the longest horizon asked for. */
  actions: Float32Array;
}

/**
 * A graph that imagines one step, run once per step for all candidates together. The action standing
 * when a step begins is `action.cur` and the one it ends under is `action.next`; values it is fed
 * with come from the run before it.
 */
export class RepeatedStep {
  readonly #parts: RepeatedStepParts;
  readonly #columns: readonly number[];
  readonly #feeds: readonly (readonly [string, string | number])[];
  readonly #bound = new Map<number, Bound>();

  constructor(parts: RepeatedStepParts) {
    this.#parts = parts;
    this.#columns = predictedColumns(parts.embodiment);
    this.#feeds = Object.entries(parts.predict.feed);
    this.#boundFor(1);
  }

  /** // hot path */
  async predict(actionsRad: ArrayLike<number>, size: PredictSize): Promise<ProgramPrediction> {
    const { observer, heads, predict, decoder } = this.#parts;
    const { candidateCount, horizonSteps, previewStep } = size;
    const bound = this.#boundFor(candidateCount);
    fillFromObserver(bound, observer);
    this.#scaleActions(bound, actionsRad, candidateCount * horizonSteps);
    const raw = heads.make(candidateCount, horizonSteps);
    const isFirstObserved = predict.first === "observe";
    if (isFirstObserved) this.#startFromObserve(bound, raw, horizonSteps);
    // What the observation itself scored, else what its first continuation does.
    let ood = observer.committed("pred.ood")?.[0];
    let picture: Picture | undefined;
    if (isFirstObserved && previewStep === 1) picture = await this.#decodeObserved();
    for (let step = isFirstObserved ? 1 : 0; step < horizonSteps; step += 1) {
      this.#writeActions(bound, step, horizonSteps);
      const run = step - (isFirstObserved ? 1 : 0);
      if (run > 0) this.#feed(bound, (role) => bound.outputs.get(role)?.values);
      await runBinding(must(bound.bindings[run % 2]));
      for (const output of bound.outputs.values()) output.pull();
      ood ??= oodOf(bound.outputs);
      heads.takeStep(bound.heads, raw, step, horizonSteps);
      if (previewStep !== step + 1 || decoder === undefined) continue;
      const latents = bound.outputs.get(decoder.role);
      if (latents !== undefined) picture = await decoder.decode(latents.values, 0);
    }
    return { heads: heads.finish(raw, horizonSteps), ood, picture };
  }

  /** Step 1 is what `observe` predicted; the first run is fed with it. */
  #startFromObserve(bound: Bound, raw: RawHeads, horizonSteps: number): void {
    const { observer, heads } = this.#parts;
    const committed = (role: string): Float32Array | undefined => observer.committed(role);
    heads.fillFirst(committed, raw, horizonSteps);
    this.#feed(bound, committed);
  }

  async #decodeObserved(): Promise<Picture | undefined> {
    const { decoder, observer } = this.#parts;
    const latent = decoder && observer.committed(decoder.role);
    return latent && (await decoder.decode(latent, 0));
  }

  #scaleActions(bound: Bound, actionsRad: ArrayLike<number>, rowCount: number): void {
    const length = rowCount * this.#parts.jointCount;
    if (bound.actions.length < length) bound.actions = new Float32Array(length);
    this.#parts.actionScaling.toGraph(actionsRad, bound.actions.subarray(0, length));
  }

  /** `step` is 0-based: it ends under its own action and began under the one before. */
  #writeActions(bound: Bound, step: number, horizonSteps: number): void {
    this.#writeAction(bound.inputs.get("action.next"), bound.actions, step, horizonSteps);
    if (step === 0) return;
    this.#writeAction(bound.inputs.get("action.cur"), bound.actions, step - 1, horizonSteps);
  }

  #writeAction(
    to: RoleBuffer | undefined,
    actions: Float32Array,
    step: number,
    horizonSteps: number,
  ): void {
    if (to === undefined) return;
    const { jointCount } = this.#parts;
    const { values } = to;
    for (let i = 0; i < values.length; i += 1) {
      const row = (i / jointCount) | 0;
      values[i] =
        actions[(row * horizonSteps + step) * jointCount + (i % jointCount)] ?? Number.NaN;
    }
    to.push();
  }

  /** `from` gives rows per candidate, or one row for all of them. */
  #feed(bound: Bound, from: (role: string) => Float32Array | undefined): void {
    for (const [role, source] of this.#feeds) {
      const input = bound.inputs.get(role);
      if (input === undefined) continue;
      if (typeof source === "number") input.values.fill(source);
      else if (role === "proprio.cur") this.#feedJoints(from(source), input.values);
      else broadcastInto(from(source), input.values);
      input.push();
    }
  }

  /** The columns that are predicted; torque and the like keep what was observed. */
  #feedJoints(predicted: Float32Array | undefined, proprio: Float32Array): void {
    if (predicted === undefined) return;
    const width = this.#parts.embodiment.proprio.order.length;
    const rowCount = proprio.length / width;
    for (let row = 0; row < rowCount; row += 1) {
      for (let i = 0; i < this.#columns.length; i += 1) {
        const column = this.#columns[i] ?? -1;
        const index = (row * this.#columns.length + i) % predicted.length;
        if (column >= 0) proprio[row * width + column] = predicted[index] ?? Number.NaN;
      }
    }
  }

  #boundFor(candidateCount: number): Bound {
    const known = this.#bound.get(candidateCount);
    if (known !== undefined) return known;
    const oldest = this.#bound.keys().next().value;
    if (this.#bound.size >= keptSizes && oldest !== undefined) {
      for (const binding of this.#bound.get(oldest)?.bindings ?? []) binding[Symbol.dispose]();
      this.#bound.delete(oldest);
    }
    const made = this.#bind(candidateCount);
    this.#bound.set(candidateCount, made);
    return made;
  }

  /** What is fed is as wide as what it comes from. */
  #mustFeed(
    inputs: ReadonlyMap<string, RoleBuffer>,
    outputs: ReadonlyMap<string, RoleBuffer>,
  ): void {
    for (const [role, source] of this.#feeds) {
      if (typeof source === "number" || role === "proprio.cur") continue;
      const length = outputs.get(source)?.values.length ?? 0;
      mustHold(this.#parts.graph.name, role, inputs.get(role)?.values.length ?? 0, length);
    }
  }

  #bind(batch: number): Bound {
    const { graph, states, heads } = this.#parts;
    const inputs = inputBuffers(graph, batch);
    const outputs = outputBuffers(graph, batch);
    mustTakeObserved(graph.name, inputs, this.#parts.observer, batch);
    this.#mustFeed(inputs, outputs);
    const sets = [stateRows(graph, states, batch), stateRows(graph, states, batch)] as const;
    const bindings = [0, 1].map((from) =>
      wire(
        graph,
        new Map([...tensorsOf(inputs), ...boundStates(states, sets[from === 0 ? 0 : 1])]),
        new Map([...tensorsOf(outputs), ...boundStates(states, sets[from === 0 ? 1 : 0])]),
        { batch },
      ),
    );
    return {
      bindings,
      inputs,
      states: sets[0],
      outputs,
      heads: heads.buffersOf(outputs, batch),
      actions: new Float32Array(0),
    };
  }
}

function broadcastInto(from: Float32Array | undefined, to: Float32Array): void {
  if (from !== undefined) broadcast(from, to);
}

function must(binding: EngineBinding | undefined): EngineBinding {
  if (binding === undefined) throw new Error("two bindings were made");
  return binding;
}
