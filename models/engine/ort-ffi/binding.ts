import type {
  BindOptions,
  DeviceTensor,
  EngineBinding,
  Tensor,
  TensorSpec,
} from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import type { DeviceMemory } from "./device-memory.ts";
import { OrtDeviceTensor } from "./device-tensor.ts";
import type { Address } from "./native-library.ts";
import type { OrtApi } from "./ort-api.ts";
import type { RunOptions } from "./run-options.ts";
import type { Runtime } from "./runtime.ts";
import { hostValue } from "./values.ts";

export interface BindingOwner {
  readonly runtime: Runtime;
  readonly name: string;
  readonly session: Address;
  /** Where the session computes; undefined: in host memory. */
  readonly memory: DeviceMemory | undefined;
  readonly runOptions: RunOptions;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

type Tensors = Readonly<Record<string, Tensor | DeviceTensor>>;

/** A host tensor and the device tensor that stands for it in a captured graph. */
interface Staged {
  readonly host: Tensor;
  readonly device: OrtDeviceTensor;
}

/**
 * Buffers tied to a session through an OrtIoBinding: a run is one call with three addresses.
 *
 * Where the session computes elsewhere than in host memory, two more things happen. BindInput copies
 * an input that does not lie where its node reads it, at once and once only (IOBinding::BindInput), so
 * inputs are bound anew before every run. And a captured graph replays with the addresses it was
 * captured with, so its host tensors are staged in device tensors of their own.
 */
export class OrtFfiBinding implements EngineBinding {
  readonly #owner: BindingOwner;
  readonly #onClosed: (binding: OrtFfiBinding) => void;
  readonly #runWithBinding: OrtApi["functions"]["RunWithBinding"];
  readonly #session: Address;
  readonly #runOptions: RunOptions;
  readonly #graphId: number | undefined;
  readonly #bindInput: OrtApi["functions"]["BindInput"];
  /** Inputs to bind again before each run. */
  readonly #refreshed: { readonly name: string; readonly value: Address }[] = [];
  readonly #stagedInputs: Staged[] = [];
  readonly #stagedOutputs: Staged[] = [];
  readonly #binding: Address;
  /** Values made here, over the caller's memory. Device tensors have their own. */
  readonly #values: Address[] = [];
  /** Keeps the buffers alive: ONNX Runtime holds bare addresses into them. */
  readonly #pinned: (Tensor | DeviceTensor)[] = [];
  #isOpen = true;

  constructor(
    owner: BindingOwner,
    inputs: Tensors,
    outputs: Tensors,
    options: BindOptions,
    onClosed: (binding: OrtFfiBinding) => void,
  ) {
    const { api } = owner.runtime;
    const { functions } = api;
    this.#owner = owner;
    this.#onClosed = onClosed;
    this.#runWithBinding = functions.RunWithBinding;
    this.#session = owner.session;
    this.#runOptions = owner.runOptions;
    this.#graphId = options.graphId;
    this.#bindInput = functions.BindInput;
    this.#binding = api.make(
      (out) => functions.CreateIoBinding(owner.session, out),
      ErrorCode.EngineSession,
      owner.name,
    );
    try {
      for (const spec of owner.inputs) this.#bind("input", spec, inputs[spec.name]);
      for (const spec of owner.outputs) this.#bind("output", spec, outputs[spec.name]);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** // hot path */
  run(): undefined {
    if (!this.#isOpen) {
      throw new BridgeError(ErrorCode.ModelClosed, `${this.#owner.name}: the binding is closed`);
    }
    this.#runOptions.prepare(this.#graphId);
    for (const { host, device } of this.#stagedInputs) device.upload(host.data);
    for (const { name, value } of this.#refreshed) {
      const failed = this.#bindInput(this.#binding, name, value);
      if (failed !== null) this.#throw(failed);
    }
    const status = this.#runWithBinding(this.#session, this.#runOptions.address, this.#binding);
    if (status !== null) this.#throw(status);
    for (const { host, device } of this.#stagedOutputs) device.download(host.data);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { functions } = this.#owner.runtime.api;
    functions.ReleaseIoBinding(this.#binding);
    for (const value of this.#values) functions.ReleaseValue(value);
    for (const { device } of [...this.#stagedInputs, ...this.#stagedOutputs]) {
      device[Symbol.dispose]();
    }
    this.#values.length = 0;
    this.#pinned.length = 0;
    this.#onClosed(this);
  }

  #bind(
    direction: "input" | "output",
    spec: TensorSpec,
    tensor: Tensor | DeviceTensor | undefined,
  ): void {
    const { name, memory, runtime } = this.#owner;
    const { functions } = runtime.api;
    const isCaptured = this.#graphId !== undefined && this.#graphId >= 0;
    const value = this.#valueOf(direction, spec, tensor, isCaptured);
    const bind = direction === "input" ? functions.BindInput : functions.BindOutput;
    const status = bind(this.#binding, spec.name, value);
    runtime.api.check(status, ErrorCode.EngineSession, `${name} ${direction} ${spec.name}`);
    if (direction === "input" && memory !== undefined && !isCaptured) {
      this.#refreshed.push({ name: spec.name, value });
    }
  }

  #valueOf(
    direction: "input" | "output",
    { name, type }: TensorSpec,
    tensor: Tensor | DeviceTensor | undefined,
    isCaptured: boolean,
  ): Address {
    const { runtime, memory } = this.#owner;
    if (tensor instanceof OrtDeviceTensor) {
      this.#pinned.push(tensor);
      return tensor.value;
    }
    if (tensor === undefined || !("data" in tensor)) {
      const text = `${this.#owner.name}: ${name} is a device tensor of another engine`;
      throw new BridgeError(ErrorCode.EngineDevice, text);
    }
    this.#pinned.push(tensor);
    if (isCaptured && memory !== undefined) {
      const device = new OrtDeviceTensor(memory, this.#owner.name, type, tensor.shape);
      const staged = direction === "input" ? this.#stagedInputs : this.#stagedOutputs;
      staged.push({ host: tensor, device });
      return device.value;
    }
    const value = hostValue(runtime, this.#owner.name, type, tensor.data, tensor.shape);
    this.#values.push(value);
    return value;
  }

  #throw(status: Address): never {
    const { name, runtime } = this.#owner;
    const text = runtime.api.takeText(status);
    // ONNX Runtime has no error code of its own for it; this is session_state's and every loop's text.
    const isTerminated = /terminate flag/i.test(text);
    const code = isTerminated ? ErrorCode.EngineTerminated : ErrorCode.EngineRun;
    throw new BridgeError(code, `${name}: ${text}`);
  }
}
