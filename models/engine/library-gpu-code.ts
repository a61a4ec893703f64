import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";

/** The GPU code in a CUDA library, by compute capability, e.g. `87` (Orin), `110` (Thor), `90a`. */
export interface GpuCode {
  /** Machine code. */
  readonly real: readonly string[];
  /** PTX, which the driver translates for any GPU at least as new; `a` variants for that one only. */
  readonly ptx: readonly string[];
}

/** Whether code runs on a GPU: `translated` is slow at the first start, `unsure` only between desktop GPUs. */
export type GpuFit = "real" | "translated" | "unsure" | "none";

/**
 * What GPUs a library was compiled for, read from its ELF section `.nv_fatbin` without CUDA: as
 * `cuobjdump --list-elf --list-ptx` does. Reads only headers, so a library of a gigabyte takes milliseconds.
 *
 * @throws BridgeError `engine/library` when the file is no 64-bit ELF or its GPU code is in a form not known.
 */
export function readGpuCode(file: string): GpuCode {
  const real = new Set<string>();
  const ptx = new Set<string>();
  const handle = openSync(file, "r");
  try {
    const section = findSection(handle, file, ".nv_fatbin");
    if (section !== undefined) {
      for (const { kind, arch } of walkFatbins(handle, file, section)) {
        if (kind === ptxKind) ptx.add(arch);
        if (kind === elfKind) real.add(arch);
      }
    }
  } catch (error) {
    // A damaged index into what was read.
    throw error instanceof RangeError ? unreadable(file, error.message) : error;
  } finally {
    closeSync(handle);
  }
  return { real: sorted(real), ptx: sorted(ptx) };
}

/**
 * How code fits a GPU of a compute capability, e.g. `110`. Machine code of a lower minor number runs on
 * desktop GPUs of the same major one; NVIDIA does not promise that for Jetson.
 */
export function gpuFit(code: GpuCode, capability: string): GpuFit {
  const wanted = Number(capability);
  const isPlain = (arch: string): boolean => /^\d+$/.test(arch);
  if (code.real.some((arch) => arch === capability || arch === `${capability}a`)) return "real";
  if (code.ptx.some((arch) => isPlain(arch) && Number(arch) <= wanted)) return "translated";
  if (code.ptx.includes(`${capability}a`)) return "translated";
  const major = Math.floor(wanted / 10);
  const isOlderMinor = (arch: string): boolean =>
    isPlain(arch) && Math.floor(Number(arch) / 10) === major && Number(arch) < wanted;
  return code.real.some(isOlderMinor) ? "unsure" : "none";
}

interface Section {
  readonly offset: number;
  readonly size: number;
}

/** ELF64 little endian (System V ABI): header of 64 bytes, section headers of 64 bytes. */
function findSection(handle: number, file: string, wanted: string): Section | undefined {
  const header = read(handle, file, 0, 64);
  if (header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1) {
    throw unreadable(file, "it is no 64-bit little-endian ELF file");
  }
  const tableAt = Number(header.readBigUInt64LE(0x28));
  const entrySize = header.readUInt16LE(0x3a);
  const count = header.readUInt16LE(0x3c);
  const table = read(handle, file, tableAt, entrySize * count);
  const sectionAt = (index: number): Section & { readonly name: number } => ({
    name: table.readUInt32LE(index * entrySize),
    offset: Number(table.readBigUInt64LE(index * entrySize + 0x18)),
    size: Number(table.readBigUInt64LE(index * entrySize + 0x20)),
  });
  const namesAt = sectionAt(header.readUInt16LE(0x3e));
  const names = read(handle, file, namesAt.offset, namesAt.size).toString("latin1");
  for (let index = 0; index < count; index++) {
    const section = sectionAt(index);
    if (names.startsWith(`${wanted}\0`, section.name)) return section;
  }
  return undefined;
}

const fatbinMagic = 0xba55ed50;
const ptxKind = 1;
const elfKind = 2;
/** Flag of code for exactly one architecture, `sm_90a`. */
const exactlyThis = 0x100000n;

/**
 * The pieces of code in a section. A fatbin is a header (magic, u16 version, u16 its size, u64 the size
 * of what follows) and entries (u16 kind, u32 header size at 4, u64 code size at 8, u32 capability at
 * 28, u64 flags at 40). The layout is NVIDIA's own and not published; it was held against cuobjdump 12.4
 * on libnvjpeg, libnpps and libnppicc 12.4, and on sm_87 and sm_90a code made by fatbinary.
 */
function* walkFatbins(
  handle: number,
  file: string,
  section: Section,
): Generator<{ readonly kind: number; readonly arch: string }> {
  const end = section.offset + section.size;
  for (let at = section.offset; at + 16 <= end;) {
    const header = read(handle, file, at, 16);
    if (header.readUInt32LE(0) !== fatbinMagic) {
      // Between fatbins lies padding to 8 bytes, and nothing else.
      if (header.readBigUInt64LE(0) !== 0n)
        throw unreadable(file, "its GPU code begins unlike any known");
      at += 8;
      continue;
    }
    const headerSize = header.readUInt16LE(6);
    const next = at + headerSize + Number(header.readBigUInt64LE(8));
    if (headerSize < 16 || next > end)
      throw unreadable(file, "a piece of GPU code ends past its section");
    yield* walkEntries(handle, file, at + headerSize, next);
    at = next;
  }
}

function* walkEntries(
  handle: number,
  file: string,
  from: number,
  end: number,
): Generator<{ readonly kind: number; readonly arch: string }> {
  for (let at = from; at < end;) {
    const entry = read(handle, file, at, 48);
    const headerSize = entry.readUInt32LE(4);
    if (headerSize < 48) throw unreadable(file, "an entry of its GPU code has an unknown header");
    const suffix = (entry.readBigUInt64LE(40) & exactlyThis) === 0n ? "" : "a";
    yield { kind: entry.readUInt16LE(0), arch: `${entry.readUInt32LE(28)}${suffix}` };
    at += headerSize + Number(entry.readBigUInt64LE(8));
  }
}

function read(handle: number, file: string, offset: number, size: number): Buffer {
  // Asked first: a damaged size must not become an allocation.
  if (offset + size > fstatSync(handle).size) throw unreadable(file, "it ends too early");
  const buffer = Buffer.alloc(size);
  readSync(handle, buffer, 0, size, offset);
  return buffer;
}

function unreadable(file: string, reason: string): BridgeError {
  return new BridgeError(
    ErrorCode.EngineLibrary,
    `${file}: its GPU code cannot be listed: ${reason}`,
  );
}

const sorted = (archs: ReadonlySet<string>): string[] =>
  [...archs].sort((a, b) => Number.parseInt(a) - Number.parseInt(b) || a.localeCompare(b));
