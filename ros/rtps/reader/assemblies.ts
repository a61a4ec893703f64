import type { ReaderLimits } from "../endpoint.ts";
import type { FragmentSubmessage } from "../wire/message-parser.ts";
import { FragmentAssembly } from "./fragment-assembly.ts";
import type { ReceiveBudget } from "./receive-budget.ts";

export interface AssembliesOptions {
  readonly limits: ReaderLimits;
  readonly budget: ReceiveBudget;
  readonly reliable: boolean;
}

/** Samples of one writer that are being put together from fragments, by number; bounded in count and octets. */
export class Assemblies {
  readonly #options: AssembliesOptions;
  readonly #byNumber = new Map<number, FragmentAssembly>();
  #bytes = 0;

  constructor(options: AssembliesOptions) {
    this.#options = options;
  }

  has(sequenceNumber: number): boolean {
    return this.#byNumber.has(sequenceNumber);
  }

  get(sequenceNumber: number): FragmentAssembly | undefined {
    return this.#byNumber.get(sequenceNumber);
  }

  entries(): Iterable<[number, FragmentAssembly]> {
    return this.#byNumber.entries();
  }

  /** The assembly a fragment belongs to; undefined when there is no room or its sizes are not sound. // hot path */
  open(message: FragmentSubmessage): FragmentAssembly | undefined {
    const known = this.#byNumber.get(message.sequenceNumber);
    if (known !== undefined) return known;
    const { limits, budget } = this.#options;
    if (!FragmentAssembly.isSound(message, limits.maxSampleBytes)) return undefined;
    if (!this.#makeRoom(message) || !budget.take(message.sampleBytes)) return undefined;
    const assembly = new FragmentAssembly(message);
    this.#bytes += assembly.sampleBytes;
    this.#byNumber.set(message.sequenceNumber, assembly);
    return assembly;
  }

  delete(sequenceNumber: number): void {
    const assembly = this.#byNumber.get(sequenceNumber);
    if (assembly === undefined) return;
    this.#byNumber.delete(sequenceNumber);
    this.#bytes -= assembly.sampleBytes;
    this.#options.budget.give(assembly.sampleBytes);
  }

  deleteBelow(sequenceNumber: number): void {
    if (this.#byNumber.size === 0) return;
    for (const number of this.#byNumber.keys()) if (number < sequenceNumber) this.delete(number);
  }

  clear(): void {
    this.deleteBelow(Number.POSITIVE_INFINITY);
  }

  /** A full table gives up its oldest sample when best effort, and refuses the newest when reliable. */
  #makeRoom({ sequenceNumber, sampleBytes }: FragmentSubmessage): boolean {
    const { limits, reliable } = this.#options;
    while (
      this.#byNumber.size > 0 &&
      (this.#byNumber.size >= limits.maxAssemblies ||
        this.#bytes + sampleBytes > limits.maxWaitingBytes)
    ) {
      const numbers = [...this.#byNumber.keys()];
      const victim = reliable ? Math.max(...numbers) : Math.min(...numbers);
      if (reliable && victim < sequenceNumber) return false;
      this.delete(victim);
    }
    return true;
  }
}
