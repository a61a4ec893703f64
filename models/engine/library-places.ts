import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Matches `libonnxruntime.so`, `libonnxruntime.so.1.30.0`, `libonnxruntime.1.30.0.dylib`, `onnxruntime.dll`. */
export const libraryFileName = /^(lib)?onnxruntime\.(so(\.\d+)*|dll|[\d.]*dylib)$/;

/** Where the search begins; other than the machine's own only in tests. */
export interface SearchRoot {
  /** Default `/`. */
  readonly folder?: string;
  readonly home?: string;
  /** Read: VIRTUAL_ENV, CONDA_PREFIX. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The triplets of Debian's and Ubuntu's library folders, by Node's name of the architecture. */
const tripletOf: Readonly<Record<string, string>> = {
  x64: "x86_64-linux-gnu",
  arm64: "aarch64-linux-gnu",
};

/**
 * Libraries that came with Python's onnxruntime packages. Python is not run: these are the places it
 * would put on `sys.path`, the active environment first, then the user's, the administrator's, the system's.
 */
export function wheelLibraries(root: SearchRoot = {}): string[] {
  const { VIRTUAL_ENV, CONDA_PREFIX } = root.environment ?? process.env;
  const inRoot = (path: string): string => join(root.folder ?? "/", path);
  const environments = [VIRTUAL_ENV, CONDA_PREFIX].filter((prefix) => (prefix ?? "") !== "");
  const prefixes = [
    ...(environments as string[]),
    join(root.home ?? homedir(), ".local"),
    inRoot("usr/local"),
    inRoot("usr"),
  ];
  const packages = prefixes.flatMap((prefix) => packageFolders(join(prefix, "lib")));
  return librariesIn(packages.map((folder) => join(folder, "onnxruntime", "capi")));
}

function packageFolders(lib: string): string[] {
  return entries(lib)
    .filter((name) => /^python3(\.\d+)?$/.test(name))
    .sort()
    .flatMap((name) => [join(lib, name, "site-packages"), join(lib, name, "dist-packages")]);
}

/** Libraries of the system: what an administrator put there before what the distribution did. */
export function systemLibraries(root: SearchRoot = {}): string[] {
  const inRoot = (path: string): string => join(root.folder ?? "/", path);
  const triplet = tripletOf[process.arch];
  const own = entries(inRoot("opt")).filter((name) => name.startsWith("onnxruntime"));
  const folders = [
    ...own.sort().map((name) => inRoot(join("opt", name, "lib"))),
    inRoot("usr/local/lib"),
    ...(triplet === undefined ? [] : [inRoot(join("usr/local/lib", triplet))]),
    ...(triplet === undefined ? [] : [inRoot(join("usr/lib", triplet))]),
    inRoot("usr/lib"),
  ];
  return unique([...librariesIn(folders), ...loaderCache(inRoot("etc/ld.so.cache"))]);
}

/**
 * What the dynamic loader would find under other configured paths. The cache keeps paths as
 * zero-terminated text, so it need not be understood; entries that are gone are dropped.
 */
function loaderCache(file: string): string[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "latin1");
  const found = text.match(/\/[^\0]*\/libonnxruntime\.so[.\d]*(?=\0)/g) ?? [];
  return found.filter((path) => existsSync(path)).map((path) => realpathSync(path));
}

/** The ONNX Runtime libraries of folders, links resolved: provider libraries lie beside the real file. */
export function librariesIn(folders: readonly string[]): string[] {
  const paths = folders.flatMap((folder) =>
    entries(folder)
      .filter((name) => libraryFileName.test(name))
      .map((name) => join(folder, name)),
  );
  const real = paths.filter((path) => existsSync(path)).map((path) => realpathSync(path));
  return unique(real).filter((path) => statSync(path).isFile());
}

/** The names in a folder; none where there is no such folder. */
export function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}
