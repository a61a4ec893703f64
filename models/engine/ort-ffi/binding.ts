import type {
  BindOptions,
  DeviceTensor,
  EngineBinding,
  Tensor,
  TensorSpec,
} from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
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
  readonly runOptions: RunOptions;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

type Tensors = Readonly<Record<string, Tensor | DeviceTensor>>;

/** Buffers tied to a session through an OrtIoBinding: a run is one call with three addresses. */
export class OrtFfiBinding implements EngineBinding {
  readonly #owner: BindingOwner;
  readonly #onClosed: (binding: OrtFfiBinding) => void;
  readonly #runWithBinding: OrtApi["functions"]["RunWithBinding"];
  readonly #session: Address;
  readonly #runOptions: RunOptions;
  readonly #graphId: number | undefined;
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
    this.#binding = api.make(
      (out) => functions.CreateIoBinding(owner.session, out),
      ErrorCode.EngineSession,
      owner.name,
    );
    try {
      this.#bindAll("input", functions.BindInput, owner.inputs, inputs);
      this.#bindAll("output", functions.BindOutput, owner.outputs, outputs);
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
    const status = this.#runWithBinding(this.#session, this.#runOptions.address, this.#binding);
    if (status !== null) this.#throw(status);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { functions } = this.#owner.runtime.api;
    functions.ReleaseIoBinding(this.#binding);
    for (const value of this.#values) functions.ReleaseValue(value);
    this.#values.length = 0;
    this.#pinned.length = 0;
    this.#onClosed(this);
  }

  #bindAll(
    direction: "input" | "output",
    bind: OrtApi["functions"]["BindInput"],
    specs: readonly TensorSpec[],
    tensors: Tensors,
  ): void {
    for (const spec of specs) {
      const status = bind(this.#binding, spec.name, this.#valueOf(spec, tensors[spec.name]));
      const what = `${this.#owner.name} ${direction} ${spec.name}`;
      this.#owner.runtime.api.check(status, ErrorCode.EngineSession, what);
    }
  }

  #valueOf({ name, type }: TensorSpec, tensor: Tensor | DeviceTensor | undefined): Address {
    if (tensor instanceof OrtDeviceTensor) {
      this.#pinned.push(tensor);
      return tensor.value;
    }
    if (tensor === undefined || !("data" in tensor)) {
      const text = `${this.#owner.name}: ${name} is a device tensor of another engine`;
      throw new BridgeError(ErrorCode.EngineDevice, text);
    }
    const { runtime } = this.#owner;
    const value = hostValue(runtime, this.#owner.name, type, tensor.data, tensor.shape);
    this.#values.push(value);
    this.#pinned.push(tensor);
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
