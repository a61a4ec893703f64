import type {
  Engine,
  EngineBinding,
  EngineSession,
  ProviderRequest,
  Tensor,
} from "../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import { packageFile, type ModelPackage } from "./package/load-package.ts";
import type { Manifest } from "./package/manifest.ts";
import { scalingOf, type Scaling } from "./package/scaling.ts";

/** Bindings kept for (candidates, steps) pairs; a caller that varies them more pays for rebinding. */
const keptRollouts = 8;

type Graph = Manifest["graphs"]["observe"];

/** One rollout's buffers, bound to the graph. Overwritten by the next rollout of the same size. */
interface Rollout {
  readonly binding: EngineBinding;
  readonly proprio: Float32Array;
  readonly action: Float32Array;
  readonly states: readonly Float32Array[];
  readonly actions: Float32Array;
  readonly mean: Float32Array;
  readonly std: Float32Array;
}

export interface RolloutResult {
  /** Borrowed until the next rollout: [candidateCount, horizonSteps, 2 * jointCount], q then qd, SI units. */
  readonly mean: Float32Array;
  /** Same shape. */
  readonly std: Float32Array;
}

/**
 * A recurrent-latent package on an engine: `observe` advances the state, `rollout` imagines from a
 * copy of it. One call at a time; the owner sees to that.
 *
 * The state lies in two buffers. `observe` reads one and writes the other, and the roles swap only
 * when the run succeeded and the new state is finite, so a failed observation leaves no trace.
 */
export class RecurrentProgram implements AsyncDisposable {
  readonly sessions: readonly EngineSession[];
  readonly jointCount: number;
  readonly proprioWidth: number;
  readonly #manifest: Manifest;
  readonly #observeSession: EngineSession;
  readonly #rolloutSession: EngineSession;
  readonly #proprioScaling: Scaling;
  readonly #actionScaling: Scaling;
  /** What `observe` reads: written before the run. */
  readonly #proprioIn: Float32Array;
  readonly #actionIn: Float32Array;
  /** What belongs to the committed state. */
  readonly #proprioNow: Float32Array;
  readonly #actionNow: Float32Array;
  readonly #states: readonly [readonly Float32Array[], readonly Float32Array[]];
  readonly #observeBindings: readonly [EngineBinding, EngineBinding];
  readonly #rollouts = new Map<string, Rollout>();
  #live: 0 | 1 = 0;

  private constructor(manifest: Manifest, observe: EngineSession, rollout: EngineSession) {
    this.#manifest = manifest;
    this.#observeSession = observe;
    this.#rolloutSession = rollout;
    this.sessions = [observe, rollout];
    this.jointCount = manifest.embodiment.joints.length;
    this.proprioWidth = manifest.embodiment.proprio.order.length;
    this.#proprioScaling = scalingOf(manifest.normalization.proprio);
    this.#actionScaling = scalingOf(manifest.normalization.action);
    this.#proprioIn = new Float32Array(this.proprioWidth);
    this.#actionIn = new Float32Array(this.jointCount);
    this.#proprioNow = new Float32Array(this.proprioWidth);
    this.#actionNow = new Float32Array(this.jointCount);
    this.#states = [this.#makeStates(1), this.#makeStates(1)];
    this.#observeBindings = [this.#bindObserve(0, 1), this.#bindObserve(1, 0)];
  }

  /** @throws BridgeError `engine/session`, or `model/shape` when graphs and manifest disagree. */
  static async open(
    engine: Engine,
    pack: ModelPackage,
    provider?: ProviderRequest,
  ): Promise<RecurrentProgram> {
    const { observe, rollout } = pack.manifest.graphs;
    const openSession = async ({ file }: Graph): Promise<EngineSession> =>
      await engine.openSession({
        name: file,
        model: packageFile(pack, file),
        ...(provider === undefined ? {} : { provider }),
      });
    const observeSession = await openSession(observe);
    const rolloutSession = await openSession(rollout);
    return new RecurrentProgram(pack.manifest, observeSession, rolloutSession);
  }

