import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { errorText } from "../../../bridge/contract/errors.ts";
import { allowedBytes, ArchiveEntries, refuseArchive, type ArchiveLimits } from "./entries.ts";

const unpack = promisify(gunzip);

/**
 * Reads a .tar.gz into memory.
 *
 * @throws BridgeError `model/archive`.
 */
export async function readTarGz(
  packed: Uint8Array,
  limits: ArchiveLimits,
): Promise<ReadonlyMap<string, Uint8Array>> {
  let tar: Uint8Array;
  try {
    // One byte beyond what is allowed stops it: the content is never held first and judged later.
    tar = await unpack(packed, { maxOutputLength: allowedBytes(limits, packed.byteLength) });
  } catch (cause) {
    return refuseArchive(`the archive cannot be unpacked: ${errorText(cause)}`, cause);
  }
  const entries = new ArchiveEntries(limits, packed.byteLength);
  await parseTar(tar, entries);
  return entries.files();
}

async function parseTar(tar: Uint8Array, entries: ArchiveEntries): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: unknown): void => {
      parser.abort(error instanceof Error ? error : new Error(String(error)));
    };
    const parser: Parser = new Parser({
      // Warnings of a lenient reader (a checksum, a cut end) are errors here.
      strict: true,
      onReadEntry: (entry) => {
        try {
          takeEntry(entry, entries);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          entry.resume();
          fail(error);
        }
      },
    });
    parser.on("error", reject);
    parser.on("end", () => {
      resolve();
    });
    parser.end(Buffer.from(tar.buffer, tar.byteOffset, tar.byteLength));
  }).catch((error: unknown) => {
    if (error instanceof Error && error.name === "BridgeError") throw error;
    refuseArchive(`the archive is no whole tar file: ${errorText(error)}`, error);
  });
}

function takeEntry(entry: ReadEntry, entries: ArchiveEntries): void {
  const kind = kindOf(entry);
  const path = entries.announce(entry.path, kind, entry.size);
  if (path === undefined) {
    entry.resume();
    return;
  }
  const parts: Uint8Array[] = [];
  entry.on("data", (part) => parts.push(Uint8Array.from(part)));
  entry.on("end", () => {
    entries.add(path, new Uint8Array(Buffer.concat(parts)));
  });
}

function kindOf({ type, path }: ReadEntry): "file" | "folder" {
  if (type === "File" || type === "OldFile") return "file";
  if (type === "Directory") return "folder";
  return refuseArchive(`the archive holds ${path} as ${type}, expected plain files`);
}
