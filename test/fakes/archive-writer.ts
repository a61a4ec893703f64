import { crc32, deflateRawSync, gzipSync } from "node:zlib";

/** One entry of a test archive; hostile ones too. */
export interface ArchiveEntry {
  readonly path: string;
  readonly content?: Uint8Array;
  /** tar: type flag, `0` file, `1` hard link, `2` symbolic link, `5` folder, `3` character device. */
  readonly type?: string;
  readonly linkTo?: string;
  /** zip: Unix mode, default a plain file. */
  readonly mode?: number;
  /** zip: the size its headers claim. */
  readonly claimedBytes?: number;
}

export const entriesOf = (contents: Readonly<Record<string, Uint8Array>>): ArchiveEntry[] =>
  Object.entries(contents).map(([path, content]) => ({ path, content }));

/** A ustar archive (POSIX.1-1988) in gzip. */
export function tarGz(entries: readonly ArchiveEntry[]): Buffer {
  return gzipSync(tarOf(entries));
}

export function tarOf(entries: readonly ArchiveEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, content = Buffer.alloc(0), type = "0", linkTo = "" }) => {
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write("0000644\0", 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${content.byteLength.toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write("        ", 148);
    header.write(type, 156);
    header.write(linkTo, 157, 100);
    header.write("ustar\0" + "00", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, Buffer.from(content), Buffer.alloc((512 - (content.byteLength % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** A zip archive (APPNOTE 6.3), deflated, without zip64. */
export function zipOf(entries: readonly ArchiveEntry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { path, content = Buffer.alloc(0), mode = 0o100644, claimedBytes } of entries) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.byteLength, 14);
    common.writeUInt32LE(claimedBytes ?? content.byteLength, 18);
    common.writeUInt16LE(name.byteLength, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, name, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    const maker = Buffer.from([20, 3]);
    centrals.push(Buffer.concat([Buffer.from("PK\x01\x02", "latin1"), maker, common, tail, name]));
    locals.push(local);
    offset += local.byteLength;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.byteLength, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
