import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type {
  Engine,
  EngineBinding,
  EngineInfo,
  EngineSession,
  ProviderName,
  SessionOptions,
  Tensor,
  TensorData,
  TensorSpec,
  TensorType,
} from "../../bridge/contract/engine.ts";
import { BridgeError, errorText, ErrorCode } from "../../bridge/contract/errors.ts";
import { packagedLibrary } from "./library.ts";
import { checkTensors, typeOfData } from "./tensors.ts";

type Runtime = typeof import("onnxruntime-node");

/**
 * The fallback: onnxruntime-node, CPU only. `run` is asynchronous in form and blocks its thread in
 * fact, so it too belongs in a worker. The process aborts when a thread with a run in flight is torn
 * down (onnxruntime-node 1.30, measured 10 of 10), so disposal waits for runs to end.
 */
export class OrtNodeEngine implements Engine {
  readonly info: EngineInfo;
  readonly #runtime: Runtime;
  readonly #sessions = new Set<EngineSession>();
  #isOpen = true;

  private constructor(runtime: Runtime, info: EngineInfo) {
    this.#runtime = runtime;
    this.info = info;
  }

  /** @throws BridgeError `engine/library` when the addon does not load. */
  static async open(fallbackReasons: readonly string[]): Promise<OrtNodeEngine> {
    try {
      // Imported here, not above: loading the addon is a decision, and it may fail.
      const runtime = await import("onnxruntime-node");
      const version = runtime.env.versions.node ?? runtime.env.versions.common;
      const info = {
        name: "ort-node",
        library: packagedLibrary(),
        version,
        fallbackReasons,
      } as const;
      return new OrtNodeEngine(runtime, info);
    } catch (cause) {
      const reasons = [...fallbackReasons, `ort-node: ${errorText(cause)}`].join("; ");
      const text = `no engine can be used: ${reasons}`;
      throw new BridgeError(ErrorCode.EngineLibrary, text, { cause });
    }
  }

  async openSession(options: SessionOptions): Promise<EngineSession> {
    if (!this.#isOpen) throw new BridgeError(ErrorCode.ModelClosed, "the engine is closed");
    const fallbackReasons = reasonsForCpu(options);
    const session = await createSession(this.#runtime, options);
    const opened = new OrtNodeSession(this.#runtime, session, options.name, fallbackReasons);
    this.#sessions.add(opened);
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    for (const session of this.#sessions) await session[Symbol.asyncDispose]();
  }
}

function reasonsForCpu(options: SessionOptions): string[] {
  const rungs = options.providers ?? [{ name: "cpu" }];
  const cpuIndex = rungs.findIndex((rung) => rung.name === "cpu");
  const refused = cpuIndex === -1 ? rungs : rungs.slice(0, cpuIndex);
  const reasons = refused.map((rung) => `provider ${rung.name} is not offered by onnxruntime-node`);
  if (cpuIndex !== -1) return reasons;
  const text = `${options.name}: no provider is left: ${reasons.join("; ")}`;
  throw new BridgeError(ErrorCode.EngineSession, text);
}

async function createSession(runtime: Runtime, options: SessionOptions): Promise<InferenceSession> {
  try {
    return await runtime.InferenceSession.create(options.model, {
      executionProviders: ["cpu"],
      intraOpNumThreads: options.intraOpThreads ?? 1,
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      logSeverityLevel: 4,
      extra: { session: { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } } },
    });
  } catch (cause) {
    const text = `${options.name}: ${errorText(cause)}`;
    throw new BridgeError(ErrorCode.EngineSession, text, { cause });
  }
}

class OrtNodeSession implements EngineSession {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly provider: ProviderName = "cpu";
  readonly fallbackReasons: readonly string[];
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #name: string;
  /** Settles when the newest run has ended, whatever came of it. */
  #lastRun: Promise<void> = Promise.resolve();
  #isOpen = true;

  constructor(
    runtime: Runtime,
    session: InferenceSession,
    name: string,
    fallbackReasons: readonly string[],
  ) {
    this.#runtime = runtime;
    this.#session = session;
    this.#name = name;
    this.fallbackReasons = fallbackReasons;
    this.inputs = session.inputMetadata.map((value) => specOf(name, value));
    this.outputs = session.outputMetadata.map((value) => specOf(name, value));
  }

  bind(
    inputs: Readonly<Record<string, Tensor>>,
    outputs: Readonly<Record<string, Tensor>>,
  ): EngineBinding {
    this.#mustBeOpen();
    checkTensors(this.#name, "input", this.inputs, inputs);
    checkTensors(this.#name, "output", this.outputs, outputs);
    const feeds = this.#stage(inputs);
    const fetches = this.#stage(outputs);
    let isBound = true;
    return {
      run: () => {
        if (!isBound) {
          throw new BridgeError(ErrorCode.ModelClosed, `${this.#name}: the binding is closed`);
        }
        this.#mustBeOpen();
        const run = this.#run(feeds, fetches);
        this.#lastRun = run.catch(() => undefined);
        return run;
      },
      [Symbol.dispose]: () => {
        isBound = false;
      },
    };
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
  #stage(tensors: Readonly<Record<string, Tensor>>): Staged {
    const staged: Staged = { tensors: {}, copies: [] };
    for (const [name, tensor] of Object.entries(tensors)) {
      const isShared = tensor.data.buffer instanceof SharedArrayBuffer;
      const data = isShared ? tensor.data.slice() : tensor.data;
      if (isShared) staged.copies.push({ from: tensor.data, to: data });
      staged.tensors[name] = new this.#runtime.Tensor(
        typeOfData(data),
        data as never,
        tensor.shape,
      );
    }
    return staged;
  }
}

interface Staged {
  readonly tensors: Record<string, OrtTensor>;
  readonly copies: { readonly from: TensorData; readonly to: TensorData }[];
}

function copy(from: TensorData, to: TensorData): void {
  if (from instanceof BigInt64Array) (to as BigInt64Array).set(from);
  else (to as Float32Array | Uint8Array).set(from);
}

const knownTypes: readonly string[] = ["float32", "uint8", "int64"] satisfies TensorType[];

function specOf(session: string, value: InferenceSession.ValueMetadata): TensorSpec {
  if (!value.isTensor || !knownTypes.includes(value.type)) {
    const found = value.isTensor ? value.type : "not a tensor";
    throw new BridgeError(
      ErrorCode.EngineSession,
      `${session}: ${value.name} is ${found}, expected ${knownTypes.join(", ")}`,
    );
  }
  const shape = value.shape.map((size, axis) => (size === "" ? `dim${axis}` : size));
  return { name: value.name, type: value.type as TensorType, shape };
}
