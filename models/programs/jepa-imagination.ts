import type { EngineBinding } from "../../bridge/contract/engine.ts";
import type { JepaManifest } from "../package/families/jepa-window.ts";
import {
  predictedColumns,
  predictionScalingOf,
  scalingOf,
  type PredictionScaling,
  type Scaling,
} from "../package/scaling.ts";
import { CommandLag } from "./command-lag.ts";
import type { Heads } from "./heads.ts";
import { normalizeLayers } from "./layer-norm.ts";
import type { Observer } from "./observer.ts";
import type { PictureDecoder } from "./picture-decoder.ts";
import type { Picture, PredictSize, ProgramPrediction } from "./program.ts";
import { pushRow, type RingWindow } from "./ring-window.ts";
import { broadcast, mustBeFinite, type RoleBuffer } from "./role-buffer.ts";
import {
  fillFromObserver,
  inputBuffers,
  mustHold,
  mustTakeObserved,
  oodOf,
  outputBuffers,
  tensorsOf,
} from "./rollout.ts";
import { runBinding, specOf, wire, type WiredGraph } from "./wiring.ts";

const keptSizes = 4;

export interface JepaParts {
  readonly manifest: JepaManifest;
  readonly graph: WiredGraph;
  readonly observer: Observer;
  readonly rings: readonly RingWindow[];
  readonly heads: Heads;
  readonly decoder: PictureDecoder | undefined;
}

/** The buffers of one number of candidates N. */
interface Bound {
  readonly batch: number;
  readonly binding: EngineBinding;
  readonly inputs: ReadonlyMap<string, RoleBuffer>;
  readonly outputs: ReadonlyMap<string, RoleBuffer>;
  readonly heads: ReturnType<Heads["buffersOf"]>;
  /** As imagined so far, graph units: [N, P]. */
  readonly proprio: Float32Array;
  /** One step's joints, SI and graph units: [N, 2J]. */
  readonly jointsSi: Float32Array;
  readonly joints: Float32Array;
  /** Graph units, [N, K, J]; grown to the longest horizon asked for. */
  actions: Float32Array;
}

/**
 * Runs the predictor step by step on copies of the windows and appends what it predicts. The action
 * that leads to the next latent enters `action.next` windows before the run, the others after it.
 */
export class JepaImagination {
  readonly #parts: JepaParts;
  readonly #actionScaling: Scaling;
  readonly #jointScaling: PredictionScaling;
  readonly #columns: readonly number[];
  readonly #lag: CommandLag | undefined;
  readonly #latentAxis: number;
  readonly #bound = new Map<number, Bound>();

  constructor(parts: JepaParts) {
    const { manifest, graph } = parts;
    this.#parts = parts;
    this.#actionScaling = scalingOf(manifest.normalization.action);
    this.#jointScaling = predictionScalingOf(manifest);
    this.#columns = predictedColumns(manifest.embodiment);
    const { proprio } = manifest.transforms;
    const { joints } = manifest.embodiment;
    this.#lag = proprio && new CommandLag(proprio.gain, joints.length, manifest.timing.step_s);
    const size = specOf(graph, "out", "pred.latent.mean")?.shape.at(-1);
    this.#latentAxis = typeof size === "number" ? size : 1;
    this.#boundFor(1);
  }

  /** // hot path */
  async predict(actionsRad: ArrayLike<number>, size: PredictSize): Promise<ProgramPrediction> {
    const { observer, heads, decoder, manifest } = this.#parts;
    const { candidateCount, horizonSteps, previewStep } = size;
    const bound = this.#boundFor(candidateCount);
    this.#start(bound, actionsRad, candidateCount * horizonSteps);
    const raw = heads.make(candidateCount, horizonSteps);
    let ood = observer.committed("pred.ood")?.[0];
    let picture: Picture | undefined;
    for (let step = 0; step < horizonSteps; step += 1) {
      this.#pushActions(bound, "action.next", step, horizonSteps);
      for (const input of bound.inputs.values()) input.push();
      await runBinding(bound.binding);
      for (const output of bound.outputs.values()) output.pull();
      ood ??= oodOf(bound.outputs);
      const latent = bound.outputs.get("pred.latent.mean");
      if (latent !== undefined) {
        mustBeFinite(latent.values, "predicted latent");
        const { postnorm, eps } = manifest.latent;
        if (postnorm === "layernorm") normalizeLayers(latent.values, this.#latentAxis, eps);
        this.#pushRows(bound, "latent.obs", latent.values);
      }
      heads.takeStep(bound.heads, raw, step, horizonSteps);
      this.#moveJoints(bound, actionsRad, step, horizonSteps, raw.get("pred.proprio")?.mean);
      this.#pushRows(bound, "proprio.cur", bound.proprio);
      this.#pushActions(bound, "action.cur", step, horizonSteps);
      if (previewStep !== step + 1 || decoder === undefined || latent === undefined) continue;
      picture = await decoder.decode(latent.values, 0);
    }
    return { heads: heads.finish(raw, horizonSteps), ood, picture };
  }

  #start(bound: Bound, actionsRad: ArrayLike<number>, rowCount: number): void {
    const { observer, rings, manifest } = this.#parts;
    fillFromObserver({ inputs: bound.inputs, states: [] }, observer);
    for (const ring of rings) {
      const windows = bound.inputs.get(`ring:${ring.spec.name}`);
      if (windows !== undefined) broadcast(ring.values, windows.values);
    }
    const observed = observer.committed("proprio.cur");
    if (observed !== undefined) broadcast(observed, bound.proprio);
    this.#pickJoints(bound.proprio, bound.jointsSi);
    this.#jointScaling.mean(bound.jointsSi);
    const length = rowCount * manifest.embodiment.joints.length;
    if (bound.actions.length < length) bound.actions = new Float32Array(length);
    this.#actionScaling.toGraph(actionsRad, bound.actions.subarray(0, length));
  }

