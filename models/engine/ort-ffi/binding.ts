import type {
  DeviceTensor,
  EngineBinding,
  Tensor,
  TensorSpec,
  TensorType,
} from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { elementTypes } from "../tensors.ts";
import type { Address } from "./native-library.ts";
import type { OrtApi } from "./ort-api.ts";

export interface BindingOwner {
  readonly api: OrtApi;
  readonly name: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly session: Address;
  readonly runOptions: Address;
  readonly cpuMemory: Address;
}

/** Buffers tied to a session through an OrtIoBinding: a run is one call with three addresses. */
export class OrtFfiBinding implements EngineBinding {
  readonly #owner: BindingOwner;
  readonly #onClosed: (binding: OrtFfiBinding) => void;
  readonly #runWithBinding: OrtApi["functions"]["RunWithBinding"];
  readonly #session: Address;
  readonly #runOptions: Address;
  readonly #binding: Address;
  readonly #values: Address[] = [];
  /** Keeps the buffers alive: ONNX Runtime holds bare addresses into them. */
  readonly #pinned: Tensor[] = [];
  #isOpen = true;

  constructor(
    owner: BindingOwner,
    inputs: Readonly<Record<string, Tensor | DeviceTensor>>,
    outputs: Readonly<Record<string, Tensor | DeviceTensor>>,
    onClosed: (binding: OrtFfiBinding) => void,
  ) {
    this.#onClosed = onClosed;
    const { api } = owner;
    const functions = api.functions;
    this.#owner = owner;
    this.#runWithBinding = functions.RunWithBinding;
    this.#session = owner.session;
    this.#runOptions = owner.runOptions;
    this.#binding = api.make(
      (out) => functions.CreateIoBinding(owner.session, out),
      ErrorCode.EngineSession,
      owner.name,
    );
    for (const { name, type } of owner.inputs) {
      const value = this.#value(type, inputs[name]);
      const status = functions.BindInput(this.#binding, name, value);
      api.check(status, ErrorCode.EngineSession, `${owner.name} input ${name}`);
    }
    for (const { name, type } of owner.outputs) {
      const value = this.#value(type, outputs[name]);
      const status = functions.BindOutput(this.#binding, name, value);
      api.check(status, ErrorCode.EngineSession, `${owner.name} output ${name}`);
    }
  }

  /** // hot path */
  run(): undefined {
    if (!this.#isOpen) {
      throw new BridgeError(ErrorCode.ModelClosed, `${this.#owner.name}: the binding is closed`);
    }
    const status = this.#runWithBinding(this.#session, this.#runOptions, this.#binding);
    if (status !== null) this.#owner.api.check(status, ErrorCode.EngineRun, this.#owner.name);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const functions = this.#owner.api.functions;
    functions.ReleaseIoBinding(this.#binding);
    for (const value of this.#values) functions.ReleaseValue(value);
    this.#pinned.length = 0;
    this.#onClosed(this);
  }

  /** An OrtValue over the caller's memory. */
  #value(elementType: TensorType, tensor: Tensor | DeviceTensor | undefined): Address {
    if (tensor === undefined || !("data" in tensor)) {
      const text = `${this.#owner.name}: a tensor of another engine's device`;
      throw new BridgeError(ErrorCode.EngineDevice, text);
    }
    const { api, cpuMemory, name } = this.#owner;
    const { data } = tensor;
    // Touching `buffer` moves a small typed array off V8's heap, where the collector would move it.
    const byteLength = data.buffer.byteLength === 0 ? 0 : data.byteLength;
    const shape = BigInt64Array.from(tensor.shape, BigInt);
    const type = elementTypes[elementType].onnx;
    const value = api.make(
      (out) =>
        api.functions.CreateTensorWithDataAsOrtValue(
          cpuMemory,
          data,
          byteLength,
          shape,
          shape.length,
          type,
          out,
        ),
      ErrorCode.EngineSession,
      name,
    );
    this.#values.push(value);
    this.#pinned.push(tensor);
    return value;
  }
}
