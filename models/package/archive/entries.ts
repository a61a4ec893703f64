import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { path as relativePath } from "../manifest-parts.ts";

/** What one archive may cost before it is given up. */
export interface ArchiveLimits {
  readonly maxTotalBytes: number;
  readonly maxEntryCount: number;
  /** Unpacked bytes per packed byte. Graphs and weights hardly shrink; a bomb shrinks a thousandfold. */
  readonly maxRatio: number;
}
export const defaultArchiveLimits: ArchiveLimits = {
  maxTotalBytes: 4 * 1024 ** 3,
  maxEntryCount: 2000,
  maxRatio: 200,
};
/** Small archives may shrink more: a manifest of spaces is no bomb. */
const freeBytes = 1024 ** 2;

/** Most bytes that `packedBytes` may become. */
export const allowedBytes = (limits: ArchiveLimits, packedBytes: number): number =>
  Math.min(limits.maxTotalBytes, limits.maxRatio * packedBytes + freeBytes);

export function refuseArchive(text: string, cause?: unknown): never {
  throw new BridgeError(ErrorCode.ModelArchive, text, cause === undefined ? {} : { cause });
}

/** Collects an archive's plain files by path, in memory only, and refuses what no package holds. */
export class ArchiveEntries {
  readonly #files = new Map<string, Uint8Array>();
  readonly #seen = new Set<string>();
  readonly #limits: ArchiveLimits;
  readonly #allowedBytes: number;
  #totalBytes = 0;

  constructor(limits: ArchiveLimits, packedBytes: number) {
    this.#limits = limits;
    this.#allowedBytes = allowedBytes(limits, packedBytes);
  }

  /**
   * Announces an entry before its content is unpacked; returns its path, undefined for a folder.
   *
   * @throws BridgeError `model/archive` for a path that leaves the package, a second entry of one
   * path, or too much of anything.
   */
  announce(rawPath: string, kind: "file" | "folder", byteLength: number): string | undefined {
    const path = rawPath.replace(/^(\.\/)+/, "").replace(/\/$/, "");
    if (kind === "folder" && (path === "" || path === ".")) return undefined;
    if (!relativePath.safeParse(path).success) {
      refuseArchive(`the archive holds ${JSON.stringify(rawPath)}, which is no path of a package`);
    }
    if (this.#seen.has(path)) refuseArchive(`the archive holds ${path} twice`);
    this.#seen.add(path);
    if (this.#seen.size > this.#limits.maxEntryCount) {
      refuseArchive(`the archive has more than ${this.#limits.maxEntryCount} entries`);
    }
    this.#totalBytes += byteLength;
    if (this.#totalBytes > this.#allowedBytes) {
      refuseArchive(`the archive unpacks to more than ${this.#allowedBytes} bytes`);
    }
    return kind === "folder" ? undefined : path;
  }

  add(path: string, content: Uint8Array): void {
    this.#files.set(path, content);
  }

  /** The files, relative to the folder that holds the manifest: the root, or the only one beside it. */
  files(): ReadonlyMap<string, Uint8Array> {
    if (this.#files.has("manifest.json")) return this.#files;
    const roots = new Set(Array.from(this.#files.keys(), (path) => path.split("/")[0] ?? ""));
    const [root] = roots;
    if (root === undefined || roots.size !== 1) return this.#files;
    const inner = Array.from(this.#files, ([path, content]) => {
      return [path.slice(root.length + 1), content] as const;
    });
    return new Map(inner);
  }
}
