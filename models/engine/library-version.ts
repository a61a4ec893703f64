import { basename, dirname } from "node:path";
import { entries } from "./library-places.ts";

/** The oldest ONNX Runtime whose function table was checked against the slots used here. */
export const oldestVersion = "1.21.0";

/**
 * The version an ONNX Runtime library gives away without being loaded: in its own file name, or in the
 * name of the wheel it was installed with. Undefined when neither tells.
 */
export function versionOnDisk(file: string): string | undefined {
  const inName = /\.so\.(\d+\.\d+\.\d+)$/.exec(basename(file))?.[1];
  return inName ?? wheelVersion(file);
}

/** `<site-packages>/onnxruntime_gpu-1.23.0.dist-info` stands beside `<site-packages>/onnxruntime/capi`. */
function wheelVersion(file: string): string | undefined {
  const capi = dirname(file);
  if (basename(capi) !== "capi") return undefined;
  for (const name of entries(dirname(dirname(capi)))) {
    const version = /^onnxruntime(?:_\w+)?-(\d+\.\d+\.\d+)[^/]*\.dist-info$/.exec(name)?.[1];
    if (version !== undefined) return version;
  }
  return undefined;
}

/** Negative when `a` is older than `b`. Both are `major.minor.patch`. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  const differs = left.findIndex((part, index) => part !== right[index]);
  return differs === -1 ? 0 : (left[differs] ?? 0) - (right[differs] ?? 0);
}
