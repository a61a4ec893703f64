import type { SessionOptions } from "../../../bridge/contract/engine.ts";
import { ErrorCode } from "../../../bridge/contract/errors.ts";
import { canShowAssignment, recordAssignment } from "./assignment.ts";
import { holding, pointersTo, TextArray } from "./c-arrays.ts";
import type { Address } from "./native-library.ts";
import type { OrtApi } from "./ort-api.ts";
import { appendProvider, type AppendedProvider } from "./providers.ts";
import type { Runtime } from "./runtime.ts";

// onnxruntime_c_api.h: ORT_LOGGING_LEVEL_FATAL (errors are thrown, not printed), ORT_ENABLE_ALL.
const fatalSeverity = 4;
const allOptimizations = 99;
const code = ErrorCode.EngineSession;

export interface CreatedSession {
  readonly session: Address;
  readonly provider: AppendedProvider;
}

/** @throws BridgeError `engine/provider` or `engine/session`, in ONNX Runtime's words. */
export function createSession(runtime: Runtime, options: SessionOptions): CreatedSession {
  const { api, env } = runtime;
  const { functions } = api;
  const { name, model } = options;
  const settings = api.make((out) => functions.CreateSessionOptions(out), code, name);
  try {
    applySettings(api, settings, options);
    const provider = appendProvider(runtime, settings, name, options.provider);
    // The settings hold bare addresses of the external data.
    const session = holding(addExternalData(api, settings, options), () =>
      api.make(
        (out) => functions.CreateSessionFromArray(env, model, model.byteLength, settings, out),
        code,
        name,
      ),
    );
    return { session, provider };
  } finally {
    functions.ReleaseSessionOptions(settings);
  }
}

function applySettings(api: OrtApi, settings: Address, options: SessionOptions): void {
  const { functions } = api;
  const statuses = [
    functions.SetSessionLogSeverityLevel(settings, fatalSeverity),
    functions.SetSessionGraphOptimizationLevel(settings, allOptimizations),
    functions.SetIntraOpNumThreads(settings, options.intraOpThreads ?? 1),
    functions.SetInterOpNumThreads(settings, 1),
  ];
  if (options.profilePrefix !== undefined) {
    statuses.push(functions.EnableProfiling(settings, options.profilePrefix));
  }
  for (const [key, value] of Object.entries(configEntries(api, options))) {
    statuses.push(functions.AddSessionConfigEntry(settings, key, value));
  }
  for (const status of statuses) api.check(status, code, options.name);
}

function configEntries(api: OrtApi, options: SessionOptions): Record<string, string> {
  const isCpu = (options.provider?.name ?? "cpu") === "cpu";
  return {
    // Spinning costs 79 % of a core at 50 Hz and makes neighbours late; see models/engine/README.md.
    "session.intra_op.allow_spinning": "0",
    "session.inter_op.allow_spinning": "0",
    ...(options.mustBeWhole === true && !isCpu ? { "session.disable_cpu_ep_fallback": "1" } : {}),
    ...(canShowAssignment(api) ? { [recordAssignment]: "1" } : {}),
    ...options.config,
  };
}

/** Gives the session the files its graph refers to, as bytes; returns what must stay alive meanwhile. */
function addExternalData(
  api: OrtApi,
  settings: Address,
  { name, externalData }: SessionOptions,
): readonly unknown[] {
  if (externalData === undefined || externalData.size === 0) return [];
  const contents = [...externalData.values()];
  const names = new TextArray([...externalData.keys()]);
  const pointers = pointersTo(contents);
  const lengths = BigUint64Array.from(contents, (content) => BigInt(content.byteLength));
  const add = api.functions.AddExternalInitializersFromFilesInMemory;
  api.check(add(settings, names.pointers, pointers, lengths, names.length), code, name);
  return [contents, names, pointers, lengths];
}
