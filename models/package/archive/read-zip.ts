import { buffer } from "node:stream/consumers";
import { crc32 } from "node:zlib";
import { fromBuffer, type Entry, type ZipFile } from "yauzl";
import { BridgeError, errorText } from "../../../bridge/contract/errors.ts";
import { ArchiveEntries, refuseArchive, type ArchiveLimits } from "./entries.ts";

/** File type bits of a Unix mode (stat.h), which zip keeps in the upper half of the attributes. */
const typeMask = 0o170000;
const plainFile = 0o100000;
const folder = 0o040000;

/**
 * Reads a .zip into memory.
 *
 * @throws BridgeError `model/archive`.
 */
export async function readZip(
  packed: Uint8Array,
  limits: ArchiveLimits,
): Promise<ReadonlyMap<string, Uint8Array>> {
  try {
    const zip = await open(packed);
    const entries = new ArchiveEntries(limits, packed.byteLength);
    for await (const entry of walk(zip)) await takeEntry(zip, entry, entries);
    return entries.files();
  } catch (cause) {
    if (cause instanceof BridgeError) throw cause;
    return refuseArchive(`the archive is no whole zip file: ${errorText(cause)}`, cause);
  }
}

async function takeEntry(zip: ZipFile, entry: Entry, entries: ArchiveEntries): Promise<void> {
  const name = entry.fileName;
  const type = (entry.externalFileAttributes >>> 16) & typeMask;
  if (type !== 0 && type !== plainFile && type !== folder) {
    refuseArchive(`the archive holds ${name} as a link or device, expected plain files`);
  }
  if (entry.isEncrypted()) refuseArchive(`the archive holds ${name} encrypted`);
  const kind = name.endsWith("/") ? "folder" : "file";
  const path = entries.announce(name, kind, entry.uncompressedSize);
  if (path === undefined) return;
  const content = await readEntry(zip, entry);
  if (crc32(content) !== entry.crc32) {
    refuseArchive(`the archive holds ${name} damaged: its checksum differs`);
  }
  entries.add(path, content);
}

function open(packed: Uint8Array): Promise<ZipFile> {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true, strictFileNames: true }, (error, zip) => {
      if (error === null) resolve(zip);
      else reject(error);
    });
  });
}

async function* walk(zip: ZipFile): AsyncGenerator<Entry> {
  for (;;) {
    const entry = await new Promise<Entry | undefined>((resolve, reject) => {
      const listeners = {
        entry: (found: Entry) => {
          settle();
          resolve(found);
        },
        end: () => {
          settle();
          resolve(undefined);
        },
        error: (error: Error) => {
          settle();
          reject(error);
        },
      };
      const settle = (): void => {
        for (const [event, listener] of Object.entries(listeners)) zip.off(event, listener);
      };
      for (const [event, listener] of Object.entries(listeners)) zip.on(event, listener);
      zip.readEntry();
    });
    if (entry === undefined) return;
    yield entry;
  }
}

async function readEntry(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => {
      if (error === null) resolve(opened);
      else reject(error);
    });
  });
  return new Uint8Array(await buffer(stream));
}
