import type { EngineSession } from "../../bridge/contract/engine.ts";
import type { RecurrentManifest } from "../package/families/recurrent-latent.ts";
import type { ModelPackage } from "../package/load-package.ts";
import { scalingOf } from "../package/scaling.ts";
import { Heads } from "./heads.ts";
import { initialState } from "./initial-states.ts";
import { Observer } from "./observer.ts";
import type { GraphOpener } from "./open-graphs.ts";
import { PictureDecoder } from "./picture-decoder.ts";
import type {
  PredictSize,
  Program,
  ProgramPrediction,
  ProgramSnapshot,
  StreamInput,
} from "./program.ts";
import { RepeatedStep } from "./repeated-step.ts";
import { Rollout } from "./rollout.ts";
import { openedGraph, type WiredGraph } from "./wiring.ts";

/** How a recurrent package imagines: one graph for all steps, or one run per step. */
export interface Imagination {
  predict(actionsRad: ArrayLike<number>, size: PredictSize): Promise<ProgramPrediction>;
}

export interface RecurrentProgramOptions {
  readonly open: GraphOpener;
  /** Number the bindings that run every step, for providers that capture graphs. */
  readonly isCaptured?: boolean;
}

/** A recurrent-latent package: states carried from observation to observation, branched to predict. */
export class RecurrentProgram implements Program {
  readonly sessions: ReadonlyMap<string, EngineSession>;
  readonly streams: readonly StreamInput[];
  readonly hasDecoder: boolean;
  readonly #observer: Observer;
  readonly #imagination: Imagination;

  private constructor(
    pack: ModelPackage<RecurrentManifest>,
    sessions: ReadonlyMap<string, EngineSession>,
    isCaptured: boolean,
  ) {
    const { manifest } = pack;
    const { programs, states, streams } = manifest;
    const wired = (name: string): WiredGraph => openedGraph(pack, sessions, name);
    this.sessions = sessions;
    this.#observer = new Observer({
      manifest,
      states,
      runs: programs.observe.map(({ run, when }) => ({ ...wired(run), when })),
      initial: states.map((state) => initialState(pack, state)),
      isCaptured,
    });
    this.streams = this.#observer.streams;
    const { preview, predict } = programs;
    this.hasDecoder = preview !== undefined;
    const graph = wired(predict.run);
    const parts = {
      graph,
      states,
      observer: this.#observer,
      actionScaling: scalingOf(manifest.normalization.action),
      jointCount: manifest.embodiment.joints.length,
      heads: new Heads(manifest, Object.values(graph.graph.out)),
      decoder: preview && new PictureDecoder(wired(preview.run), streams),
    };
    this.#imagination =
      "repeat" in predict
        ? new RepeatedStep({ ...parts, predict, embodiment: manifest.embodiment })
        : new Rollout(parts);
  }

  /** @throws BridgeError `engine/session`, or `model/shape` when graphs and manifest disagree. */
  static async open(
    pack: ModelPackage<RecurrentManifest>,
    { open, isCaptured = false }: RecurrentProgramOptions,
  ): Promise<RecurrentProgram> {
    const { graphs } = pack.manifest;
    const sessions = await openAll(Object.keys(graphs), open);
    try {
      return new RecurrentProgram(pack, sessions, isCaptured);
    } catch (error) {
      await closeAll(sessions);
      throw error;
    }
  }

  reset(): void {
    this.#observer.reset();
  }

  async observe(proprio: ArrayLike<number>, action: ArrayLike<number>): Promise<void> {
    await this.#observer.observe(proprio, action);
  }

  async predict(actionsRad: ArrayLike<number>, size: PredictSize): Promise<ProgramPrediction> {
    return await this.#imagination.predict(actionsRad, size);
  }

  hasFiniteState(): boolean {
    return this.#observer.hasFiniteState();
  }

  snapshot(): ProgramSnapshot {
    return this.#observer.save();
  }

  restore(snapshot: ProgramSnapshot): void {
    this.#observer.load(snapshot);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeAll(this.sessions);
  }
}

/** All or none: what was opened before a failure is closed again. */
export async function openAll(
  names: readonly string[],
  open: GraphOpener,
): Promise<Map<string, EngineSession>> {
  const sessions = new Map<string, EngineSession>();
  try {
    for (const name of names) sessions.set(name, await open(name));
  } catch (error) {
    await closeAll(sessions);
    throw error;
  }
  return sessions;
}

export async function closeAll(sessions: ReadonlyMap<string, EngineSession>): Promise<void> {
  for (const session of sessions.values()) await session[Symbol.asyncDispose]();
}
