import type { EngineBinding, TensorData } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { State } from "../package/graph-schema.ts";
import type { Manifest } from "../package/manifest.ts";
import { scalingOf, type Scaling } from "../package/scaling.ts";
import type { StreamSpec } from "../package/streams.ts";
import type { StreamInput } from "./program.ts";
import { mustBeFinite, RoleBuffer } from "./role-buffer.ts";
import { isFiniteData, makeState, type StateTensor } from "./state-tensor.ts";
import { bufferFor, runBinding, specOf, wire, type Roles, type WiredGraph } from "./wiring.ts";

/** One run of the observe program. */
export interface ObserveRun extends WiredGraph {
  /** Only when this stream brought a picture. */
  readonly when: string | undefined;
}

export interface ObserverOptions {
  readonly manifest: Pick<Manifest, "embodiment" | "normalization" | "streams">;
  readonly states: readonly State[];
  readonly runs: readonly ObserveRun[];
  /** What a state starts from; index as in `states`. */
  readonly initial: readonly TensorData[];
  /** Number the two bindings of every graph for capture. */
  readonly isCaptured: boolean;
}

interface BoundRun {
  readonly run: ObserveRun;
  readonly bindings: readonly [EngineBinding, EngineBinding];
  /** Values another graph made in another precision than this one reads. */
  readonly converted: readonly { readonly from: RoleBuffer; readonly to: RoleBuffer }[];
  readonly outputs: readonly RoleBuffer[];
  readonly flag: StreamInput | undefined;
}

/**
 * The observe program of a package: reads one observation, runs its graphs in order, commits.
 *
 * States lie in two sets. The graphs read one and write the other, and the sets change places only
 * when every run succeeded and all that was made is finite, so a failed observation leaves no trace.
 * Values that later predictions start from (`committed`) are copied at the same moment.
 */
export class Observer {
  readonly streams: readonly StreamInput[];
  readonly #options: ObserverOptions;
  readonly #proprioScaling: Scaling;
  readonly #actionScaling: Scaling;
  /** Working values by role: overwritten by every observation, also by one that fails. */
  readonly #buffers = new Map<string, RoleBuffer>();
  /** The same by role as of the last observation that was committed. */
  readonly #committed = new Map<string, Float32Array>();
  readonly #states: readonly [readonly StateTensor[], readonly StateTensor[]];
  readonly #runs: readonly BoundRun[];
  #live: 0 | 1 = 0;

