import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";

const variable = "ORT_DISABLE_TELEMETRY";

/**
 * Official ONNX Runtime builds from 1.29 on collect usage data: a store under ~/.cache, a device id,
 * an upload thread. This one variable, seen when the library makes its environment, stops all of it.
 *
 * Node passes `process.env` writes of the main thread on to C's `setenv`; a worker writes to a copy
 * the library never sees. So `start.ts` calls this first, before any worker or engine exists.
 */
export function disableTelemetry(): void {
  process.env[variable] = "1";
}

/**
 * Every engine passes through here before its library loads.
 *
 * @throws BridgeError `engine/library` in a worker of a process that did not switch telemetry off.
 */
export function requireTelemetryOff(): void {
  if (isMainThread) disableTelemetry();
  if (process.env[variable] === "1") return;
  throw new BridgeError(
    ErrorCode.EngineLibrary,
    `${variable} is not 1: the main thread must call disableTelemetry() before it starts workers`,
  );
}
