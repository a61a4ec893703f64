import type { Terminator } from "../../../bridge/contract/engine.ts";
import { ErrorCode } from "../../../bridge/contract/errors.ts";
import { keepLibrary } from "./native-library.ts";
import { OrtApi } from "./ort-api.ts";

/**
 * Stops runs of sessions that live in other threads of this process. It opens the library, which is
 * loaded already, but makes no environment.
 *
 * @param library the `library` of the sessions' `EngineInfo`.
 * @throws BridgeError `engine/library`.
 */
export function openTerminator(library: string): Terminator {
  const api = OrtApi.load(library);
  keepLibrary(library);
  return {
    terminate: (handle) => {
      if (handle === 0n) return false;
      api.check(api.functions.RunOptionsSetTerminate(handle), ErrorCode.EngineRun, "terminate");
      return true;
    },
  };
}
