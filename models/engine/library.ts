import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";

/** Matches `libonnxruntime.so.1`, `libonnxruntime.1.30.0.dylib` and `onnxruntime.dll`. */
const fileName = /^(lib)?onnxruntime\.(so(\.\d+)*|dll|[\d.]*dylib)$/;

/**
 * The ONNX Runtime library inside the onnxruntime-node package for this platform and architecture.
 *
 * @throws BridgeError `engine/library` when the package is not there or has none for this machine.
 */
export function packagedLibrary(): string {
  const folder = packagedFolder();
  const file = existsSync(folder)
    ? readdirSync(folder).find((name) => fileName.test(name))
    : undefined;
  if (file === undefined) {
    throw new BridgeError(
      ErrorCode.EngineLibrary,
      `onnxruntime-node has no ONNX Runtime library for ${process.platform}/${process.arch}`,
      { details: { folder } },
    );
  }
  return join(folder, file);
}

function packagedFolder(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
    return join(dirname(manifest), "bin", "napi-v6", process.platform, process.arch);
  } catch (cause) {
    throw new BridgeError(ErrorCode.EngineLibrary, "onnxruntime-node is not installed", { cause });
  }
}
