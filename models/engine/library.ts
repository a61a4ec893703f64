import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import type { LibrarySource } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import {
  entries,
  librariesIn,
  systemLibraries,
  wheelLibraries,
  type SearchRoot,
} from "./library-places.ts";
import { otherIsLoaded, otherLoadedLibrary } from "./library-process.ts";
import { compareVersions, oldestVersion, versionOnDisk } from "./library-version.ts";

/** An ONNX Runtime library that was found, and what became of it. */
export interface LibraryCandidate {
  /** Links resolved. */
  readonly path: string;
  readonly source: LibrarySource;
  /** As its file, wheel or package is named; undefined when only loading it would tell. */
  readonly version: string | undefined;
  /** Accelerators whose provider libraries lie beside it, by the names of `ProviderRequest`. */
  readonly accelerators: readonly string[];
  /** Why it is not used. The first candidate without this is tried first, the others after it. */
  readonly passedOver?: string;
}

export interface LibraryRequest {
  /** The library named by the configuration: it alone is used, and if it fails nothing takes its place. */
  readonly setting?: string;
  readonly root?: SearchRoot;
  /** Older ones are passed over; default and least 1.21.0. */
  readonly oldest?: string;
}

/**
 * Every ONNX Runtime library of this machine in the order of preference: the setting, Python wheels,
 * the system's, the onnxruntime-node package's.
 *
 * A wheel or a system library replaces the package's only when it brings an accelerator which that one
 * has not: it is usually older, its CPU kernels are the same, and it is the one nobody tested this
 * service with.
 */
export function findLibraries(request: LibraryRequest = {}): LibraryCandidate[] {
  const packaged = librariesIn([packagedFolder() ?? ""]);
  const found = [
    ...wheelLibraries(request.root).map((path) => candidate(path, "python wheel")),
    ...systemLibraries(request.root).map((path) => candidate(path, "system")),
    ...packaged.map((path) => candidate(path, "npm package")),
  ];
  if (request.setting !== undefined) {
    const set = candidate(request.setting, "setting");
    const passedOver = `the setting names ${request.setting}`;
    return [set, ...found.map((each) => ({ ...each, passedOver }))];
  }
  return judge(found, request.oldest ?? oldestVersion);
}

/** The error when every candidate was passed over or failed, with each one's reason. */
export function noLibrary(candidates: readonly LibraryCandidate[]): BridgeError {
  const reasons = candidates.map((each) => `${each.path}: ${each.passedOver ?? "not tried"}`);
  const text = reasons.length === 0 ? "none was found" : reasons.join("; ");
  return new BridgeError(ErrorCode.EngineLibrary, `no ONNX Runtime library can be used: ${text}`);
}

/**
 * The ONNX Runtime library inside the onnxruntime-node package for this platform and architecture.
 *
 * @throws BridgeError `engine/library` when the package is not there or has none for this machine.
 */
export function packagedLibrary(): string {
  const folder = packagedFolder();
  if (folder === undefined) {
    throw new BridgeError(ErrorCode.EngineLibrary, "onnxruntime-node is not installed");
  }
  const file = librariesIn([folder])[0];
  if (file !== undefined) return file;
  throw new BridgeError(
    ErrorCode.EngineLibrary,
    `onnxruntime-node has no ONNX Runtime library for ${process.platform}/${process.arch}`,
    { details: { folder } },
  );
}

function judge(found: readonly LibraryCandidate[], oldest: string): LibraryCandidate[] {
  const packaged = found.find((each) => each.source === "npm package");
  const isPackagedUsable = packaged !== undefined && whyUnusable(packaged, oldest) === undefined;
  return found.map((each) => {
    const passedOver =
      whyUnusable(each, oldest) ??
      (isPackagedUsable && each !== packaged ? whyNotBetter(each, packaged) : undefined);
    return passedOver === undefined ? each : { ...each, passedOver };
  });
}

function whyUnusable(each: LibraryCandidate, oldest: string): string | undefined {
  if (each.version !== undefined && compareVersions(each.version, oldest) < 0) {
    return `it is ${each.version}, expected ${oldest} or newer`;
  }
  const other = otherLoadedLibrary(each.path);
  return other === undefined ? undefined : otherIsLoaded(other);
}

function whyNotBetter(each: LibraryCandidate, packaged: LibraryCandidate): string | undefined {
  const brings = each.accelerators.filter((name) => !packaged.accelerators.includes(name));
  if (brings.length > 0) return undefined;
  return `it brings no accelerator that onnxruntime-node's ${packaged.version ?? "library"} lacks`;
}

/** The providers worth changing libraries for; the CPU's own (dnnl, xnnpack) are not. */
const accelerators = ["cuda", "tensorrt", "openvino", "cann", "qnn", "migraphx"];

function candidate(path: string, source: LibrarySource): LibraryCandidate {
  const version = source === "npm package" ? packageVersion() : versionOnDisk(path);
  return { path, source, version, accelerators: acceleratorsBeside(path) };
}

function acceleratorsBeside(path: string): string[] {
  const files = entries(dirname(path));
  return accelerators.filter((name) => files.includes(`libonnxruntime_providers_${name}.so`));
}

function packagedFolder(): string | undefined {
  const manifest = packageManifest();
  if (manifest === undefined) return undefined;
  return join(dirname(manifest), "bin", "napi-v6", process.platform, process.arch);
}

function packageVersion(): string | undefined {
  const manifest = packageManifest();
  if (manifest === undefined) return undefined;
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version?: string }).version;
}

function packageManifest(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
  } catch {
    return undefined;
  }
}
