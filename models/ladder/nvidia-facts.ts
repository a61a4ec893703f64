import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

/** What a TensorRT engine is tied to beside the model; `unknown` where this machine does not say. */
export interface NvidiaFacts {
  readonly gpuName: string;
  readonly tensorrtVersion: string;
}

const libraryFolders = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/local/lib",
  "/usr/lib",
  "/usr/local/tensorrt/lib",
];

/** @param root prefix of every path that is read, for tests; `libraryPath` as LD_LIBRARY_PATH has it. */
export function nvidiaFacts(root = "", libraryPath = ""): NvidiaFacts {
  return {
    gpuName: gpuName(root) ?? "unknown",
    tensorrtVersion: tensorrtVersion(root, libraryPath) ?? "unknown",
  };
}

/** The driver's own list, or on Jetson, where there is none, the board's name. */
function gpuName(root: string): string | undefined {
  const gpus = `${root}/proc/driver/nvidia/gpus`;
  for (const gpu of listing(gpus)) {
    const model = /^Model:\s*(.+)$/m.exec(content(join(gpus, gpu, "information")));
    if (model?.[1] !== undefined) return model[1].trim();
  }
  const board = content(`${root}/proc/device-tree/model`).replaceAll("\0", "").trim();
  return board === "" ? undefined : board;
}

/** From the file name libnvinfer.so.10.16.1 that the library's links lead to. */
function tensorrtVersion(root: string, libraryPath: string): string | undefined {
  const folders = [...libraryPath.split(":").filter((path) => path !== ""), ...libraryFolders];
  for (const folder of folders.map((path) => `${root}${path}`)) {
    for (const name of listing(folder)) {
      if (!/^libnvinfer\.so(\.|$)/.test(name)) continue;
      const version = /\.so\.([\d.]+)$/.exec(target(join(folder, name)));
      if (version?.[1]?.includes(".") === true) return version[1];
    }
  }
  return undefined;
}

function listing(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function content(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function target(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
