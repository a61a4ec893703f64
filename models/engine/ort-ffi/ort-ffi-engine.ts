import type {
  Engine,
  EngineDevice,
  EngineInfo,
  EngineSession,
  LibrarySource,
  SessionOptions,
} from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import type { Address } from "./native-library.ts";
import { OrtApi } from "./ort-api.ts";
import { OrtFfiSession, type SessionHost } from "./session.ts";

// onnxruntime_c_api.h: ORT_LOGGING_LEVEL_FATAL (errors are thrown, not printed), OrtArenaAllocator, OrtMemTypeDefault.
const fatalSeverity = 4;
const arenaAllocator = 1;
const defaultMemory = 0;

/** ONNX Runtime's C API, called in this thread: `run` returns when the outputs are written. */
export class OrtFfiEngine implements Engine {
  readonly info: EngineInfo;
  readonly #host: SessionHost;
  readonly #sessions = new Set<EngineSession>();
  #isOpen = true;

  private constructor(host: SessionHost, librarySource: LibrarySource) {
    this.#host = host;
    const { library, version } = host.api;
    this.info = {
      name: "ort-ffi",
      library,
      librarySource,
      version,
      buildInfo: "",
      providers: ["cpu"],
      fallbackReasons: [],
    };
  }

  /** @throws BridgeError `engine/library`. */
  static open(library: string, source: LibrarySource): OrtFfiEngine {
    const api = OrtApi.load(library);
    const functions = api.functions;
    const make = (call: (out: BigUint64Array) => Address | null): Address =>
      api.make(call, ErrorCode.EngineLibrary, library);
    const host: SessionHost = {
      api,
      // One environment per process inside the library; every thread's is counted on it.
      env: make((out) => functions.CreateEnv(fatalSeverity, "kairos-bridge", out)),
      cpuMemory: make((out) => functions.CreateCpuMemoryInfo(arenaAllocator, defaultMemory, out)),
      allocator: make((out) => functions.GetAllocatorWithDefaultOptions(out)),
    };
    return new OrtFfiEngine(host, source);
  }

  devices(): readonly EngineDevice[] {
    return [{ provider: "CPUExecutionProvider", vendor: "", type: "cpu" }];
  }

  openSession(options: SessionOptions): Promise<EngineSession> {
    return Promise.resolve().then(() => {
      if (!this.#isOpen) throw new BridgeError(ErrorCode.ModelClosed, "the engine is closed");
      const session = new OrtFfiSession(this.#host, options);
      this.#sessions.add(session);
      return session;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const session of this.#sessions) await session[Symbol.asyncDispose]();
    this.#host.api.functions.ReleaseMemoryInfo(this.#host.cpuMemory);
    this.#host.api.functions.ReleaseEnv(this.#host.env);
  }
}
