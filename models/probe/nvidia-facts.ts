import { realpathSync } from "node:fs";
import type { HostFiles } from "./host-files.ts";
import { findLibrary, type LoaderEnvironment } from "./loader-paths.ts";

/** Discrete cards, Jetson's integrated GPU (two generations of names), WSL. */
export const nvidiaDeviceNodes: readonly string[] = [
  "/dev/nvidia0",
  "/dev/nvidiactl",
  "/dev/nvgpu",
  "/dev/nvhost-gpu",
  "/dev/dxg",
];

/** What a TensorRT engine is tied to beside the model; `unknown` where this machine does not say. */
export interface NvidiaFacts {
  readonly gpuName: string;
  readonly tensorrtVersion: string;
}

/** Reads files only: it starts no program, so that a worker may ask before it builds. */
export function nvidiaFacts(files: HostFiles, environment: LoaderEnvironment): NvidiaFacts {
  return {
    // On Jetson there is no list of cards.
    gpuName: cardName(files) ?? boardName(files) ?? "unknown",
    tensorrtVersion: tensorrtVersion(files, environment) ?? "unknown",
  };
}

/** The first card in the driver's own list, e.g. `NVIDIA H100 80GB HBM3`. */
function cardName(files: HostFiles): string | undefined {
  const cards = "/proc/driver/nvidia/gpus";
  for (const card of files.list(cards)) {
    const text = files.read(`${cards}/${card}/information`) ?? "";
    const model = /^Model:\s*(.+)$/m.exec(text)?.[1];
    if (model !== undefined) return model.trim();
  }
  return undefined;
}

/** What the device tree calls the board, e.g. `NVIDIA Jetson AGX Thor Developer Kit`. */
export function boardName(files: HostFiles): string | undefined {
  const name = files.read("/proc/device-tree/model")?.trim();
  return name === "" ? undefined : name;
}

/** `NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  ...`, or `... for aarch64  580.00  ...`. */
export function driverVersion(files: HostFiles): string | undefined {
  const text = files.read("/proc/driver/nvidia/version") ?? "";
  return /NVRM version:.*?\s(\d+\.\d+(?:\.\d+)?)\s/.exec(text)?.[1];
}

/** From the file name libnvinfer.so.10.16.1 that the library's links lead to. */
function tensorrtVersion(files: HostFiles, environment: LoaderEnvironment): string | undefined {
  const library = findLibrary(files, /^libnvinfer\.so(\.|$)/, environment);
  if (library === undefined) return undefined;
  const version = /\.so\.(\d+\.[\d.]+)$/.exec(linkTarget(files.realPath(library.path)));
  return version?.[1];
}

function linkTarget(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
