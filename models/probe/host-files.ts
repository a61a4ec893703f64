import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** What probes see of a machine. Paths are absolute; tests put another root under them. */
export interface HostFiles {
  /** Undefined when it cannot be read. Zero bytes at the end, as the device tree has, are dropped. */
  read(path: string): string | undefined;
  exists(path: string): boolean;
  /** Where the file really lies, for readers of other parts. */
  realPath(path: string): string;
  /** This user may read and write it. */
  isUsable(path: string): boolean;
  /** Names in a folder; none when there is no such folder. */
  list(folder: string): readonly string[];
  /** Standard output of a program; undefined when it is not there, fails, or takes longer than 5 s. */
  run(file: string, args: readonly string[]): Promise<string | undefined>;
}

const runFile = promisify(execFile);

export function hostFiles(root = "/"): HostFiles {
  const inRoot = (path: string): string => join(root, path);
  return {
    read: (path) => orUndefined(() => readFileSync(inRoot(path), "utf8").replace(/\0+$/, "")),
    realPath: inRoot,
    exists: (path) => existsSync(inRoot(path)),
    isUsable: (path) =>
      orUndefined(() => {
        accessSync(inRoot(path), constants.R_OK | constants.W_OK);
        return true;
      }) ?? false,
    list: (folder) => orUndefined(() => readdirSync(inRoot(folder))) ?? [],
    run: async (file, args) => {
      // A bare name is looked up on PATH, a path in the root.
      const program = file.includes("/") ? inRoot(file) : file;
      try {
        return (await runFile(program, [...args], { timeout: 5000 })).stdout;
      } catch {
        return undefined;
      }
    },
  };
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
