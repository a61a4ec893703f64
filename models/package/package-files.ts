import { lstat, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import { defaultArchiveLimits, type ArchiveLimits } from "./archive/entries.ts";
import { readTarGz } from "./archive/read-tar.ts";
import { readZip } from "./archive/read-zip.ts";

/** Where a package's files come from. Content is read once: what was hashed is what runs. */
export interface PackageFiles {
  /** Path of the folder or archive, for messages. */
  readonly source: string;
  /**
   * Size of a plain file, bytes.
   *
   * @throws BridgeError `model/missing`, or `model/hash` for a link and anything else that is no plain file.
   */
  byteLength(path: string): Promise<number>;
  /** The content, once its size was found right. Throws as `byteLength` does. */
  read(path: string): Promise<Uint8Array>;
}

/**
 * A folder, or an archive recognised by its first bytes: gzip (a .tar.gz) or zip.
 *
 * @throws BridgeError `model/missing` or `model/archive`.
 */
export async function openPackageFiles(
  source: string,
  limits: ArchiveLimits = defaultArchiveLimits,
): Promise<PackageFiles> {
  try {
    const entry = await stat(source);
    if (entry.isDirectory()) return new FolderFiles(source);
    if (entry.size > limits.maxTotalBytes) {
      const text = `${source} has ${entry.size} bytes, limit is ${limits.maxTotalBytes}`;
      throw new BridgeError(ErrorCode.ModelArchive, text);
    }
    return await openArchive(await readFile(source), source, limits);
  } catch (cause) {
    if (cause instanceof BridgeError) throw cause;
    const text = `${source} cannot be read: ${errorText(cause)}`;
    throw new BridgeError(ErrorCode.ModelMissing, text, { cause });
  }
}

/** An archive that is in memory already. */
export async function openArchive(
  packed: Uint8Array,
  source: string,
  limits: ArchiveLimits = defaultArchiveLimits,
): Promise<PackageFiles> {
  if (packed[0] === 0x1f && packed[1] === 0x8b) {
    return memoryFiles(source, await readTarGz(packed, limits));
  }
  if (packed[0] === 0x50 && packed[1] === 0x4b) {
    return memoryFiles(source, await readZip(packed, limits));
  }
  const text = `${source} is no folder, no .tar.gz and no .zip`;
  throw new BridgeError(ErrorCode.ModelArchive, text);
}

/** Files that are in memory already, by path. */
export function memoryFiles(source: string, files: ReadonlyMap<string, Uint8Array>): PackageFiles {
  const get = (path: string): Promise<Uint8Array> => {
    const content = files.get(path);
    const missing = new BridgeError(ErrorCode.ModelMissing, `${source} holds no ${path}`);
    return content === undefined ? Promise.reject(missing) : Promise.resolve(content);
  };
  return { source, byteLength: async (path) => (await get(path)).byteLength, read: get };
}

class FolderFiles implements PackageFiles {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  /** No step of the path may be a link: a package is the files it holds, nothing outside it. */
  async byteLength(path: string): Promise<number> {
    const parts = path.split("/");
    let byteLength = 0;
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const step = join(this.source, ...parts.slice(0, depth));
      const entry = await orMissing(step, lstat(step));
      const isExpected = depth === parts.length ? entry.isFile() : entry.isDirectory();
      if (!isExpected) {
        const kind = entry.isSymbolicLink() ? "a symbolic link" : "not a plain file or folder";
        throw new BridgeError(ErrorCode.ModelHash, `${step} is ${kind}, expected a plain file`);
      }
      byteLength = entry.size;
    }
    return byteLength;
  }

  async read(path: string): Promise<Uint8Array> {
    await this.byteLength(path);
    const file = join(this.source, path);
    return await orMissing(file, readFile(file));
  }
}

async function orMissing<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    const text = `${path} cannot be read: ${errorText(cause)}`;
    throw new BridgeError(ErrorCode.ModelMissing, text, { cause });
  }
}
