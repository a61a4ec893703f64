import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import type { Address } from "./native-library.ts";
import type { AppendedProvider } from "./providers.ts";
import type { Runtime } from "./runtime.ts";

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
  #allocator = 0n;

  private constructor(runtime: Runtime, session: Address, info: Address, isInfoOurs: boolean) {
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
    { memory }: AppendedProvider,
  ): DeviceMemory | undefined {
    if (memory === undefined) return undefined;
    if (typeof memory === "bigint") return new DeviceMemory(runtime, session, memory, false);
    const { api } = runtime;
    const { name, deviceId } = memory;
    const create = api.functions.CreateMemoryInfo;
    const info = api.make(
      (out) => create(name, deviceAllocator, deviceId, defaultMemoryType, out),
      code,
      name,
    );
    return new DeviceMemory(runtime, session, info, true);
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
   * Copies values between memories, complete when it returns.
   *
   * @throws BridgeError `engine/device` when this library does not know how.
   */
  copy(from: BigUint64Array, to: BigUint64Array): void {
    const { api, env } = this.runtime;
    const copyTensors = api.functions.CopyTensors;
    if (copyTensors === undefined) {
      const text = `copying to ${this.name} needs ONNX Runtime 1.23, ${api.library} is ${api.version}`;
      throw new BridgeError(code, text);
    }
    const status = copyTensors(env, from, to, null, from.length);
    if (status !== null) api.check(status, code, `copying to or from ${this.name}`);
  }

  /** After everything allocated here is released, and before the session is. */
  release(): void {
    const { functions } = this.runtime.api;
    if (this.#allocator !== 0n) functions.ReleaseAllocator(this.#allocator);
    this.#allocator = 0n;
    if (this.#isInfoOurs) functions.ReleaseMemoryInfo(this.info);
  }
}
