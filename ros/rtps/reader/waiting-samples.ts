import type { ReaderLimits, ReceivedSample } from "../endpoint.ts";
import type { ReceiveBudget } from "./receive-budget.ts";

/** Stands for a sample that will never come. */
const irrelevant = Symbol("irrelevant");

/** Samples that arrived before an earlier one, by number; bounded in count and octets. */
export class WaitingSamples {
  readonly #byNumber = new Map<number, ReceivedSample | typeof irrelevant>();
  readonly #limits: ReaderLimits;
  readonly #budget: ReceiveBudget;
  #bytes = 0;

  constructor(limits: ReaderLimits, budget: ReceiveBudget) {
    this.#limits = limits;
    this.#budget = budget;
  }

  get size(): number {
    return this.#byNumber.size;
  }

  /** Smallest number held; Infinity while empty. */
  get lowest(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const number of this.#byNumber.keys()) lowest = Math.min(lowest, number);
    return lowest;
  }

  has(sequenceNumber: number): boolean {
    return this.#byNumber.has(sequenceNumber);
  }

  /** Does nothing when full: a reliable writer is asked again later. */
  add(sequenceNumber: number, sample: ReceivedSample): void {
    const bytes = sample.payload?.length ?? 0;
    if (this.#isFull(bytes) || this.#byNumber.has(sequenceNumber)) return;
    if (!this.#budget.take(bytes)) return;
    this.#bytes += bytes;
    this.#byNumber.set(sequenceNumber, sample);
  }

  addIrrelevant(sequenceNumber: number): void {
    if (!this.#isFull(0) && !this.has(sequenceNumber)) {
      this.#byNumber.set(sequenceNumber, irrelevant);
    }
  }

  #isFull(moreBytes: number): boolean {
    const { maxWaitingCount, maxWaitingBytes } = this.#limits;
    return this.#byNumber.size >= maxWaitingCount || this.#bytes + moreBytes > maxWaitingBytes;
  }

  /** Takes `sequenceNumber` out: a sample, null for one that will never come, undefined if not here. */
  take(sequenceNumber: number): ReceivedSample | null | undefined {
    const held = this.#byNumber.get(sequenceNumber);
    if (held === undefined) return undefined;
    this.#byNumber.delete(sequenceNumber);
    if (held === irrelevant) return null;
    this.#give(held.payload?.length ?? 0);
    return held;
  }

  /** The numbers below `end`, rising. */
  numbersBelow(end: number): number[] {
    return [...this.#byNumber.keys()].filter((number) => number < end).sort((a, b) => a - b);
  }

  clear(): void {
    this.#byNumber.clear();
    this.#give(this.#bytes);
  }

  #give(bytes: number): void {
    this.#bytes -= bytes;
    this.#budget.give(bytes);
  }
}
