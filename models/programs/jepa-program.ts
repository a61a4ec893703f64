import type { EngineSession } from "../../bridge/contract/engine.ts";
import type { JepaManifest } from "../package/families/jepa-window.ts";
import type { ModelPackage } from "../package/load-package.ts";
import { Heads } from "./heads.ts";
import { JepaImagination } from "./jepa-imagination.ts";
import { Observer } from "./observer.ts";
import { PictureDecoder } from "./picture-decoder.ts";
import type {
  PredictSize,
  Program,
  ProgramPrediction,
  ProgramSnapshot,
  StreamInput,
} from "./program.ts";
import { closeAll, openAll, type RecurrentProgramOptions } from "./recurrent-program.ts";
import { RingWindow } from "./ring-window.ts";
import { openedGraph, type WiredGraph } from "./wiring.ts";

/** A jepa-window package: an encoder, windows of what was observed, a predictor of the next latent. */
export class JepaProgram implements Program {
  readonly sessions: ReadonlyMap<string, EngineSession>;
  readonly streams: readonly StreamInput[];
  readonly hasDecoder: boolean;
  readonly #observer: Observer;
  readonly #rings: readonly RingWindow[];
  readonly #imagination: JepaImagination;

  private constructor(
    pack: ModelPackage<JepaManifest>,
    sessions: ReadonlyMap<string, EngineSession>,
    isCaptured: boolean,
  ) {
    const { manifest } = pack;
    const { programs, streams, states } = manifest;
    const wired = (name: string): WiredGraph => openedGraph(pack, sessions, name);
    this.sessions = sessions;
    this.#observer = new Observer({
      manifest,
      states: [],
      runs: programs.observe.map(({ run, when }) => ({ ...wired(run), when })),
      initial: [],
      isCaptured,
    });
    this.streams = this.#observer.streams;
    this.#rings = states.map((spec) => {
      const row = this.#observer.committed(observedRole(spec.of));
      return new RingWindow(spec, row?.length ?? 0);
    });
    this.hasDecoder = programs.preview !== undefined;
    const graph = wired(programs.predict.run);
    const roles = Object.values(graph.graph.out);
    const isModelled = roles.includes("pred.proprio.mean");
    this.#imagination = new JepaImagination({
      manifest,
      graph,
      observer: this.#observer,
      rings: this.#rings,
      heads: isModelled
        ? new Heads(manifest, roles)
        : new Heads(manifest, [...roles, "pred.proprio.mean"], unscaled),
      decoder: programs.preview && new PictureDecoder(wired(programs.preview.run), streams),
    });
  }

  /** @throws BridgeError `engine/session`, or `model/shape` when graphs and manifest disagree. */
  static async open(
    pack: ModelPackage<JepaManifest>,
    { open, isCaptured = false }: RecurrentProgramOptions,
  ): Promise<JepaProgram> {
    const sessions = await openAll(Object.keys(pack.manifest.graphs), open);
    try {
      return new JepaProgram(pack, sessions, isCaptured);
    } catch (error) {
      await closeAll(sessions);
      throw error;
    }
  }

  reset(): void {
    this.#observer.reset();
    for (const ring of this.#rings) ring.clear();
  }

  async observe(proprio: ArrayLike<number>, action: ArrayLike<number>): Promise<void> {
    await this.#observer.observe(proprio, action);
    for (const ring of this.#rings) {
      const row = this.#observer.committed(observedRole(ring.spec.of));
      if (row !== undefined) ring.push(row);
    }
  }

  async predict(actionsRad: ArrayLike<number>, size: PredictSize): Promise<ProgramPrediction> {
    return await this.#imagination.predict(actionsRad, size);
  }

  hasFiniteState(): boolean {
    return this.#observer.hasFiniteState();
  }

  snapshot(): ProgramSnapshot {
    const { states, values } = this.#observer.save();
    return { states: [...states, ...this.#rings.map((ring) => ring.save())], values };
  }

  restore(snapshot: ProgramSnapshot): void {
    this.#observer.load({ states: [], values: snapshot.values });
    for (const [index, ring] of this.#rings.entries()) ring.load(snapshot.states[index]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeAll(this.sessions);
  }
}

const unscaled = { mean: () => undefined, std: () => undefined };

/** At the time of an observation the action that ended the last step is the newest one known. */
const observedRole = (of: JepaManifest["states"][number]["of"]): string =>
  of === "action.next" ? "action.cur" : of;
