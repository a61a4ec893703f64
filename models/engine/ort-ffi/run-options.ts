import { ErrorCode } from "../../../bridge/contract/errors.ts";
import type { Address } from "./native-library.ts";
import type { OrtApi } from "./ort-api.ts";

/** `onnxruntime_run_options_config_keys.h`. */
const graphIdKey = "gpu_graph_id";

/**
 * The run options of one session, shared by its bindings so that one address stops whatever runs.
 *
 * They are never released: another thread may set the terminate flag at any time, also just after
 * the session went. That is some 200 bytes for every session a process ever opens.
 */
export class RunOptions {
  readonly address: Address;
  readonly #api: OrtApi;
  readonly #unset: OrtApi["functions"]["RunOptionsUnsetTerminate"];
  #graphId: number | undefined;

  constructor(api: OrtApi, session: string) {
    this.#api = api;
    this.#unset = api.functions.RunOptionsUnsetTerminate;
    this.address = api.make(
      (out) => api.functions.CreateRunOptions(out),
      ErrorCode.EngineSession,
      session,
    );
  }

  /** Readies them for a run: no stop asked for, and the binding's captured graph. // hot path */
  prepare(graphId: number | undefined): void {
    // It cannot fail: a flag is cleared.
    this.#unset(this.address);
    if (graphId !== this.#graphId) this.#select(graphId);
  }

  #select(graphId: number | undefined): void {
    // -1: run without capture (the same header).
    const value = String(graphId ?? -1);
    const status = this.#api.functions.AddRunConfigEntry(this.address, graphIdKey, value);
    this.#api.check(status, ErrorCode.EngineRun, graphIdKey);
    this.#graphId = graphId;
  }
}
