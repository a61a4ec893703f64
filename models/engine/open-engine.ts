import type { Engine } from "../../bridge/contract/engine.ts";
import { errorText } from "../../bridge/contract/errors.ts";
import { requireOnlyLibrary } from "./library-process.ts";
import { findLibraries, noLibrary, packagedLibrary, type LibraryCandidate } from "./library.ts";
import { OrtNodeEngine } from "./ort-node/ort-node-engine.ts";
import { requireTelemetryOff } from "./telemetry.ts";

export interface OpenEngineOptions {
  /** Any libonnxruntime from 1.21 on: it or an error. Default: the best that `findLibraries` knows. */
  readonly libraryPath?: string;
  /** What `findLibraries` found, for threads that must not search again; `libraryPath` goes before it. */
  readonly libraries?: readonly LibraryCandidate[];
  /** `auto`: ort-ffi, else ort-node with the reason in `info.fallbackReasons`. */
  readonly engine?: "auto" | "ort-ffi" | "ort-node";
}

/**
 * Opens the engine of this thread.
 *
 * @throws BridgeError `engine/library` when none can be used, or when the library that was named cannot:
 * who names one wants what only that one has, and another in its place would be a silent fallback.
 */
export async function openEngine(options: OpenEngineOptions = {}): Promise<Engine> {
  requireTelemetryOff();
  const { engine: choice = "auto", libraryPath } = options;
  if (choice === "ort-node") return await openOrtNode([]);
  const candidates =
    libraryPath === undefined
      ? (options.libraries ?? findLibraries())
      : findLibraries({ setting: libraryPath });
  try {
    return await openFirst(candidates);
  } catch (error) {
    if (choice === "ort-ffi" || libraryPath !== undefined) throw error;
    return await openOrtNode([`ort-ffi: ${errorText(error)}`]);
  }
}

/** The first candidate that loads; what the ones before it said goes into `fallbackReasons`. */
async function openFirst(candidates: readonly LibraryCandidate[]): Promise<Engine> {
  // koffi is a native package: a machine without a build of it must still get the fallback.
  const { OrtFfiEngine } = await import("./ort-ffi/ort-ffi-engine.ts");
  const failures: unknown[] = [];
  const seen: LibraryCandidate[] = [];
  for (const candidate of candidates) {
    if (candidate.passedOver === undefined) {
      try {
        requireOnlyLibrary(candidate.path);
        return OrtFfiEngine.open(candidate.path, candidate.source, failures.map(errorText));
      } catch (error) {
        failures.push(error);
      }
    }
    seen.push({ ...candidate, passedOver: candidate.passedOver ?? errorText(failures.at(-1)) });
  }
  // One failure says all there is to say, with its cause and details.
  throw failures.length === 1 ? failures[0] : noLibrary(seen);
}

/** The add-on asks the loader for its library by SONAME, and would be given any that is there already. */
async function openOrtNode(fallbackReasons: readonly string[]): Promise<Engine> {
  requireOnlyLibrary(packagedLibrary());
  return await OrtNodeEngine.open(fallbackReasons);
}
