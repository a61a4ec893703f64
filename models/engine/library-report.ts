import { join, dirname } from "node:path";
import { errorText } from "../../bridge/contract/errors.ts";
import { readGpuCode } from "./library-gpu-code.ts";
import type { LibraryCandidate } from "./library.ts";

/**
 * A candidate in one line, for people: where it comes from, what it brings, for which GPUs, and what
 * becomes of it. `inUse` is the library of the engine that runs.
 */
export function describeLibrary(candidate: LibraryCandidate, inUse?: string): string {
  const { path, source, version, accelerators, passedOver } = candidate;
  const parts = [
    `${path} (${source}, ${version ?? "version unknown"})`,
    ...(accelerators.length === 0 ? [] : [`with ${accelerators.join(", ")}`]),
    ...(accelerators.includes("cuda") ? [gpuText(path)] : []),
    path === inUse ? "in use" : (passedOver ?? "not needed"),
  ];
  return parts.join("; ");
}

function gpuText(library: string): string {
  try {
    const { real, ptx } = readGpuCode(join(dirname(library), "libonnxruntime_providers_cuda.so"));
    const list = (archs: readonly string[]): string => archs.map((arch) => `sm_${arch}`).join(" ");
    return `CUDA code for ${list(real) || "no GPU"}${ptx.length === 0 ? ", no PTX" : `, PTX from ${list(ptx)}`}`;
  } catch (error) {
    return errorText(error);
  }
}
