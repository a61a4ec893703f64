import type { FragmentSubmessage } from "../wire/message-parser.ts";
import type { SampleIdentity } from "../wire/sample-identity.ts";
import { maxSetBits, type NumberSet } from "../wire/number-set.ts";

/** 32 MiB in pieces of 512 octets; smaller ones serve only to make us count. */
const maxFragments = 65_536;

/** One sample being put together from DATA_FRAGs that may come twice, late or in any order. */
export class FragmentAssembly {
  readonly sampleBytes: number;
  /** As the first fragment that came has it: writers send it with each, or with all. */
  related: SampleIdentity | undefined;
  readonly #fragmentBytes: number;
  readonly #fragmentCount: number;
  readonly #bytes: Buffer;
  readonly #have: Uint8Array;
  #haveCount = 0;
  /** Scheduler ms of the last fragment that was new. */
  progressMs = 0;

  /** @param message one that `isSound`. */
  constructor(message: FragmentSubmessage) {
    this.sampleBytes = message.sampleBytes;
    this.related = message.related;
    this.#fragmentBytes = message.fragmentBytes;
    this.#fragmentCount = Math.ceil(message.sampleBytes / message.fragmentBytes);
    // A buffer of its own, never of the pool, so that it can be handed to another thread whole.
    this.#bytes = Buffer.from(new ArrayBuffer(message.sampleBytes));
    this.#have = new Uint8Array(this.#fragmentCount);
  }

  /** Whether its sizes can be, and are within the limits. */
  static isSound(message: FragmentSubmessage, maxSampleBytes: number): boolean {
    const { sampleBytes, fragmentBytes } = message;
    if (fragmentBytes < 1 || sampleBytes < 1 || sampleBytes > maxSampleBytes) return false;
    return sampleBytes / fragmentBytes <= maxFragments;
  }

  get isComplete(): boolean {
    return this.#haveCount === this.#fragmentCount;
  }

  /** The sample. All octets are meaningful once `isComplete`. */
  get payload(): Buffer {
    return this.#bytes;
  }

  /** Copies what `message` carries; one that disagrees with the sizes is ignored. // hot path */
  add(message: FragmentSubmessage, nowMs: number): void {
    if (
      message.sampleBytes !== this.sampleBytes ||
      message.fragmentBytes !== this.#fragmentBytes ||
      message.firstFragment + message.fragmentCount - 1 > this.#fragmentCount
    ) {
      return;
    }
    this.related ??= message.related;
    for (let index = 0; index < message.fragmentCount; index += 1) {
      const fragment = message.firstFragment - 1 + index;
      const start = fragment * this.#fragmentBytes;
      const length = Math.min(this.#fragmentBytes, this.sampleBytes - start);
      const from = index * this.#fragmentBytes;
      if (from + length > message.payload.length) return;
      if (this.#have[fragment] === 1) continue;
      message.payload.copy(this.#bytes, start, from, from + length);
      this.#have[fragment] = 1;
      this.#haveCount += 1;
      this.progressMs = nowMs;
    }
  }

  /** Fills `into` with the first missing fragments, 1-based, at most 256 from the first hole on. */
  missing(into: NumberSet): void {
    const first = this.#have.indexOf(0);
    into.clear(first + 1);
    const end = Math.min(first + maxSetBits, this.#fragmentCount);
    for (let fragment = first; fragment < end; fragment += 1) {
      if (this.#have[fragment] === 0) into.add(fragment + 1);
    }
  }
}
