import type { ProviderRequest, TensorType } from "../../../bridge/contract/engine.ts";
import { BridgeError, errorText, ErrorCode } from "../../../bridge/contract/errors.ts";
import type { Address } from "./native-library.ts";
import type { AppendedProvider } from "./providers.ts";
import type { Runtime } from "./runtime.ts";
import { SessionCopier } from "./session-copier.ts";

const code = ErrorCode.EngineDevice;

// onnxruntime_c_api.h: OrtDeviceAllocator, OrtMemTypeDefault.
const deviceAllocator = 0;
const defaultMemoryType = 0;

/** The memory of one session's device: its description, and the session's allocator for it. */
export class DeviceMemory {
  readonly name: string;
  /** `OrtMemoryInfo`. */
  readonly info: Address;
  readonly runtime: Runtime;
  readonly #session: Address;
  readonly #isInfoOurs: boolean;
  readonly #copyProvider: ProviderRequest;
  #allocator = 0n;
  /** Once CopyTensors has failed. */
  #copier: SessionCopier | undefined;

  private constructor(
    runtime: Runtime,
    session: Address,
    provider: ProviderRequest,
    info: Address,
    isInfoOurs: boolean,
  ) {
    this.#copyProvider = copyProviderOf(provider);
    this.runtime = runtime;
    this.info = info;
    this.#session = session;
    this.#isInfoOurs = isInfoOurs;
    const { api } = runtime;
    const name = api.make((out) => api.functions.MemoryInfoGetName(info, out), code, "memory");
    this.name = api.text(name);
  }

  /** undefined: the provider computes in plain host memory. */
  static of(
    runtime: Runtime,
    session: Address,
    provider: ProviderRequest,
    { memory }: AppendedProvider,
  ): DeviceMemory | undefined {
    if (memory === undefined) return undefined;
    if (typeof memory === "bigint")
      return new DeviceMemory(runtime, session, provider, memory, false);
    const { api } = runtime;
    const { name, deviceId } = memory;
    const create = api.functions.CreateMemoryInfo;
    const info = api.make(
      (out) => create(name, deviceAllocator, deviceId, defaultMemoryType, out),
      code,
      name,
    );
    return new DeviceMemory(runtime, session, provider, info, true);
  }

  /** @throws BridgeError `engine/device` when the session has no allocator for this memory. */
  get allocator(): Address {
    const { api } = this.runtime;
    if (this.#allocator === 0n) {
      const create = api.functions.CreateAllocator;
      this.#allocator = api.make((out) => create(this.#session, this.info, out), code, this.name);
    }
    return this.#allocator;
  }

  /**
   * Copies values of one type between memories, complete when it returns.
   *
   * @throws BridgeError `engine/device` when neither way works.
   */
  copy(type: TensorType, from: BigUint64Array, to: BigUint64Array): void {
    if (this.#copier !== undefined) {
      this.#copier.copy(type, from, to);
      return;
    }
    const reason = this.#copyTensors(from, to);
    if (reason === undefined) return;
    const copier = new SessionCopier(this.runtime, this.#copyProvider);
    try {
      copier.copy(type, from, to);
      this.#copier = copier;
    } catch (cause) {
      copier.release();
      const text = `copying to or from ${this.name}: ${reason}; ${errorText(cause)}`;
      throw new BridgeError(code, text, { cause });
    }
  }

  /** Why it did not work; undefined when it did. */
  #copyTensors(from: BigUint64Array, to: BigUint64Array): string | undefined {
    const { api, env } = this.runtime;
    const copyTensors = api.functions.CopyTensors;
    if (copyTensors === undefined) return `ONNX Runtime ${api.version} has no CopyTensors`;
    const status = copyTensors(env, from, to, null, from.length);
    return status === null ? undefined : api.takeText(status);
  }

  /** After everything allocated here is released, and before the session is. */
  release(): void {
    const { functions } = this.runtime.api;
    this.#copier?.release();
    if (this.#allocator !== 0n) functions.ReleaseAllocator(this.#allocator);
    this.#allocator = 0n;
    if (this.#isInfoOurs) functions.ReleaseMemoryInfo(this.info);
  }
}

/** TensorRT would build an engine for a copy; CUDA has the same memory, and comes with it. */
function copyProviderOf(provider: ProviderRequest): ProviderRequest {
  if (provider.name !== "tensorrt") return provider;
  const deviceId = provider.options?.["device_id"];
  return { name: "cuda", ...(deviceId === undefined ? {} : { options: { device_id: deviceId } }) };
}