  /** Where the joints are after the step: as the graph says, or as they follow their command. */
  #moveJoints(
    bound: Bound,
    actionsRad: ArrayLike<number>,
    step: number,
    horizonSteps: number,
    mean: Float32Array | undefined,
  ): void {
    const predicted = bound.outputs.get("pred.proprio.mean");
    if (predicted !== undefined) {
      this.#putJoints(predicted.values, bound.proprio);
    } else if (this.#lag !== undefined && mean !== undefined) {
      this.#lag.step(bound.jointsSi, actionsRad, step, horizonSteps);
      const width = this.#columns.length;
      for (let row = 0; row < bound.batch; row += 1) {
        const joints = bound.jointsSi.subarray(row * width, (row + 1) * width);
        mean.set(joints, (row * horizonSteps + step) * width);
      }
      this.#jointScaling.toGraph(bound.jointsSi, bound.joints);
      this.#putJoints(bound.joints, bound.proprio);
    }
  }

  /** Columns q and qd of every row out of proprio; what is not there is 0. */
  #pickJoints(proprio: Float32Array, joints: Float32Array): void {
    const width = this.#parts.manifest.embodiment.proprio.order.length;
    for (let i = 0; i < joints.length; i += 1) {
      const row = Math.floor(i / this.#columns.length);
      const column = this.#columns[i % this.#columns.length] ?? -1;
      joints[i] = column < 0 ? 0 : (proprio[row * width + column] ?? Number.NaN);
    }
  }

  #putJoints(joints: Float32Array, proprio: Float32Array): void {
    const width = this.#parts.manifest.embodiment.proprio.order.length;
    for (let i = 0; i < joints.length; i += 1) {
      const row = Math.floor(i / this.#columns.length);
      const column = this.#columns[i % this.#columns.length] ?? -1;
      if (column >= 0) proprio[row * width + column] = joints[i] ?? Number.NaN;
    }
  }

  #pushActions(
    bound: Bound,
    of: "action.cur" | "action.next",
    step: number,
    horizonSteps: number,
  ): void {
    const width = this.#parts.manifest.embodiment.joints.length;
    const direct = bound.inputs.get(of);
    for (let row = 0; row < bound.batch; row += 1) {
      const at = (row * horizonSteps + step) * width;
      const action = bound.actions.subarray(at, at + width);
      direct?.values.set(action, row * width);
      this.#pushRow(bound, of, row, action);
    }
  }

  #pushRows(bound: Bound, of: "latent.obs" | "proprio.cur", values: Float32Array): void {
    const width = values.length / bound.batch;
    if (of === "proprio.cur") bound.inputs.get(of)?.values.set(values);
    for (let row = 0; row < bound.batch; row += 1) {
      this.#pushRow(bound, of, row, values.subarray(row * width, (row + 1) * width));
    }
  }

  #pushRow(bound: Bound, of: string, row: number, values: Float32Array): void {
    for (const { spec } of this.#parts.rings) {
      if (spec.of !== of) continue;
      const windows = bound.inputs.get(`ring:${spec.name}`);
      if (windows === undefined) continue;
      pushRow(windows.values, row * spec.window * values.length, spec.window, values);
    }
  }

  #boundFor(batch: number): Bound {
    const known = this.#bound.get(batch);
    if (known !== undefined) return known;
    const oldest = this.#bound.keys().next().value;
    if (this.#bound.size >= keptSizes && oldest !== undefined) {
      this.#bound.get(oldest)?.binding[Symbol.dispose]();
      this.#bound.delete(oldest);
    }
    const made = this.#bind(batch);
    this.#bound.set(batch, made);
    return made;
  }

  #bind(batch: number): Bound {
    const { graph, heads, rings, manifest } = this.#parts;
    const inputs = inputBuffers(graph, batch);
    const outputs = outputBuffers(graph, batch);
    for (const { spec, values } of rings) {
      const role = `ring:${spec.name}`;
      mustHold(graph.name, role, inputs.get(role)?.values.length ?? 0, batch * values.length);
    }
    mustTakeObserved(graph.name, inputs, this.#parts.observer, batch);
    const latent = rings.find((ring) => ring.spec.of === "latent.obs");
    if (latent !== undefined) {
      const role = "pred.latent.mean";
      const length = outputs.get(role)?.values.length ?? 0;
      mustHold(graph.name, role, length, batch * latent.rowWidth);
    }
    const { proprio } = manifest.embodiment;
    return {
      batch,
      binding: wire(graph, tensorsOf(inputs), tensorsOf(outputs), { batch }),
      inputs,
      outputs,
      heads: heads.buffersOf(outputs, batch),
      proprio: new Float32Array(batch * proprio.order.length),
      jointsSi: new Float32Array(batch * this.#columns.length),
      joints: new Float32Array(batch * this.#columns.length),
      actions: new Float32Array(0),
    };
  }
}
