/** Element types that cross the port; `int64` for the indices and lengths some exporters insist on. */
export type TensorType = "float32" | "uint8" | "int64";
export type TensorData = Float32Array | Uint8Array | BigInt64Array;

/** A buffer with a shape, row-major. The buffer may be over a SharedArrayBuffer. */
export interface Tensor {
  readonly data: TensorData;
  readonly shape: readonly number[];
}

/** What a graph declares of one input or output. A string is the name of a dimension left open. */
export interface TensorSpec {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly (number | string)[];
}

/** Where a graph's arithmetic runs, best first in a ladder. */
export type ProviderName = "tensorrt" | "cuda" | "cpu";

/** One rung of the ladder: the provider and its options in ONNX Runtime's own spelling. */
export interface ProviderRequest {
  readonly name: ProviderName;
  readonly options?: Readonly<Record<string, string>>;
}

export interface EngineInfo {
  readonly name: "ort-ffi" | "ort-node";
  /** Path of the ONNX Runtime library that is loaded. */
  readonly library: string;
  /** Version of that library, e.g. `1.30.0`. */
  readonly version: string;
  /** Why a better engine is not used; empty for the first choice. */
  readonly fallbackReasons: readonly string[];
}

export interface SessionOptions {
  /** Shown in errors, e.g. the file of the graph. */
  readonly name: string;
  /** The ONNX file's content. Bytes rather than a path: what was hashed is what runs. */
  readonly model: Uint8Array;
  /** Tried in order until one serves; default cpu only. */
  readonly providers?: readonly ProviderRequest[];
  /** Default 1: small recurrent graphs gain nothing from more, and the robot's cores are not ours alone. */
  readonly intraOpThreads?: number;
}

/**
 * Fixed buffers tied to a session's inputs and outputs. Making one allocates; running one does not
 * (with `ort-ffi`). A different batch size is a different binding. The buffers belong to the caller
 * and must stay alive and un-transferred until the binding is disposed.
 */
export interface EngineBinding extends Disposable {
  /**
   * Reads the bound inputs, overwrites the bound outputs. Returns undefined when the outputs are
   * there already (`ort-ffi` runs synchronously) and a promise otherwise, so a caller writes
   * `const pending = binding.run(); if (pending !== undefined) await pending;`.
   *
   * @throws BridgeError `engine/run` with the runtime's own text, also as rejection. // hot path
   */
  run(): Promise<void> | undefined;
}

export interface EngineSession extends AsyncDisposable {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly provider: ProviderName;
  /** Why a better rung of the provider ladder is not used; empty when the first one serves. */
  readonly fallbackReasons: readonly string[];
  /**
   * Every input and output of the graph must be given, by name.
   *
   * @throws BridgeError `model/shape` when a name, an element type or a shape disagrees with the graph.
   */
  bind(
    inputs: Readonly<Record<string, Tensor>>,
    outputs: Readonly<Record<string, Tensor>>,
  ): EngineBinding;
}

/**
 * What runs ONNX graphs. Sessions and bindings belong to the thread that made them; one engine per
 * thread. Disposing an engine disposes what it opened.
 */
export interface Engine extends AsyncDisposable {
  readonly info: EngineInfo;
  /** @throws BridgeError `engine/session` with the runtime's own text. */
  openSession(options: SessionOptions): Promise<EngineSession>;
}
