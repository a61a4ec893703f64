/**
 * Element types that cross the port. float16 and bfloat16 travel as their raw bits in a Uint16Array
 * (`models/engine/half.ts` converts), bool as one byte per element, 0 or 1.
 */
export type TensorType = "float32" | "float16" | "bfloat16" | "uint8" | "int32" | "int64" | "bool";
export type TensorData = Float32Array | Uint16Array | Uint8Array | Int32Array | BigInt64Array;

/** A buffer with a shape, row-major, in host memory. The buffer may be over a SharedArrayBuffer. */
export interface Tensor {
  readonly data: TensorData;
  readonly shape: readonly number[];
}

/**
 * A tensor in the memory of its session's device, zero when made. It can be bound to any input or
 * output of that session, and to several bindings at once; it belongs to the session and ends with it.
 *
 * A recurrent state that stays on the device is two of these and two bindings: one reads the first
 * and writes the second, the other the reverse, and the caller runs them in turn.
 */
export interface DeviceTensor extends Disposable {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /**
   * Host to device. `data` has as many elements as the tensor.
   *
   * @throws BridgeError `model/shape` for another element type or count, `engine/device` when the copy fails.
   */
  upload(data: TensorData): void;
  /** Device to host, complete when it returns. Throws as `upload` does. */
  download(out: TensorData): void;
  /**
   * Device to device, within one session or between two on the same device. A shorter `other` is
   * repeated along the first axis: a state of [1, ...] fills a batch of [N, ...].
   *
   * @throws BridgeError `model/shape` for another type or a length that does not divide this one's,
   * `engine/device` when the copy fails.
   */
  copyFrom(other: DeviceTensor): void;
}

/** What a graph declares of one input or output. A string is the name of a dimension left open. */
export interface TensorSpec {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly (number | string)[];
}

/**
 * What should execute a graph. Names that need nothing else, where the library was built with them:
 * cpu, cuda, tensorrt, openvino, cann, qnn, migraphx, webgpu, xnnpack. Any other name is that of a
 * plugin execution provider, as the plugin calls itself, and needs `library`.
 */
export interface ProviderRequest {
  readonly name: string;
  /** In ONNX Runtime's own spelling, e.g. `trt_fp16_enable`: `1`. */
  readonly options?: Readonly<Record<string, string>>;
  /** Path of a plugin execution provider library; registered once per process. */
  readonly library?: string;
}

/** Something a provider could run on, as ONNX Runtime found it. */
export interface EngineDevice {
  /** The execution provider's own name, e.g. `CPUExecutionProvider`. */
  readonly provider: string;
  readonly vendor: string;
  readonly type: "cpu" | "gpu" | "npu";
}

export interface EngineInfo {
  readonly name: "ort-ffi" | "ort-node";
  /** Path of the ONNX Runtime library that is loaded. */
  readonly library: string;
  /** Where that path came from. */
  readonly librarySource: LibrarySource;
  /** Version of that library, e.g. `1.30.0`. */
  readonly version: string;
  /** What the library says of its build: branch, commit, flags. Empty where it cannot say. */
  readonly buildInfo: string;
  /** Providers compiled in, by the names of `ProviderRequest`. Their own libraries may still be missing. */
  readonly providers: readonly string[];
  /** Why a better engine is not used; empty for the first choice. */
  readonly fallbackReasons: readonly string[];
}

export type LibrarySource = "setting" | "python wheel" | "system" | "npm package";

export interface SessionOptions {
  /** Shown in errors, e.g. the file of the graph. */
  readonly name: string;
  /** The ONNX file's content. Bytes rather than a path: what was hashed is what runs. */
  readonly model: Uint8Array;
  /** Content of external data files, by the location the graph gives for them. */
  readonly externalData?: ReadonlyMap<string, Uint8Array>;
  /**
   * The one provider to use, default cpu: it is opened or `openSession` throws. Nodes it does not
   * take run on the CPU, and `assignment` says how many; `mustBeWhole` forbids that.
   */
  readonly provider?: ProviderRequest;
  /** Refuse the session when any node would fall to the CPU; no effect for cpu itself. */
  readonly mustBeWhole?: boolean;
  /** Default 1: small recurrent graphs gain nothing from more, and the robot's cores are not ours alone. */
  readonly intraOpThreads?: number;
  /** Records every run until `endProfiling`; the file's name begins with this path. */
  readonly profilePrefix?: string;
  /** More session settings in ONNX Runtime's own spelling, e.g. `ep.context_enable`: `1`. */
  readonly config?: Readonly<Record<string, string>>;
}

