import type {
  BindOptions,
  DeviceTensor,
  EngineBinding,
  EngineSession,
  NodeAssignment,
  SessionOptions,
  Tensor,
  TensorSpec,
  TensorType,
} from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { HostTensor } from "../host-tensor.ts";
import { checkTensors } from "../tensors.ts";
import { readAssignment } from "./assignment.ts";
import { OrtFfiBinding } from "./binding.ts";
import { createSession } from "./create-session.ts";
import { describeTensors } from "./describe.ts";
import { DeviceMemory } from "./device-memory.ts";
import { OrtDeviceTensor } from "./device-tensor.ts";
import type { Address } from "./native-library.ts";
import { RunOptions } from "./run-options.ts";
import type { Runtime } from "./runtime.ts";

export class OrtFfiSession implements EngineSession {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly provider: string;
  readonly assignment: readonly NodeAssignment[] | undefined;
  readonly device: { readonly name: string; readonly isHost: boolean };
  readonly terminateHandle: bigint;
  readonly #runtime: Runtime;
  readonly #name: string;
  readonly #session: Address;
  readonly #runOptions: RunOptions;
  readonly #memory: DeviceMemory | undefined;
  readonly #owned = new Set<OrtFfiBinding | OrtDeviceTensor>();
  #isProfiling: boolean;
  #isOpen = true;

  /** @throws BridgeError `engine/provider` or `engine/session`. */
  constructor(runtime: Runtime, options: SessionOptions) {
    const { api } = runtime;
    const { name } = options;
    this.#runtime = runtime;
    this.#name = name;
    this.provider = options.provider?.name ?? "cpu";
    this.#isProfiling = options.profilePrefix !== undefined;
    const { session, provider } = createSession(runtime, options);
    this.#session = session;
    try {
      this.inputs = describeTensors(runtime, session, name, "input");
      this.outputs = describeTensors(runtime, session, name, "output");
      this.assignment = readAssignment(api, session, name);
      this.#memory = DeviceMemory.of(
        runtime,
        session,
        options.provider ?? { name: "cpu" },
        provider,
      );
    } catch (error) {
      api.functions.ReleaseSession(session);
      throw error;
    }
    this.device = { name: this.#memory?.name ?? "Cpu", isHost: this.#memory === undefined };
    this.#runOptions = new RunOptions(api, name);
    this.terminateHandle = this.#runOptions.address;
  }

  createDeviceTensor(type: TensorType, shape: readonly number[]): DeviceTensor {
    this.#mustBeOpen();
    if (this.#memory === undefined) return new HostTensor(this.#name, type, shape);
    const tensor = new OrtDeviceTensor(this.#memory, this.#name, type, shape, (closed) => {
      this.#owned.delete(closed);
    });
    this.#owned.add(tensor);
    return tensor;
  }

  bind(
    inputs: Readonly<Record<string, Tensor | DeviceTensor>>,
    outputs: Readonly<Record<string, Tensor | DeviceTensor>>,
    options: BindOptions = {},
  ): EngineBinding {
    this.#mustBeOpen();
    checkTensors(this.#name, "input", this.inputs, inputs);
    checkTensors(this.#name, "output", this.outputs, outputs);
    const owner = {
      runtime: this.#runtime,
      name: this.#name,
      session: this.#session,
      memory: this.#memory,
      runOptions: this.#runOptions,
      inputs: this.inputs,
      outputs: this.outputs,
    };
    const binding = new OrtFfiBinding(owner, inputs, outputs, options, (closed) => {
      this.#owned.delete(closed);
    });
    this.#owned.add(binding);
    return binding;
  }

  endProfiling(): string | undefined {
    this.#mustBeOpen();
    if (!this.#isProfiling) return undefined;
    this.#isProfiling = false;
    const { api, allocator } = this.#runtime;
    const code = ErrorCode.EngineSession;
    const end = api.functions.SessionEndProfiling;
    const path = api.make((out) => end(this.#session, allocator, out), code, this.#name);
    const text = api.text(path);
    api.check(api.functions.AllocatorFree(allocator, path), code, this.#name);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // Bindings before the tensors they hold, both before the session whose memory they use.
    const owned = [...this.#owned].sort((a, b) => rank(a) - rank(b));
    for (const thing of owned) thing[Symbol.dispose]();
    this.#memory?.release();
    this.#runtime.api.functions.ReleaseSession(this.#session);
    await Promise.resolve();
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) {
      throw new BridgeError(ErrorCode.ModelClosed, `${this.#name}: the session is closed`);
    }
  }
}

const rank = (thing: OrtFfiBinding | OrtDeviceTensor): number =>
  thing instanceof OrtFfiBinding ? 0 : 1;
