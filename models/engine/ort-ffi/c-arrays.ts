import { addressOf, type Address } from "./native-library.ts";

/** An array of `char *` for a C call, with the memory it points to: keep it until C is done. */
export class TextArray {
  /** What is passed as `const char *const *`. */
  readonly pointers: BigUint64Array;
  readonly length: number;
  readonly #texts: readonly Uint8Array[];

  constructor(texts: readonly string[]) {
    // `Uint8Array.from`, not Buffer.from: Buffer's pool may be shared with what others write.
    this.#texts = texts.map((text) => Uint8Array.from(Buffer.from(`${text}\0`)));
    this.pointers = pointersTo(this.#texts);
    this.length = texts.length;
  }
}

const held = new Set<unknown>();

/**
 * Does `work` while `memory` stays alive: an address in a typed array is no reference, and a local
 * variable is none either after its last use.
 */
export function holding<T>(memory: unknown, work: () => T): T {
  held.add(memory);
  try {
    return work();
  } finally {
    held.delete(memory);
  }
}

/** Keys and values as the parallel arrays that ONNX Runtime's provider options want. */
export class OptionArrays {
  readonly keys: TextArray;
  readonly values: TextArray;

  constructor(options: Readonly<Record<string, string>>) {
    this.keys = new TextArray(Object.keys(options));
    this.values = new TextArray(Object.values(options));
  }
}

/** An array of addresses of the views' memory, which stays theirs. */
export function pointersTo(views: readonly ArrayBufferView[]): BigUint64Array {
  return pointerArray(views.map(addressOf));
}

/** Never empty: an empty array has no address, and some of the API refuses NULL. */
export function pointerArray(addresses: readonly Address[]): BigUint64Array {
  const pointers = new BigUint64Array(Math.max(1, addresses.length));
  pointers.set(addresses);
  return pointers;
}
