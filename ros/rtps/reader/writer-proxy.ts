import type {
  EndpointContext,
  MatchedEndpoint,
  ReaderLimits,
  ReceivedSample,
} from "../endpoint.ts";
import { Durability, type EndpointQos } from "../params/qos.ts";
import type { Cancel } from "../transport/scheduler.ts";
import type { Guid } from "../wire/guid.ts";
import type {
  DataSubmessage,
  FragmentSubmessage,
  GapSubmessage,
  HeartbeatSubmessage,
} from "../wire/message-parser.ts";
import { isNewerCount } from "../wire/sequence-number.ts";
import { AckSender, type Reception } from "./ack-sender.ts";
import { Assemblies } from "./assemblies.ts";
import { WaitingSamples } from "./waiting-samples.ts";

/** Without any heartbeat, a volatile reader begins with the first sample that came this long ago. */
const startWithoutHeartbeatMs = 20;

/** A heartbeat that came before the match was known. */
export type EarlyHeartbeat = Pick<
  HeartbeatSubmessage,
  "first" | "last" | "count" | "final" | "liveliness"
>;

/** What a proxy needs of its reader. */
export interface SampleSink {
  readonly options: { readonly entityId: number; readonly qos: EndpointQos };
  readonly context: EndpointContext;
  readonly limits: ReaderLimits;
  /** Nothing is delivered, nor acknowledged, while this holds. */
  readonly isPaused: boolean;
  duplicateCount: number;
  /** That many samples will never come. */
  lose(count: number): void;
  deliver(sample: ReceivedSample, from: Guid): void;
}

/** A reader's view of one matched writer: puts samples in order and has holes asked for (8.4.12). */
export class WriterProxy implements Reception {
  readonly reader: SampleSink;
  readonly writer: MatchedEndpoint;
  /** Called for every sign of life of the writer, where one is waited for. */
  onSign: (() => void) | undefined;
  readonly waiting: WaitingSamples;
  readonly assemblies: Assemblies;
  readonly #reliable: boolean;
  readonly #acks: AckSender;
  /** Number to deliver next; 0 = a volatile reader that does not know where to begin. */
  #next: number;
  /** Highest number known to exist. */
  #last = 0;
  #lastHeartbeatCount = Number.NaN;
  #cancelStart: Cancel | undefined;
  #closed = false;

