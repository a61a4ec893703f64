import type {
  Engine,
  EngineDevice,
  EngineInfo,
  EngineSession,
  LibrarySource,
  ProviderRequest,
  SessionOptions,
} from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { keepLibrary, type Address } from "./native-library.ts";
import { OrtApi } from "./ort-api.ts";
import { listDevices, registerLibrary } from "./plugins.ts";
import { compiledProviders } from "./providers.ts";
import type { Runtime } from "./runtime.ts";
import { OrtFfiSession } from "./session.ts";

// onnxruntime_c_api.h: ORT_LOGGING_LEVEL_FATAL (errors are thrown, not printed), OrtArenaAllocator, OrtMemTypeDefault.
const fatalSeverity = 4;
const arenaAllocator = 1;
const defaultMemory = 0;

/** ONNX Runtime's C API, called in this thread: `run` returns when the outputs are written. */
export class OrtFfiEngine implements Engine {
  readonly info: EngineInfo;
  readonly #runtime: Runtime;
  readonly #sessions = new Set<EngineSession>();
  #isOpen = true;

  private constructor(
    runtime: Runtime,
    librarySource: LibrarySource,
    fallbackReasons: readonly string[],
  ) {
    this.#runtime = runtime;
    const { library, version, buildInfo } = runtime.api;
    this.info = {
      name: "ort-ffi",
      library,
      librarySource,
      version,
      buildInfo,
      providers: compiledProviders(runtime.api),
      fallbackReasons,
    };
  }

  /**
   * `fallbackReasons`: why libraries that would have been preferred are not used.
   *
   * @throws BridgeError `engine/library`.
   */
  static open(
    library: string,
    librarySource: LibrarySource,
    fallbackReasons: readonly string[] = [],
  ): OrtFfiEngine {
    const api = OrtApi.load(library);
    keepLibrary(library);
    return OrtFfiEngine.over(api, librarySource, fallbackReasons);
  }

  /** An engine over a function table that is loaded already. */
  static over(
    api: OrtApi,
    librarySource: LibrarySource,
    fallbackReasons: readonly string[] = [],
  ): OrtFfiEngine {
    const { functions, library } = api;
    const make = (call: (out: BigUint64Array) => Address | null): Address =>
      api.make(call, ErrorCode.EngineLibrary, library);
    const runtime: Runtime = {
      api,
      env: make((out) => functions.CreateEnv(fatalSeverity, "kairos-bridge", out)),
      cpuMemory: make((out) => functions.CreateCpuMemoryInfo(arenaAllocator, defaultMemory, out)),
      allocator: make((out) => functions.GetAllocatorWithDefaultOptions(out)),
    };
    return new OrtFfiEngine(runtime, librarySource, fallbackReasons);
  }

  devices(request?: ProviderRequest): readonly EngineDevice[] {
    this.#mustBeOpen();
    if (request?.library !== undefined) registerLibrary(this.#runtime, request.library);
    const listed = listDevices(this.#runtime);
    // Libraries before 1.22 list nothing.
    return listed.length > 0
      ? listed
      : [{ provider: "CPUExecutionProvider", vendor: "", type: "cpu" }];
  }

  openSession(options: SessionOptions): Promise<EngineSession> {
    return Promise.resolve().then(() => {
      this.#mustBeOpen();
      const session = new OrtFfiSession(this.#runtime, options);
      this.#sessions.add(session);
      return session;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const session of this.#sessions) await session[Symbol.asyncDispose]();
    const { api, cpuMemory, env } = this.#runtime;
    api.functions.ReleaseMemoryInfo(cpuMemory);
    api.functions.ReleaseEnv(env);
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) throw new BridgeError(ErrorCode.ModelClosed, "the engine is closed");
  }
}
