import type {
  BindOptions,
  DeviceTensor,
  Engine,
  EngineBinding,
  EngineDevice,
  EngineSession,
  NodeAssignment,
  ProviderRequest,
  SessionOptions,
  Tensor,
  TensorSpec,
  TensorType,
} from "../../bridge/contract/engine.ts";

/** `gpu_graph_id` of a run that is not captured (onnxruntime_run_options_config_keys.h). */
const noCapture = -1;

/** What the ladder wants to know of each graph that was opened on a rung. */
export interface OpenedGraph {
  readonly graph: string;
  readonly assignment: readonly NodeAssignment[] | undefined;
  /** True where the package itself puts the graph on cpu. */
  readonly isExempt: boolean;
}

export interface RungEngineOptions {
  /** Borrowed. */
  readonly engine: Engine;
  /** The request as this graph is to have it: the package's and the user's, completed. */
  readonly complete: (request: ProviderRequest, graph: string) => ProviderRequest;
  readonly cudaGraph: boolean;
  /** The address main ends this session's runs with; called once per session. */
  readonly onTerminateHandle: (handle: bigint) => void;
}

/**
 * The engine a package is opened on for one rung: it completes what sessions ask of the provider, and
 * remembers how each graph was assigned, because every graph of a package counts.
 */
export class RungEngine implements Engine {
  readonly info: Engine["info"];
  readonly graphs: OpenedGraph[] = [];
  /** The graph whose session was asked for last: where a failure to load belongs. */
  lastGraph: string | undefined;
  readonly #options: RungEngineOptions;
  readonly #sessions: EngineSession[] = [];

  constructor(options: RungEngineOptions) {
    this.#options = options;
    this.info = options.engine.info;
  }

  devices(request?: ProviderRequest): readonly EngineDevice[] {
    return this.#options.engine.devices(request);
  }

  async openSession(options: SessionOptions): Promise<EngineSession> {
    const { engine, complete, cudaGraph, onTerminateHandle } = this.#options;
    const { name: graph, provider: asked } = options;
    this.lastGraph = graph;
    const provider = asked === undefined ? {} : { provider: complete(asked, graph) };
    const session = await engine.openSession({ ...options, ...provider });
    this.#sessions.push(session);
    const isExempt = asked === undefined;
    this.graphs.push({ graph, assignment: session.assignment, isExempt });
    if (session.terminateHandle !== 0n) onTerminateHandle(session.terminateHandle);
    return cudaGraph ? new CapturingSession(session) : session;
  }

  /** Closes this rung's sessions, also those of a model that failed half open; the engine stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions.splice(0)) await session[Symbol.asyncDispose]();
  }
}

/**
 * A session whose provider captures graphs. Bindings that bring no number are run without capture: left
 * out, ONNX Runtime takes number 0 for them, and would replay another binding's buffers.
 */
class CapturingSession implements EngineSession {
  readonly #session: EngineSession;

  constructor(session: EngineSession) {
    this.#session = session;
  }

  get inputs(): readonly TensorSpec[] {
    return this.#session.inputs;
  }

  get outputs(): readonly TensorSpec[] {
    return this.#session.outputs;
  }

  get provider(): string {
    return this.#session.provider;
  }

  get assignment(): readonly NodeAssignment[] | undefined {
    return this.#session.assignment;
  }

  get device(): EngineSession["device"] {
    return this.#session.device;
  }

  get terminateHandle(): bigint {
    return this.#session.terminateHandle;
  }

  createDeviceTensor(type: TensorType, shape: readonly number[]): DeviceTensor {
    return this.#session.createDeviceTensor(type, shape);
  }

  bind(
    inputs: Readonly<Record<string, Tensor | DeviceTensor>>,
    outputs: Readonly<Record<string, Tensor | DeviceTensor>>,
    options?: BindOptions,
  ): EngineBinding {
    return this.#session.bind(inputs, outputs, { graphId: options?.graphId ?? noCapture });
  }

  endProfiling(): string | undefined {
    return this.#session.endProfiling();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