  constructor(reader: SampleSink, writer: MatchedEndpoint) {
    const { limits, context, options } = reader;
    const budget = context.receiveBudget;
    this.reader = reader;
    this.writer = writer;
    this.#reliable = options.qos.reliable && writer.qos.reliable;
    const wantsHistory = options.qos.durability >= Durability.TransientLocal;
    this.#next = this.#reliable && wantsHistory ? 1 : 0;
    this.waiting = new WaitingSamples(limits, budget);
    this.assemblies = new Assemblies({ limits, budget, reliable: this.#reliable });
    this.#acks = new AckSender(context, writer, { readerId: options.entityId, reception: this });
  }

  get next(): number {
    return this.#next;
  }

  get last(): number {
    return this.#last;
  }

  /** Greets the writer. `early` is its heartbeat that overtook the news of its existence, if one did. */
  start(early?: EarlyHeartbeat): void {
    if (!this.#reliable) return;
    if (early !== undefined) this.onHeartbeat(early);
    else this.#acks.greet();
  }

  close(): void {
    this.#closed = true;
    this.#acks.close();
    this.#cancelStart?.();
    this.waiting.clear();
    this.assemblies.clear();
  }

  /** // hot path */
  onData(message: DataSubmessage): void {
    this.onSign?.();
    const { sequenceNumber, payload, status, keyHash, related } = message;
    this.#accept({ sequenceNumber, payload, status, keyHash, related });
  }

  /** // hot path */
  onFragment(message: FragmentSubmessage): void {
    this.onSign?.();
    const { sequenceNumber } = message;
    if (sequenceNumber < this.#next || this.waiting.has(sequenceNumber)) {
      this.reader.duplicateCount += 1;
      return;
    }
    const assembly = this.assemblies.open(message);
    if (assembly === undefined) return;
    assembly.add(message, this.reader.context.scheduler.nowMs());
    if (assembly.isComplete) {
      this.assemblies.delete(sequenceNumber);
      const { payload, related } = assembly;
      this.#accept({ sequenceNumber, payload, status: 0, keyHash: undefined, related });
    } else if (this.#reliable) {
      this.#last = Math.max(this.#last, sequenceNumber);
      if (this.#next !== 0) this.#acks.arm();
    }
  }

  #accept(sample: ReceivedSample): void {
    const { sequenceNumber } = sample;
    if (!this.#reliable) this.#acceptBestEffort(sequenceNumber, sample);
    else if (this.#next === 0) this.#holdUntilStart(sequenceNumber, sample);
    else if (sequenceNumber < this.#next) this.reader.duplicateCount += 1;
    else if (sequenceNumber === this.#next && !this.reader.isPaused) {
      this.#last = Math.max(this.#last, sequenceNumber);
      this.#next += 1;
      this.reader.deliver(sample, this.writer.guid);
      this.#drain();
    } else {
      if (this.waiting.has(sequenceNumber)) this.reader.duplicateCount += 1;
      this.#last = Math.max(this.#last, sequenceNumber);
      this.waiting.add(sequenceNumber, sample);
      this.#acks.arm();
    }
  }

  #acceptBestEffort(sequenceNumber: number, sample: ReceivedSample): void {
    if (sequenceNumber < this.#next) {
      this.reader.duplicateCount += 1;
      return;
    }
    if (this.#next !== 0) this.reader.lose(sequenceNumber - this.#next);
    this.#next = sequenceNumber + 1;
    this.assemblies.deleteBelow(this.#next);
    this.reader.deliver(sample, this.writer.guid);
  }

  #holdUntilStart(sequenceNumber: number, sample: ReceivedSample): void {
    this.waiting.add(sequenceNumber, sample);
    this.#cancelStart ??= this.reader.context.scheduler.after(startWithoutHeartbeatMs, () => {
      if (this.#next === 0) this.#begin(this.waiting.lowest);
    });
  }

  /** A volatile reader's first number is known. */
  #begin(sequenceNumber: number): void {
    this.#cancelStart?.();
    this.#next = sequenceNumber;
    this.#drain();
    if (this.#acks.isMissing) this.#acks.arm();
  }

  /** The reader takes samples again. */
  resume(): void {
    if (!this.#reliable || this.#next === 0) return;
    this.#drain();
    this.#acks.send();
    if (this.#acks.isMissing) this.#acks.arm();
  }

  onHeartbeat(message: EarlyHeartbeat): void {
    if (message.liveliness) this.onSign?.();
    if (!this.#reliable || !isNewerCount(message.count, this.#lastHeartbeatCount)) return;
    const isFirst = Number.isNaN(this.#lastHeartbeatCount);
    this.#lastHeartbeatCount = message.count;
    this.#acks.stopGreeting();
    this.#last = Math.max(this.#last, message.last);
    if (this.#next === 0) this.#begin(this.#startNumber(message));
    else this.#skipTo(message.first, { countLost: !isFirst });
    if (this.#acks.isMissing) this.#acks.arm();
    else if (!message.final) this.#acks.send();
  }

  /**
   * Where a volatile reader begins: behind what a transient-local writer already had (Cyclone DDS 0.10
   * resends old samples to whoever asks), else with the first sample the writer still holds for us.
   */
  #startNumber(message: EarlyHeartbeat): number {
    const isTransient = this.writer.qos.durability >= Durability.TransientLocal;
    return Math.min(isTransient ? message.last + 1 : message.first, this.waiting.lowest);
  }

  /** Samples before `sequenceNumber` that are not here will not come. */
  #skipTo(sequenceNumber: number, options: { readonly countLost: boolean }): void {
    if (sequenceNumber <= this.#next) return;
    let lost = sequenceNumber - this.#next;
    for (const number of this.waiting.numbersBelow(sequenceNumber)) {
      const sample = this.waiting.take(number);
      lost -= 1;
      if (sample) this.reader.deliver(sample, this.writer.guid);
    }
    if (options.countLost) this.reader.lose(lost);
    this.#next = sequenceNumber;
    this.#drain();
  }

  onGap(message: GapSubmessage): void {
    if (!this.#reliable || this.#next === 0) return;
    const { start, list } = message;
    if (start <= this.#next) this.#skipTo(list.base, { countLost: false });
    else {
      const end = Math.min(list.base, start + this.reader.limits.maxWaitingCount);
      for (let number = start; number < end; number += 1) this.waiting.addIrrelevant(number);
    }
    for (let number = list.base; number < list.base + list.bitCount; number += 1) {
      if (list.has(number) && number >= this.#next) this.waiting.addIrrelevant(number);
    }
    this.#drain();
  }

  /** Delivers what was waiting for the sample that just came. */
  #drain(): void {
    const before = this.#next;
    while (!this.#closed && !this.reader.isPaused && this.waiting.size > 0) {
      const sample = this.waiting.take(this.#next);
      if (sample === undefined) break;
      this.#next += 1;
      if (sample !== null) this.reader.deliver(sample, this.writer.guid);
    }
    this.assemblies.deleteBelow(this.#next);
    if (this.#next > before) this.#acks.onProgress();
  }
}
