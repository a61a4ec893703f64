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

/** Captures at most these many bindings of a session: the two that carry its state to and fro. */
const capturedBindings = 2;
const noCapture = -1;

/** What the ladder wants to know of each graph that was opened on a rung. */
export interface OpenedGraph {
  readonly graph: string;
  readonly assignment: readonly NodeAssignment[] | undefined;
}

export interface RungEngineOptions {
  /** Borrowed. */
  readonly engine: Engine;
  /** The provider as this graph is to have it: options may differ per graph. */
  readonly requestFor: (session: SessionOptions) => ProviderRequest;
  readonly cudaGraph: boolean;
  /** The address main ends this session's runs with; called once per session. */
  readonly onTerminateHandle: (handle: bigint) => void;
}

/**
 * An engine on which every session is opened with one rung's provider, whatever the model that opens
 * them knows of providers. It remembers how each graph was assigned: every graph of a package counts.
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
    const { engine, requestFor, cudaGraph, onTerminateHandle } = this.#options;
    this.lastGraph = options.name;
    const session = await engine.openSession({ ...options, provider: requestFor(options) });
    this.#sessions.push(session);
    this.graphs.push({ graph: options.name, assignment: session.assignment });
    if (session.terminateHandle !== 0n) onTerminateHandle(session.terminateHandle);
    return cudaGraph ? new CapturingSession(session) : session;
  }

  /** Closes this rung's sessions, also those of a model that failed half open; the engine stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions.splice(0)) await session[Symbol.asyncDispose]();
  }
}

/**
 * Numbers a session's bindings for CUDA graph capture: the first two get graphs 0 and 1, later ones run
 * without. A number is not used twice, because a capture holds the addresses of its binding's buffers.
 */
class CapturingSession implements EngineSession {
  readonly #session: EngineSession;
  #bindingCount = 0;

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
    const next = this.#bindingCount < capturedBindings ? this.#bindingCount : noCapture;
    this.#bindingCount += 1;
    return this.#session.bind(inputs, outputs, { ...options, graphId: options?.graphId ?? next });
  }

  endProfiling(): string | undefined {
    return this.#session.endProfiling();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
