export type FatbinEntry = readonly [kind: "real" | "ptx", arch: number, exact?: "a"];

function entryBytes([kind, arch, exact]: FatbinEntry): Buffer {
  const code = Buffer.alloc(24, 0xcc);
  const header = Buffer.alloc(64);
  header.writeUInt16LE(kind === "ptx" ? 1 : 2, 0);
  header.writeUInt16LE(0x101, 2);
  header.writeUInt32LE(header.length, 4);
  header.writeBigUInt64LE(BigInt(code.length), 8);
  header.writeUInt32LE(arch, 28);
  header.writeBigUInt64LE(exact === "a" ? 0x100011n : 0x11n, 40);
  return Buffer.concat([header, code]);
}

/** GPU code of these architectures, in the layout `library-gpu-code.ts` reads. */
export function fatbin(...entries: FatbinEntry[]): Buffer {
  const body = Buffer.concat(entries.map(entryBytes));
  const header = Buffer.alloc(16);
  header.writeUInt32LE(0xba55ed50, 0);
  header.writeUInt16LE(1, 4);
  header.writeUInt16LE(16, 6);
  header.writeBigUInt64LE(BigInt(body.length), 8);
  return Buffer.concat([header, body]);
}

/** An ELF file with the sections a linker would write around a `.nv_fatbin`. */
export function elf(section: Buffer, name = ".nv_fatbin"): Buffer {
  const names = Buffer.from(`\0.shstrtab\0${name}\0.nv_fatbinary\0`, "latin1");
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  header[4] = 2;
  header[5] = 1;
  header.writeBigUInt64LE(BigInt(64 + names.length + section.length), 0x28);
  header.writeUInt16LE(64, 0x3a);
  header.writeUInt16LE(3, 0x3c);
  header.writeUInt16LE(1, 0x3e);
  const sectionHeader = (nameAt: number, offset: number, size: number): Buffer => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(nameAt, 0);
    bytes.writeBigUInt64LE(BigInt(offset), 0x18);
    bytes.writeBigUInt64LE(BigInt(size), 0x20);
    return bytes;
  };
  const table = [
    Buffer.alloc(64),
    sectionHeader(1, 64, names.length),
    sectionHeader(11, 64 + names.length, section.length),
  ];
  return Buffer.concat([header, names, section, ...table]);
}
