import { readFileSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { libraryFileName } from "./library-places.ts";

/**
 * The ONNX Runtime libraries that this process, whichever thread, has in its memory; links resolved.
 * Empty where the system does not tell (anything but Linux).
 */
export function loadedLibraries(maps = readMaps()): string[] {
  const paths = maps.split("\n").map((line) => /\/.*$/.exec(line)?.[0] ?? "");
  return [...new Set(paths)].filter((path) => libraryFileName.test(basename(path)));
}

/**
 * Two ONNX Runtimes in one process share a SONAME: an add-on or a provider that asks for
 * `libonnxruntime.so.1` would be linked to whichever came first, and crash in the other's objects.
 *
 * @throws BridgeError `engine/library` when a library other than `path` is loaded already.
 */
export function requireOnlyLibrary(path: string): void {
  const other = otherLoadedLibrary(path);
  if (other === undefined) return;
  throw new BridgeError(ErrorCode.EngineLibrary, `${path} is not loaded: ${otherIsLoaded(other)}`, {
    details: { loaded: other },
  });
}

export function otherLoadedLibrary(path: string): string | undefined {
  const real = realPath(path);
  return loadedLibraries().find((loaded) => loaded !== real);
}

/** The reason in words. */
export function otherIsLoaded(other: string): string {
  return `this process runs on ${other}, and two ONNX Runtime libraries in one process would be mixed up`;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readMaps(): string {
  try {
    return readFileSync("/proc/self/maps", "utf8");
  } catch {
    return "";
  }
}