  reset(): void {
    for (const state of this.#states[this.#live]) state.fill(0);
  }

  /**
   * Commits one observation, SI units.
   *
   * @throws BridgeError `engine/run`, or `model/output` for a state that is not finite; the state stays.
   */
  async observe(proprio: ArrayLike<number>, action: ArrayLike<number>): Promise<void> {
    this.#proprioScaling.toGraph(proprio, this.#proprioIn);
    this.#actionScaling.toGraph(action, this.#actionIn);
    const pending = this.#observeBindings[this.#live].run();
    if (pending !== undefined) await pending;
    const next = this.#live === 0 ? 1 : 0;
    for (const [index, state] of this.#states[next].entries()) {
      mustBeFinite(state, `state ${this.#manifest.states[index]?.name ?? ""}`);
    }
    this.#live = next;
    this.#proprioNow.set(this.#proprioIn);
    this.#actionNow.set(this.#actionIn);
  }

  /**
   * Imagines `horizonSteps` for every candidate from a copy of the live state.
   *
   * @param actionsRad setpoints at steps 1..K, [candidateCount, horizonSteps, jointCount].
   * @throws BridgeError `engine/run`, or `model/output` for a prediction that is not finite.
   */
  async rollout(
    actionsRad: ArrayLike<number>,
    candidateCount: number,
    horizonSteps: number,
  ): Promise<RolloutResult> {
    const rollout = this.#rolloutOf(candidateCount, horizonSteps);
    broadcast(this.#proprioNow, rollout.proprio);
    broadcast(this.#actionNow, rollout.action);
    for (const [index, state] of this.#states[this.#live].entries()) {
      const copy = rollout.states[index];
      if (copy !== undefined) broadcast(state, copy);
    }
    this.#actionScaling.toGraph(actionsRad, rollout.actions);
    const pending = rollout.binding.run();
    if (pending !== undefined) await pending;
    mustBeFinite(rollout.mean, "predicted mean");
    mustBeFinite(rollout.std, "predicted deviation");
    this.#proprioScaling.meanFromGraph(rollout.mean, 2 * this.jointCount);
    this.#proprioScaling.stdFromGraph(rollout.std, 2 * this.jointCount);
    return rollout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) await session[Symbol.asyncDispose]();
  }

  #makeStates(rows: number): Float32Array[] {
    return this.#manifest.states.map(({ shape }) => new Float32Array(rows * rowSize(shape)));
  }

  #bindObserve(from: 0 | 1, to: 0 | 1): EngineBinding {
    const { graphs, states } = this.#manifest;
    const inputs = new Map<string, Tensor>([
      ["proprio.cur", { data: this.#proprioIn, shape: [1, this.proprioWidth] }],
      ["action.cur", { data: this.#actionIn, shape: [1, this.jointCount] }],
    ]);
    const outputs = new Map<string, Tensor>();
    for (const [index, { name, shape }] of states.entries()) {
      inputs.set(`state:${name}`, tensorOf(this.#states[from][index], shape));
      outputs.set(`state:${name}`, tensorOf(this.#states[to][index], shape));
    }
    return this.#observeSession.bind(
      byGraphName(graphs.observe.in, inputs),
      byGraphName(graphs.observe.out, outputs),
    );
  }

  #rolloutOf(candidateCount: number, horizonSteps: number): Rollout {
    const key = `${candidateCount}x${horizonSteps}`;
    const known = this.#rollouts.get(key);
    if (known !== undefined) return known;
    const oldest = this.#rollouts.keys().next().value;
    if (this.#rollouts.size >= keptRollouts && oldest !== undefined) {
      this.#rollouts.get(oldest)?.binding[Symbol.dispose]();
      this.#rollouts.delete(oldest);
    }
    const made = this.#bindRollout(candidateCount, horizonSteps);
    this.#rollouts.set(key, made);
    return made;
  }

  #bindRollout(n: number, k: number): Rollout {
    const { graphs, states } = this.#manifest;
    const buffers = {
      proprio: new Float32Array(n * this.proprioWidth),
      action: new Float32Array(n * this.jointCount),
      states: this.#makeStates(n),
      actions: new Float32Array(n * k * this.jointCount),
      mean: new Float32Array(n * k * 2 * this.jointCount),
      std: new Float32Array(n * k * 2 * this.jointCount),
    };
    const inputs = new Map<string, Tensor>([
      ["proprio.cur", { data: buffers.proprio, shape: [n, this.proprioWidth] }],
      ["action.cur", { data: buffers.action, shape: [n, this.jointCount] }],
      ["actions", { data: buffers.actions, shape: [n, k, this.jointCount] }],
    ]);
    for (const [index, { name, shape }] of states.entries()) {
      inputs.set(`state:${name}`, tensorOf(buffers.states[index], [n, ...shape.slice(1)]));
    }
    const outputs = new Map<string, Tensor>([
      ["pred.proprio.mean", { data: buffers.mean, shape: [n, k, 2 * this.jointCount] }],
      ["pred.proprio.std", { data: buffers.std, shape: [n, k, 2 * this.jointCount] }],
    ]);
    const binding = this.#rolloutSession.bind(
      byGraphName(graphs.rollout.in, inputs),
      byGraphName(graphs.rollout.out, outputs),
    );
    return { ...buffers, binding };
  }
}

const rowSize = (shape: readonly number[]): number =>
  shape.slice(1).reduce((product, size) => product * size, 1);

function tensorOf(data: Float32Array | undefined, shape: readonly number[]): Tensor {
  return { data: data ?? new Float32Array(0), shape };
}

/** The manifest's role map turned round: the tensors a graph wants, under its own names. */
function byGraphName(
  roles: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, Tensor>,
): Record<string, Tensor> {
  const named: Record<string, Tensor> = {};
  for (const [graphName, role] of Object.entries(roles)) {
    const tensor = tensors.get(role);
    if (tensor !== undefined) named[graphName] = tensor;
  }
  return named;
}

function broadcast(row: Float32Array, rows: Float32Array): void {
  for (let offset = 0; offset < rows.length; offset += row.length) rows.set(row, offset);
}

function mustBeFinite(values: Float32Array, what: string): void {
  for (const value of values) {
    if (!Number.isFinite(value)) {
      throw new BridgeError(
        ErrorCode.ModelOutput,
        `${what} holds ${value}, expected finite numbers`,
      );
    }
  }
}