/** How many of a graph's nodes a provider was given. */
export interface NodeAssignment {
  /** The execution provider's own name, e.g. `CPUExecutionProvider`. */
  readonly provider: string;
  readonly nodeCount: number;
}

export interface BindOptions {
  /**
   * The captured graph this binding replays, for providers that capture (`gpu_graph_id`); -1 runs
   * without capture. Buffers are part of a capture: two bindings need two numbers.
   */
  readonly graphId?: number;
}

/**
 * Fixed buffers tied to a session's inputs and outputs. Making one allocates; running one does not
 * (with `ort-ffi`). A different batch size is a different binding. Host buffers belong to the caller
 * and must stay alive and un-transferred until the binding is disposed.
 */
export interface EngineBinding extends Disposable {
  /**
   * Reads the bound inputs, overwrites the bound outputs. Returns undefined when the outputs are
   * there already (`ort-ffi` runs synchronously) and a promise otherwise, so a caller writes
   * `const pending = binding.run(); if (pending !== undefined) await pending;`.
   *
   * @throws BridgeError `engine/run` with the runtime's own text, or `engine/terminated`, also as
   * rejection. What the outputs hold is then undefined. // hot path
   */
  run(): Promise<void> | undefined;
}

export interface EngineSession extends AsyncDisposable {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** The name of the `ProviderRequest` that opened it. */
  readonly provider: string;
  /** Which provider got how many nodes; undefined where this library cannot say. */
  readonly assignment: readonly NodeAssignment[] | undefined;
  /** Where device tensors live. `isHost`: in plain memory, so they save no copy over a `Tensor`. */
  readonly device: { readonly name: string; readonly isHost: boolean };
  /**
   * Address for `openTerminator(library).terminate(handle)` from any thread; 0n where not offered.
   * It stays good after the session is disposed. A run in flight ends with `engine/terminated`; the
   * next one starts afresh.
   */
  readonly terminateHandle: bigint;
  /**
   * Allocates on the session's device and fills it with zeros.
   *
   * @throws BridgeError `engine/device` when this library cannot allocate there or cannot copy to
   * there and back: the caller then keeps its state in host tensors.
   */
  createDeviceTensor(type: TensorType, shape: readonly number[]): DeviceTensor;
  /**
   * Every input and output of the graph must be given, by name; host and device tensors may be mixed.
   *
   * @throws BridgeError `model/shape` when a name, an element type or a shape disagrees with the graph.
   */
  bind(
    inputs: Readonly<Record<string, Tensor | DeviceTensor>>,
    outputs: Readonly<Record<string, Tensor | DeviceTensor>>,
    options?: BindOptions,
  ): EngineBinding;
  /** Ends what `profilePrefix` began and gives the file's path; undefined when nothing was recorded. */
  endProfiling(): string | undefined;
}

/**
 * What runs ONNX graphs. Sessions and bindings belong to the thread that made them; one engine per
 * thread. Disposing an engine disposes what it opened.
 */
export interface Engine extends AsyncDisposable {
  readonly info: EngineInfo;
  /** Registers a plugin's `library` first where one is given, so that its devices are listed. */
  devices(request?: ProviderRequest): readonly EngineDevice[];
  /**
   * @throws BridgeError `engine/provider` when the provider is unknown, not built in, or does not
   * load, naming what there is; `engine/session` when the graph is refused. Both in the runtime's own text.
   */
  openSession(options: SessionOptions): Promise<EngineSession>;
}

/** Ends runs of other threads' sessions. */
export interface Terminator {
  /** Asks the session's run in flight to stop at its next node. False when the engine offers no way. */
  terminate(handle: bigint): boolean;
}
