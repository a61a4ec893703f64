import type {
  DeviceTensor,
  EngineBinding,
  EngineSession,
  SessionOptions,
  Tensor,
  TensorSpec,
  TensorType,
} from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { HostTensor } from "../host-tensor.ts";
import { checkTensors } from "../tensors.ts";
import { OrtFfiBinding } from "./binding.ts";
import { describeTensors } from "./describe.ts";
import type { Address } from "./native-library.ts";
import type { OrtApi } from "./ort-api.ts";

const fatalSeverity = 4;
const allOptimizations = 99;

/** What a session shares with its siblings. */
export interface SessionHost {
  readonly api: OrtApi;
  readonly env: Address;
  readonly cpuMemory: Address;
  readonly allocator: Address;
}

export class OrtFfiSession implements EngineSession {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly provider: string;
  readonly assignment = undefined;
  readonly device = { name: "Cpu", isHost: true };
  readonly terminateHandle = 0n;
  readonly #host: SessionHost;
  readonly #name: string;
  readonly #session: Address;
  readonly #runOptions: Address;
  readonly #bindings = new Set<OrtFfiBinding>();
  #isOpen = true;

  constructor(host: SessionHost, options: SessionOptions) {
    const { api } = host;
    this.#host = host;
    this.#name = options.name;
    requireCpu(options);
    this.#session = createSession(host, options);
    this.provider = "cpu";
    this.#runOptions = api.make(
      (out) => api.functions.CreateRunOptions(out),
      ErrorCode.EngineSession,
      options.name,
    );
    this.inputs = describeTensors(host, this.#session, options.name, "input");
    this.outputs = describeTensors(host, this.#session, options.name, "output");
  }

  bind(
    inputs: Readonly<Record<string, Tensor | DeviceTensor>>,
    outputs: Readonly<Record<string, Tensor | DeviceTensor>>,
  ): EngineBinding {
    if (!this.#isOpen) {
      throw new BridgeError(ErrorCode.ModelClosed, `${this.#name}: the session is closed`);
    }
    checkTensors(this.#name, "input", this.inputs, inputs);
    checkTensors(this.#name, "output", this.outputs, outputs);
    const { api, cpuMemory } = this.#host;
    const owner = {
      inputs: this.inputs,
      outputs: this.outputs,
      api,
      cpuMemory,
      name: this.#name,
      session: this.#session,
      runOptions: this.#runOptions,
    };
    const binding = new OrtFfiBinding(owner, inputs, outputs, (closed) => {
      this.#bindings.delete(closed);
    });
    this.#bindings.add(binding);
    return binding;
  }

  createDeviceTensor(type: TensorType, shape: readonly number[]): DeviceTensor {
    return new HostTensor(this.#name, type, shape);
  }

  endProfiling(): undefined {
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const binding of this.#bindings) binding[Symbol.dispose]();
    const functions = this.#host.api.functions;
    functions.ReleaseRunOptions(this.#runOptions);
    functions.ReleaseSession(this.#session);
    await Promise.resolve();
  }
}

function requireCpu({ name, provider }: SessionOptions): void {
  if (provider === undefined || provider.name === "cpu") return;
  const text = `${name}: provider ${provider.name} is not offered; this library has cpu`;
  throw new BridgeError(ErrorCode.EngineProvider, text);
}

function createSession(host: SessionHost, options: SessionOptions): Address {
  const { api, env } = host;
  const code = ErrorCode.EngineSession;
  const settings = api.make((out) => api.functions.CreateSessionOptions(out), code, options.name);
  try {
    applySettings(api, settings, options);
    const { model } = options;
    return api.make(
      (out) => api.functions.CreateSessionFromArray(env, model, model.byteLength, settings, out),
      code,
      options.name,
    );
  } finally {
    api.functions.ReleaseSessionOptions(settings);
  }
}

function applySettings(api: OrtApi, settings: Address, options: SessionOptions): void {
  const functions = api.functions;
  const statuses = [
    functions.SetSessionLogSeverityLevel(settings, fatalSeverity),
    functions.SetSessionGraphOptimizationLevel(settings, allOptimizations),
    functions.SetIntraOpNumThreads(settings, options.intraOpThreads ?? 1),
    functions.SetInterOpNumThreads(settings, 1),
    // Spinning costs 79 % of a core at 50 Hz and makes neighbours late; see models/engine/README.md.
    functions.AddSessionConfigEntry(settings, "session.intra_op.allow_spinning", "0"),
    functions.AddSessionConfigEntry(settings, "session.inter_op.allow_spinning", "0"),
  ];
  for (const status of statuses) api.check(status, ErrorCode.EngineSession, options.name);
}
