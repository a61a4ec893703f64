import { realpathSync } from "node:fs";
import type { EngineDevice } from "../../../bridge/contract/engine.ts";
import { BridgeError, errorText, ErrorCode } from "../../../bridge/contract/errors.ts";
import { addressesAt, type Address } from "./native-library.ts";
import type { Runtime } from "./runtime.ts";

const code = ErrorCode.EngineProvider;

/** `OrtHardwareDeviceType` (onnxruntime_c_api.h). */
const deviceTypes = ["cpu", "gpu", "npu"] as const;

/**
 * Loads a plugin execution provider library into the environment, which all threads of a process
 * share: one that another thread has loaded stays.
 *
 * @throws BridgeError `engine/provider` with the runtime's or the loader's text.
 */
export function registerLibrary({ api, env }: Runtime, library: string): void {
  const register = api.functions.RegisterExecutionProviderLibrary;
  if (register === undefined) {
    const text = `plugin execution providers need ONNX Runtime 1.22, ${api.library} is ${api.version}`;
    throw new BridgeError(code, text);
  }
  const path = realPath(library);
  // Named by its path: the same library under the same name is refused, and that is how it is known.
  const status = register(env, path, path);
  if (status === null) return;
  const text = api.takeText(status);
  if (/already registered/i.test(text)) return;
  throw new BridgeError(code, `plugin library ${library}: ${text}`);
}

function realPath(library: string): string {
  try {
    return realpathSync(library);
  } catch (cause) {
    const text = `plugin library ${library} cannot be read: ${errorText(cause)}`;
    throw new BridgeError(code, text, { cause });
  }
}

/** What there is to run on: devices of registered plugins and of providers built to list theirs. */
export function listDevices(runtime: Runtime): EngineDevice[] {
  const { functions } = runtime.api;
  return deviceAddresses(runtime).map((at) => ({
    provider: functions.EpDevice_EpName?.(at) ?? "",
    vendor: vendorOf(runtime, at),
    type: deviceTypes[functions.HardwareDevice_Type?.(hardwareOf(runtime, at)) ?? 0] ?? "cpu",
  }));
}

/** The first device of a provider, by the provider's own name. */
export function findDevice(runtime: Runtime, provider: string): Address | undefined {
  const { functions } = runtime.api;
  return deviceAddresses(runtime).find((at) => functions.EpDevice_EpName?.(at) === provider);
}

function deviceAddresses({ api, env }: Runtime): Address[] {
  const list = api.functions.GetEpDevices;
  if (list === undefined) return [];
  const out = new BigUint64Array(1);
  const count = new BigUint64Array(1);
  api.check(list(env, out, count), code, api.library);
  return addressesAt(out[0] ?? 0n, Number(count[0] ?? 0n));
}

function vendorOf(runtime: Runtime, device: Address): string {
  const { functions } = runtime.api;
  const vendor = functions.HardwareDevice_Vendor?.(hardwareOf(runtime, device)) ?? "";
  return vendor === "" ? (functions.EpDevice_EpVendor?.(device) ?? "") : vendor;
}

const hardwareOf = ({ api }: Runtime, device: Address): Address | null =>
  api.functions.EpDevice_Device?.(device) ?? null;
