import type { Engine } from "../../bridge/contract/engine.ts";
import { errorText } from "../../bridge/contract/errors.ts";
import { packagedLibrary } from "./library.ts";
import { OrtNodeEngine } from "./ort-node/ort-node-engine.ts";
import { requireTelemetryOff } from "./telemetry.ts";

export interface OpenEngineOptions {
  /** Any libonnxruntime from 1.21 on; default the one inside the onnxruntime-node package. */
  readonly libraryPath?: string;
  /** `auto`: ort-ffi, else ort-node with the reason in `info.fallbackReasons`. */
  readonly engine?: "auto" | "ort-ffi" | "ort-node";
}

/**
 * Opens the engine of this thread.
 *
 * @throws BridgeError `engine/library` when none can be used, or when the one that was named cannot.
 */
export async function openEngine(options: OpenEngineOptions = {}): Promise<Engine> {
  requireTelemetryOff();
  const choice = options.engine ?? "auto";
  if (choice === "ort-node") return await OrtNodeEngine.open([]);
  try {
    // koffi is a native package: a machine without a build of it must still get the fallback.
    const { OrtFfiEngine } = await import("./ort-ffi/ort-ffi-engine.ts");
    return options.libraryPath === undefined
      ? OrtFfiEngine.open(packagedLibrary(), "npm package")
      : OrtFfiEngine.open(options.libraryPath, "setting");
  } catch (error) {
    if (choice === "ort-ffi") throw error;
    return await OrtNodeEngine.open([`ort-ffi: ${errorText(error)}`]);
  }
}
