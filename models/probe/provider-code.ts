import type { HostFiles } from "./host-files.ts";

/** For which GPUs a CUDA library was compiled. */
export interface CompiledCode {
  /** Machine code, by compute capability without the point, e.g. `87`, `90a`. */
  readonly real: readonly string[];
  /** PTX, which newer GPUs' drivers compile when it is loaded. */
  readonly virtual: readonly string[];
  runsOn(architecture: string): boolean;
}

const places = ["cuobjdump", "/usr/local/cuda/bin/cuobjdump"];

/** Lists a library's GPU code with NVIDIA's cuobjdump; undefined when that is not installed. */
export async function compiledFor(
  files: HostFiles,
  library: string,
): Promise<CompiledCode | undefined> {
  for (const program of places) {
    const elf = await files.run(program, ["--list-elf", library]);
    if (elf === undefined) continue;
    const ptx = (await files.run(program, ["--list-ptx", library])) ?? "";
    return compiledCode(capabilities(elf), capabilities(ptx));
  }
  return undefined;
}

function compiledCode(real: readonly string[], virtual: readonly string[]): CompiledCode {
  return { real, virtual, runsOn: (architecture) => canRun(architecture, { real, virtual }) };
}

/**
 * Machine code runs within its major version from its own minor on; code with a letter only on that
 * very GPU; PTX on anything as new or newer (CUDA C++ Programming Guide, "Binary Compatibility").
 */
function canRun(
  architecture: string,
  { real, virtual }: { readonly real: readonly string[]; readonly virtual: readonly string[] },
): boolean {
  const own = Number(architecture);
  const major = (value: number): number => Math.floor(value / 10);
  const plain = (list: readonly string[]): number[] =>
    list.filter((sm) => /^\d+$/.test(sm)).map(Number);
  return (
    real.includes(`${architecture}a`) ||
    plain(real).some((sm) => major(sm) === major(own) && sm <= own) ||
    plain(virtual).some((sm) => sm <= own)
  );
}

function capabilities(listing: string): string[] {
  const found = [...listing.matchAll(/sm_(\d+[a-z]?)/g)].map((match) => match[1] ?? "");
  return [...new Set(found)].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}