  constructor(options: ObserverOptions) {
    const { manifest, runs } = options;
    this.#options = options;
    this.#proprioScaling = scalingOf(manifest.normalization.proprio);
    this.#actionScaling = scalingOf(manifest.normalization.action);
    const { proprio, joints } = manifest.embodiment;
    this.#addInput("proprio.cur", proprio.order.length);
    this.#addInput("action.cur", joints.length);
    this.streams = Object.entries(manifest.streams).flatMap((entry) => this.#streamInput(...entry));
    for (const run of runs) this.#addOutputs(run);
    this.#states = [this.#makeStates(), this.#makeStates()];
    this.#runs = runs.map((run) => this.#bind(run));
    for (const [role, buffer] of this.#buffers) {
      this.#committed.set(role, new Float32Array(buffer.values.length));
    }
    this.reset();
  }

  /** The live state, index as in the manifest. Another set after every observation. */
  get states(): readonly StateTensor[] {
    return this.#states[this.#live];
  }

  /** What a role held when the last observation was committed: graph units, [1, ...]. */
  committed(role: string): Float32Array | undefined {
    return this.#committed.get(role);
  }

  reset(): void {
    for (const [index, state] of this.states.entries()) {
      const initial = this.#options.initial[index];
      if (initial !== undefined) state.load(initial);
    }
    for (const values of this.#committed.values()) values.fill(0);
  }

  /** SI units. // hot path */
  async observe(proprio: ArrayLike<number>, action: ArrayLike<number>): Promise<void> {
    try {
      this.#writeInputs(proprio, action);
      for (const bound of this.#runs) await this.#run(bound);
    } finally {
      this.#clearFrames();
    }
    const next = this.#live === 0 ? 1 : 0;
    for (const [index, state] of this.#states[next].entries()) {
      if (state.isFinite() !== false) continue;
      const name = this.#options.states[index]?.name ?? "";
      const text = `state ${name} is not finite after this observation, which is not taken`;
      throw new BridgeError(ErrorCode.ModelOutput, text);
    }
    this.#live = next;
    for (const [role, buffer] of this.#buffers) this.#committed.get(role)?.set(buffer.values);
  }

  hasFiniteState(): boolean {
    return this.states.every((state, index) => {
      const dtype = this.#options.states[index]?.dtype ?? "float32";
      return state.isFinite() ?? isFiniteData(dtype, state.save());
    });
  }

  save(): { states: TensorData[]; values: Map<string, Float32Array> } {
    return {
      states: this.states.map((state) => state.save()),
      values: new Map(Array.from(this.#committed, ([role, values]) => [role, values.slice()])),
    };
  }

  /** @throws BridgeError `model/shape` for what another package saved. */
  load(saved: {
    readonly states: readonly TensorData[];
    readonly values: ReadonlyMap<string, Float32Array>;
  }): void {
    const isAlike = [...this.#committed].every(
      ([role, values]) => saved.values.get(role)?.length === values.length,
    );
    if (saved.states.length !== this.states.length || !isAlike) {
      throw new BridgeError(ErrorCode.ModelShape, "the snapshot is of another package");
    }
    for (const [index, state] of this.states.entries()) {
      const data = saved.states[index];
      if (data !== undefined) state.load(data);
    }
    for (const [role, values] of this.#committed) values.set(saved.values.get(role) ?? values);
  }

  #writeInputs(proprio: ArrayLike<number>, action: ArrayLike<number>): void {
    const proprioIn = this.#buffer("proprio.cur");
    const actionIn = this.#buffer("action.cur");
    this.#proprioScaling.toGraph(proprio, proprioIn.values);
    this.#actionScaling.toGraph(action, actionIn.values);
    proprioIn.push();
    actionIn.push();
    for (const stream of this.streams) {
      if (!stream.hasFrame && !stream.isOptional) {
        const text = `stream ${stream.name} brought no picture, and the package needs one`;
        throw new BridgeError(ErrorCode.ModelNotReady, text);
      }
      if (!stream.hasFrame) fillZero(stream.tensor.data);
      this.#tell(`has_frame:${stream.name}`, stream.hasFrame ? 1 : 0);
      this.#tell(`frame_age:${stream.name}`, stream.hasFrame ? stream.frameAgeS : 0);
    }
  }

  /** Writes a number that some graph may read. */
  #tell(role: string, value: number): void {
    const buffer = this.#buffers.get(role);
    buffer?.values.fill(value);
    buffer?.push();
  }

  async #run({ bindings, converted, outputs, flag }: BoundRun): Promise<void> {
    for (const { from, to } of converted) {
      to.values.set(from.values);
      to.push();
    }
    if (flag?.hasFrame === false) {
      for (const output of outputs) fillZero(output.tensor.data);
    } else {
      await runBinding(bindings[this.#live]);
    }
    for (const output of outputs) {
      output.pull();
      mustBeFinite(output.values, "an observed value");
    }
  }

  #clearFrames(): void {
    for (const stream of this.streams) {
      stream.hasFrame = false;
      stream.frameAgeS = 0;
    }
  }

  #addInput(role: string, width: number): void {
    const { runs } = this.#options;
    const type = runs
      .map((run) => specOf(run, "in", role)?.type)
      .find((each) => each !== undefined);
    this.#buffers.set(role, new RoleBuffer(type ?? "float32", [1, width]));
  }

  /** None for a stream that no graph reads. */
  #streamInput(name: string, spec: StreamSpec): StreamInput[] {
    const flagRole = `has_frame:${name}`;
    const readers = this.#options.runs;
    const buffersOf = (role: string): RoleBuffer[] =>
      readers.flatMap((run) => bufferFor(run, "in", role, { batch: 1 }) ?? []);
    const flags = buffersOf(flagRole);
    if (flags[0] !== undefined) this.#buffers.set(flagRole, flags[0]);
    const [age] = buffersOf(`frame_age:${name}`);
    if (age !== undefined) this.#buffers.set(`frame_age:${name}`, age);
    const tensors = buffersOf(`stream:${name}`);
    if (tensors[0] === undefined) return [];
    const isGuarded = readers.some((run) => run.when === flagRole);
    return [
      {
        name,
        spec,
        tensor: tensors[0].tensor,
        isOptional: flags.length > 0 || isGuarded,
        hasFrame: false,
        frameAgeS: 0,
      },
    ];
  }

  #addOutputs(run: ObserveRun): void {
    for (const role of Object.values(run.graph.out)) {
      if (role.startsWith("state:")) continue;
      const buffer = bufferFor(run, "out", role, { batch: 1 });
      if (buffer !== undefined) this.#buffers.set(role, buffer);
    }
  }

  #makeStates(): StateTensor[] {
    return this.#options.states.map(({ name, dtype, shape }) => {
      const role = `state:${name}`;
      const users = this.#options.runs.filter(({ graph }) =>
        [...Object.values(graph.in), ...Object.values(graph.out)].includes(role),
      );
      // A device tensor belongs to one session: a state that passes between graphs stays on the host.
      return makeState(users.length === 1 ? users[0]?.session : undefined, dtype, shape);
    });
  }

  #bind(run: ObserveRun): BoundRun {
    const { isCaptured } = this.#options;
    const converted = this.#conversions(run);
    const inputs = (from: 0 | 1): Roles =>
      new Map([
        ...this.#roles(from, "in"),
        ...converted.map(({ role, to }) => [role, to.tensor] as const),
      ]);
    const bindings = ([0, 1] as const).map((from) =>
      wire(run, inputs(from), this.#roles(from === 0 ? 1 : 0, "out"), {
        batch: 1,
        ...(isCaptured ? { graphId: from } : {}),
      }),
    );
    const outputs = Object.values(run.graph.out).flatMap((role) => this.#buffers.get(role) ?? []);
    const flag = this.streams.find((stream) => run.when === `has_frame:${stream.name}`);
    const [first, second] = bindings;
    if (first === undefined || second === undefined) throw new Error("two bindings were made");
    return { run, bindings: [first, second], converted, outputs, flag };
  }

  /** Buffers of this run's own precision where a value is kept in another. */
  #conversions(run: ObserveRun): { role: string; from: RoleBuffer; to: RoleBuffer }[] {
    return Object.values(run.graph.in).flatMap((role) => {
      const from = this.#buffers.get(role) ?? this.#buffers.get(role.replace(/cur$/, "obs"));
      const to = bufferFor(run, "in", role, { batch: 1 });
      if (from === undefined || to === undefined || from.type === to.type) return [];
      return from.values.length === to.values.length ? [{ role, from, to }] : [];
    });
  }

  /** Everything by role; what an observed value is called when read: `latent.obs` is `latent.cur`. */
  #roles(set: 0 | 1, side: "in" | "out"): Roles {
    const roles = new Map(
      Array.from(this.#buffers, ([role, buffer]) => [role, buffer.tensor] as const),
    ) as Map<string, Roles extends ReadonlyMap<string, infer T> ? T : never>;
    for (const stream of this.streams) roles.set(`stream:${stream.name}`, stream.tensor);
    for (const [index, { name }] of this.#options.states.entries()) {
      const state = this.#states[set][index];
      if (state !== undefined) roles.set(`state:${name}`, state.bound);
    }
    if (side === "out") return roles;
    for (const [role, buffer] of this.#buffers) {
      if (role.endsWith(".obs")) roles.set(role.replace(/obs$/, "cur"), buffer.tensor);
    }
    return roles;
  }

  #buffer(role: string): RoleBuffer {
    const buffer = this.#buffers.get(role);
    if (buffer === undefined) throw new Error(`${role} has a buffer from the start`);
    return buffer;
  }
}

function fillZero(data: TensorData): void {
  if (data instanceof BigInt64Array) data.fill(0n);
  else data.fill(0);
}
