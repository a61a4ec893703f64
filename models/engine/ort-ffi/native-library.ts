import process from "node:process";
import koffi from "koffi";

/** A C address. Zero never comes back: koffi gives null for it. */
export type Address = bigint;

/** How one argument crosses into C. `memory`: what C reads or writes there; null is NULL. */
export interface ArgumentTypes {
  readonly address: Address | null;
  readonly memory: ArrayBufferView | Address | null;
  readonly int: number;
  readonly size: number;
  readonly text: string;
}
export type ArgumentTag = keyof ArgumentTypes;

/** What comes back. `status`: null is success. */
export interface ResultTypes {
  readonly status: Address | null;
  readonly address: Address | null;
  readonly nothing: undefined;
  readonly text: string | null;
  readonly int: number;
}
export type ResultTag = keyof ResultTypes;

const argumentSpelling: Record<ArgumentTag, string> = {
  address: "void *",
  memory: "void *",
  int: "int",
  size: "size_t",
  text: "str",
};
const resultSpelling: Record<ResultTag, string> = {
  status: "void *",
  address: "void *",
  nothing: "void",
  text: "str",
  int: "int",
};

// koffi runs C on a stack of its own. Its default is enough for the CPU provider; builders of other
// providers recurse deeply, and an overrun is a crash, not an error. 16 MiB is koffi's maximum.
const stackBytes = 16 * 1024 * 1024;
// koffi refuses to be configured after its first attempt to load anything, successful or not.
let isConfigured = false;

/**
 * Every library opened in this thread, for good: koffi unloads a library when its handle is garbage
 * collected, and functions taken from a table do not hold the handle. The next call would crash.
 */
const openLibraries = new Map<string, ReturnType<typeof koffi.load>>();

type NativeFunction = (...args: unknown[]) => unknown;

/** Opens a shared library. @throws Error with the loader's text. */
export function openLibrary(path: string): (symbol: string) => () => Address | null {
  if (!isConfigured) {
    koffi.config({ sync_stack_size: stackBytes, async_stack_size: stackBytes });
    isConfigured = true;
  }
  const library = openLibraries.get(path) ?? koffi.load(path);
  openLibraries.set(path, library);
  return (symbol) => library.func(symbol, "void *", []) as () => Address | null;
}

/**
 * Unloads a library nothing was made of. One that stays would be taken for any other of the same
 * SONAME: the fallback's add-on would be linked to a library that was just refused.
 */
export function closeLibrary(path: string): void {
  openLibraries.get(path)?.unload();
  openLibraries.delete(path);
}

// dlfcn.h of Linux.
const resolveNow = 0x2;
const onlyIfLoaded = 0x4;
const neverUnload = 0x1000;

/**
 * Keeps a loaded library in the process for good. koffi unloads what a thread opened when the thread
 * ends, and Debian's ONNX Runtime does not survive that: its operator schemas stay behind in libonnx,
 * with functions that are gone, and the process crashes when it exits. Nothing to do but on Linux.
 */
export function keepLibrary(path: string): void {
  if (process.platform !== "linux") return;
  const dlopen = koffi.load(null).func("dlopen", "void *", ["str", "int"]) as NativeFunction;
  dlopen(path, resolveNow | onlyIfLoaded | neverUnload);
}

/** The function whose address stands at `table[slot]`. Nothing checks that such a slot exists. */
export function functionAt(
  table: Address,
  slot: number,
  result: ResultTag,
  args: readonly ArgumentTag[],
): NativeFunction {
  const prototype = koffi.proto(
    resultSpelling[result],
    args.map((tag) => argumentSpelling[tag]),
  );
  return koffi.decode(
    koffi.decode(table, slot * 8, "uint64_t") as Address,
    prototype,
  ) as NativeFunction;
}

/** The zero-terminated text at an address. */
export function textAt(address: Address): string {
  return koffi.decode.string(address);
}

/** `count` addresses that stand one after another in C's memory. */
export function addressesAt(address: Address, count: number): Address[] {
  return Array.from(
    { length: count },
    (_, index) => koffi.decode(address, index * 8, "uint64_t") as Address,
  ).map(BigInt);
}

/** Where a view's first byte lies. The memory is the view's: keep it while C uses the address. */
export function addressOf(view: ArrayBufferView): Address {
  // Touching `buffer` moves a small typed array off V8's heap, where the collector would move it.
  return view.buffer.byteLength === 0 ? 0n : koffi.address(view);
}
