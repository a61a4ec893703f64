import process from "node:process";
import type { HostFiles } from "./host-files.ts";

export interface FoundLibrary {
  readonly path: string;
  /** The dynamic loader finds it by its name; otherwise its folder has to be made known. */
  readonly isOnLoaderPath: boolean;
}

/** Environment variables; only LD_LIBRARY_PATH is read. */
export type LoaderEnvironment = Readonly<Record<string, string | undefined>>;

/** Where CUDA, cuDNN and TensorRT are put by NVIDIA's packages, JetPack and the wheels' own folders. */
const usualFolders = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu/nvidia",
  "/usr/lib/aarch64-linux-gnu/tegra",
  "/usr/lib64",
  "/usr/local/lib",
  "/usr/local/cuda/lib64",
  "/usr/local/cuda/targets/aarch64-linux/lib",
  "/usr/local/cuda/targets/sbsa-linux/lib",
  "/usr/local/cuda/targets/x86_64-linux/lib",
  "/usr/local/tensorrt/lib",
  "/usr/lib/wsl/lib",
];

/**
 * Finds a library the way the loader would: LD_LIBRARY_PATH, the loader's cache, then the folders
 * where it usually lies although nobody told the loader.
 *
 * @param pattern of the file's name, e.g. /^libcudnn\.so\.9/.
 */
export function findLibrary(
  files: HostFiles,
  pattern: RegExp,
  environment: LoaderEnvironment = process.env,
): FoundLibrary | undefined {
  const named = (environment["LD_LIBRARY_PATH"] ?? "").split(":").filter((path) => path !== "");
  const onPath = firstIn(files, pattern, named) ?? inLoaderCache(files, pattern);
  if (onPath !== undefined) return { path: onPath, isOnLoaderPath: true };
  const elsewhere = firstIn(files, pattern, usualFolders);
  return elsewhere === undefined ? undefined : { path: elsewhere, isOnLoaderPath: false };
}

function firstIn(
  files: HostFiles,
  pattern: RegExp,
  folders: readonly string[],
): string | undefined {
  for (const folder of folders) {
    const name = files.list(folder).find((entry) => pattern.test(entry));
    if (name !== undefined) return `${folder}/${name}`;
  }
  return undefined;
}

/** The cache holds its paths as zero-terminated text, so it need not be understood further. */
function inLoaderCache(files: HostFiles, pattern: RegExp): string | undefined {
  const paths = files.read("/etc/ld.so.cache")?.match(/\/[^\0]+(?=\0|$)/g) ?? [];
  return paths.find((path) => pattern.test(path.slice(path.lastIndexOf("/") + 1)));
}
