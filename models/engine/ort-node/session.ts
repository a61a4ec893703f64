import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type {
  DeviceTensor,
  EngineBinding,
  EngineSession,
  SessionOptions,
  Tensor,
  TensorData,
  TensorSpec,
  TensorType,
} from "../../../bridge/contract/engine.ts";
import { BridgeError, errorText, ErrorCode } from "../../../bridge/contract/errors.ts";
import { CallGate } from "../../../bridge/contract/native-calls.ts";
import { HostTensor } from "../host-tensor.ts";
import { checkTensors, tensorTypes } from "../tensors.ts";

export type Runtime = typeof import("onnxruntime-node");

/** onnxruntime-common 1.30 has no name for bfloat16. */
const knownTypes = tensorTypes.filter((type) => type !== "bfloat16");

export class OrtNodeSession implements EngineSession {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly provider = "cpu";
  /** The add-on does not say. */
  readonly assignment = undefined;
  readonly device = { name: "Cpu", isHost: true };
  /** The add-on cannot stop a run. */
  readonly terminateHandle = 0n;
  readonly #runtime: Runtime;
  readonly #gate: CallGate;
  readonly #session: InferenceSession;
  readonly #options: SessionOptions;
  readonly #name: string;
  /** Settles when the newest run has ended, whatever came of it. */
  #lastRun: Promise<void> = Promise.resolve();
  #isProfiling: boolean;
  #isOpen = true;

  private constructor(
    runtime: Runtime,
    gate: CallGate,
    session: InferenceSession,
    options: SessionOptions,
  ) {
    this.#runtime = runtime;
    this.#gate = gate;
    this.#session = session;
    this.#options = options;
    this.#name = options.name;
    this.#isProfiling = options.profilePrefix !== undefined;
    this.inputs = session.inputMetadata.map((value) => specOf(options.name, value));
    this.outputs = session.outputMetadata.map((value) => specOf(options.name, value));
  }

  /** @throws BridgeError `engine/session`. */
  static async open(runtime: Runtime, options: SessionOptions): Promise<OrtNodeSession> {
    const gate = new CallGate();
    const session = await gate.through(options.name, () => createSession(runtime, options));
    try {
      return new OrtNodeSession(runtime, gate, session, options);
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  createDeviceTensor(type: TensorType, shape: readonly number[]): DeviceTensor {
    this.#mustBeOpen();
    return new HostTensor(this.#name, type, shape);
  }

  bind(
    inputs: Readonly<Record<string, Tensor | DeviceTensor>>,
    outputs: Readonly<Record<string, Tensor | DeviceTensor>>,
  ): EngineBinding {
    this.#mustBeOpen();
    checkTensors(this.#name, "input", this.inputs, inputs);
    checkTensors(this.#name, "output", this.outputs, outputs);
    const feeds = this.#stage(this.inputs, inputs);
    const fetches = this.#stage(this.outputs, outputs);
    let isBound = true;
    return {
      run: () => {
        if (!isBound) {
          throw new BridgeError(ErrorCode.ModelClosed, `${this.#name}: the binding is closed`);
        }
        this.#mustBeOpen();
        const run = this.#gate.through(this.#name, () => this.#run(feeds, fetches));
        this.#lastRun = run.catch(() => undefined);
        return run;
      },
      [Symbol.dispose]: () => {
        isBound = false;
      },
    };
  }

  endProfiling(): string | undefined {
    this.#mustBeOpen();
    const { profilePrefix } = this.#options;
    if (!this.#isProfiling || profilePrefix === undefined) return undefined;
    this.#isProfiling = false;
    this.#session.endProfiling();
    // The add-on keeps the name to itself: the prefix and a time stamp, so the last is the newest.
    const folder = dirname(profilePrefix);
    const files = readdirSync(folder).filter((file) => file.startsWith(basename(profilePrefix)));
    const newest = files.sort().at(-1);
    return newest === undefined ? undefined : join(folder, newest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#lastRun;
    await this.#session.release();
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) {
      throw new BridgeError(ErrorCode.ModelClosed, `${this.#name}: the session is closed`);
    }
  }

  async #run(feeds: Staged, fetches: Staged): Promise<void> {
    for (const { from, to } of feeds.copies) copy(from, to);
    try {
      await this.#session.run(feeds.tensors, fetches.tensors);
    } catch (cause) {
      const text = `${this.#name}: ${errorText(cause)}`;
      throw new BridgeError(ErrorCode.EngineRun, text, { cause });
    }
    for (const { from, to } of fetches.copies) copy(to, from);
  }

  /** The addon refuses memory over a SharedArrayBuffer: such tensors go through a private copy. */
  #stage(
    specs: readonly TensorSpec[],
    tensors: Readonly<Record<string, Tensor | DeviceTensor>>,
  ): Staged {
    const staged: Staged = { tensors: {}, copies: [] };
    for (const { name, type } of specs) {
      const { data, shape } = this.#hostTensor(tensors[name]);
      const isShared = data.buffer instanceof SharedArrayBuffer;
      const own = isShared ? data.slice() : data;
      if (isShared) staged.copies.push({ from: data, to: own });
      staged.tensors[name] = new this.#runtime.Tensor(type as never, own as never, shape);
    }
    return staged;
  }

  #hostTensor(tensor: Tensor | DeviceTensor | undefined): Tensor {
    if (tensor !== undefined && "data" in tensor) return tensor;
    const text = `${this.#name}: a tensor of another engine's device`;
    throw new BridgeError(ErrorCode.EngineDevice, text);
  }
}

async function createSession(runtime: Runtime, options: SessionOptions): Promise<InferenceSession> {
  const { externalData = new Map<string, Uint8Array>(), profilePrefix } = options;
  const noSpinning = { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } };
  try {
    return await runtime.InferenceSession.create(options.model, {
      executionProviders: ["cpu"],
      intraOpNumThreads: options.intraOpThreads ?? 1,
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      logSeverityLevel: 4,
      externalData: Array.from(externalData, ([path, data]) => ({ path, data })),
      ...(profilePrefix === undefined
        ? {}
        : { enableProfiling: true, profileFilePrefix: profilePrefix }),
      // Keys of the same settings; a nested object and a dotted one are joined to the same thing.
      extra: { session: noSpinning, ...options.config },
    });
  } catch (cause) {
    const text = `${options.name}: ${errorText(cause)}`;
    throw new BridgeError(ErrorCode.EngineSession, text, { cause });
  }
}

interface Staged {
  readonly tensors: Record<string, OrtTensor>;
  readonly copies: { readonly from: TensorData; readonly to: TensorData }[];
}

function copy(from: TensorData, to: TensorData): void {
  if (from instanceof BigInt64Array) (to as BigInt64Array).set(from);
  else (to as Float32Array).set(from);
}

function specOf(session: string, value: InferenceSession.ValueMetadata): TensorSpec {
  const type = value.isTensor ? knownTypes.find((known) => known === value.type) : undefined;
  if (!value.isTensor || type === undefined) {
    const found = value.isTensor ? value.type : "not a tensor";
    throw new BridgeError(
      ErrorCode.EngineSession,
      `${session}: ${value.name} is ${found}, expected ${knownTypes.join(", ")}`,
    );
  }
  const shape = value.shape.map((size, axis) => (size === "" ? `dim${axis}` : size));
  return { name: value.name, type, shape };
}
