import type {
  Engine,
  EngineDevice,
  EngineInfo,
  EngineSession,
  SessionOptions,
} from "../../../bridge/contract/engine.ts";
import { BridgeError, errorText, ErrorCode } from "../../../bridge/contract/errors.ts";
import { packagedLibrary } from "../library.ts";
import { OrtNodeSession, type Runtime } from "./session.ts";

/**
 * The fallback: onnxruntime-node, CPU only. `run` is asynchronous in form and blocks its thread in
 * fact, so it too belongs in a worker. The process aborts when a thread with a run in flight is torn
 * down (onnxruntime-node 1.30, measured 10 of 10), so disposal waits for runs to end.
 */
export class OrtNodeEngine implements Engine {
  readonly info: EngineInfo;
  readonly #runtime: Runtime;
  readonly #sessions = new Set<EngineSession>();
  #isOpen = true;

  private constructor(runtime: Runtime, info: EngineInfo) {
    this.#runtime = runtime;
    this.info = info;
  }

  /** @throws BridgeError `engine/library` when the addon does not load. */
  static async open(fallbackReasons: readonly string[]): Promise<OrtNodeEngine> {
    try {
      // Imported here, not above: loading the addon is a decision, and it may fail.
      const runtime = await import("onnxruntime-node");
      const version = runtime.env.versions.node ?? runtime.env.versions.common;
      return new OrtNodeEngine(runtime, {
        name: "ort-node",
        library: packagedLibrary(),
        librarySource: "npm package",
        version,
        buildInfo: "",
        // On some platforms the add-on has more; it can neither set their options nor keep tensors there.
        providers: ["cpu"],
        fallbackReasons,
      });
    } catch (cause) {
      const reasons = [...fallbackReasons, `ort-node: ${errorText(cause)}`].join("; ");
      const text = `no engine can be used: ${reasons}`;
      throw new BridgeError(ErrorCode.EngineLibrary, text, { cause });
    }
  }

  devices(): readonly EngineDevice[] {
    return [{ provider: "CPUExecutionProvider", vendor: "", type: "cpu" }];
  }

  async openSession(options: SessionOptions): Promise<EngineSession> {
    if (!this.#isOpen) throw new BridgeError(ErrorCode.ModelClosed, "the engine is closed");
    requireCpu(options);
    const session = await OrtNodeSession.open(this.#runtime, options);
    this.#sessions.add(session);
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    for (const session of this.#sessions) await session[Symbol.asyncDispose]();
  }
}

function requireCpu({ name, provider }: SessionOptions): void {
  if (provider === undefined || provider.name === "cpu") return;
  const text = `${name}: provider ${provider.name} is not offered by onnxruntime-node; it has cpu`;
  throw new BridgeError(ErrorCode.EngineProvider, text);
}
