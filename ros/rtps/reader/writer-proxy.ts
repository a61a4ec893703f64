import type {
  EndpointContext,
  MatchedEndpoint,
  ReaderLimits,
  ReceivedSample,
  Route,
} from "../endpoint.ts";
import { FragmentAssembly } from "./fragment-assembly.ts";
import { MessageBuilder } from "../wire/message-builder.ts";
import type {
  DataSubmessage,
  FragmentSubmessage,
  GapSubmessage,
  HeartbeatSubmessage,
} from "../wire/message-parser.ts";
import { maxSetBits, NumberSet } from "../wire/number-set.ts";
import type { Guid } from "../wire/guid.ts";
import { isNewerCount } from "../wire/sequence-number.ts";
import { Durability, type EndpointQos } from "../params/qos.ts";
import type { Cancel } from "../transport/scheduler.ts";
import { WaitingSamples } from "./waiting-samples.ts";

// Holes are asked for at once instead of at the next heartbeat, which for Fast DDS may be 3 s away:
// 5 % loss then costs 0.3 ms at p50 instead of 444 ms. The delay lets reordered datagrams arrive.
const firstNackMs = 2;
const maxNackMs = 200;
/** The empty ACKNACK that asks a new writer for a heartbeat, repeated with back-off. */
const firstGreetingMs = 10;
const maxGreetings = 9;
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

/** A reader's view of one matched writer: puts samples in order and asks for holes (8.4.12). */
export class WriterProxy {
  readonly reader: SampleSink;
  readonly writer: MatchedEndpoint;
  /** Called for every sign of life of the writer, where one is waited for. */
  onSign: (() => void) | undefined;
  readonly #reliable: boolean;
  readonly #waiting: WaitingSamples;
  readonly #assemblies = new Map<number, FragmentAssembly>();
  readonly #missing = new NumberSet();
  readonly #route: Route;
  /** Number to deliver next; 0 = a volatile reader that does not know where to begin. */
  #next: number;
  /** Highest number known to exist. */
  #last = 0;
  #lastHeartbeatCount = Number.NaN;
  #ackCount = 0;
  #nackFragmentCount = 0;
  #nackDelayMs = firstNackMs;
  #lastAskMs = 0;
  #greetingCount = 0;
  #cancelNack: Cancel | undefined;
  #cancelGreeting: Cancel | undefined;
  #cancelStart: Cancel | undefined;
  #closed = false;

  constructor(reader: SampleSink, writer: MatchedEndpoint) {
    this.reader = reader;
    this.writer = writer;
    this.#reliable = reader.options.qos.reliable && writer.qos.reliable;
    const wantsHistory = reader.options.qos.durability >= Durability.TransientLocal;
    this.#next = this.#reliable && wantsHistory ? 1 : 0;
    this.#waiting = new WaitingSamples(reader.limits);
    this.#route = { readerId: reader.options.entityId, writerId: writer.guid.entityId };
  }

  /** Greets the writer. `early` is its heartbeat that overtook the news of its existence, if one did. */
  start(early?: EarlyHeartbeat): void {
    if (!this.#reliable) return;
    if (early !== undefined) this.onHeartbeat(early);
    else this.#greet();
  }

  close(): void {
    this.#closed = true;
    this.#cancelNack?.();
    this.#cancelGreeting?.();
    this.#cancelStart?.();
    this.#waiting.clear();
    this.#assemblies.clear();
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
    if (sequenceNumber < this.#next || this.#waiting.has(sequenceNumber)) {
      this.reader.duplicateCount += 1;
      return;
    }
    const assembly = this.#assemblies.get(sequenceNumber) ?? this.#beginAssembly(message);
    if (assembly === undefined) return;
    assembly.add(message, this.#nowMs());
    if (assembly.isComplete) {
      this.#assemblies.delete(sequenceNumber);
      const { payload, related } = assembly;
      this.#accept({ sequenceNumber, payload, status: 0, keyHash: undefined, related });
    } else if (this.#reliable) {
      this.#last = Math.max(this.#last, sequenceNumber);
      if (this.#next !== 0) this.#armNack();
    }
  }

  #beginAssembly(message: FragmentSubmessage): FragmentAssembly | undefined {
    if (!this.#makeRoom(message)) return undefined;
    const assembly = FragmentAssembly.begin(message, this.reader.limits.maxSampleBytes);
    if (assembly !== undefined) this.#assemblies.set(message.sequenceNumber, assembly);
    return assembly;
  }

  /** A full table gives up its oldest sample when best effort, and refuses the newest when reliable. */
  #makeRoom(message: FragmentSubmessage): boolean {
    const { maxAssemblies, maxWaitingBytes } = this.reader.limits;
    let bytes = message.sampleBytes;
    for (const assembly of this.#assemblies.values()) bytes += assembly.sampleBytes;
    while (this.#assemblies.size >= maxAssemblies || bytes > maxWaitingBytes) {
      const lowest = Math.min(...this.#assemblies.keys());
      const victim = this.#reliable ? Math.max(...this.#assemblies.keys()) : lowest;
      const assembly = this.#assemblies.get(victim);
      if (assembly === undefined || (this.#reliable && victim < message.sequenceNumber)) {
        return this.#assemblies.size === 0;
      }
      bytes -= assembly.sampleBytes;
      this.#assemblies.delete(victim);
    }
    return true;
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
      if (this.#waiting.has(sequenceNumber)) this.reader.duplicateCount += 1;
      this.#last = Math.max(this.#last, sequenceNumber);
      this.#waiting.add(sequenceNumber, sample);
      this.#armNack();
    }
  }

  #acceptBestEffort(sequenceNumber: number, sample: ReceivedSample): void {
    if (sequenceNumber < this.#next) {
      this.reader.duplicateCount += 1;
      return;
    }
    if (this.#next !== 0) this.reader.lose(sequenceNumber - this.#next);
    this.#next = sequenceNumber + 1;
    for (const number of this.#assemblies.keys()) {
      if (number < this.#next) this.#assemblies.delete(number);
    }
    this.reader.deliver(sample, this.writer.guid);
  }

  #holdUntilStart(sequenceNumber: number, sample: ReceivedSample): void {
    this.#waiting.add(sequenceNumber, sample);
    this.#cancelStart ??= this.reader.context.scheduler.after(startWithoutHeartbeatMs, () => {
      if (this.#next === 0) this.#begin(this.#waiting.lowest);
    });
  }

  /** A volatile reader's first number is known. */
  #begin(sequenceNumber: number): void {
    this.#cancelStart?.();
    this.#next = sequenceNumber;
    this.#drain();
    if (this.#isMissing()) this.#armNack();
  }

  /** The reader takes samples again. */
  resume(): void {
    if (!this.#reliable || this.#next === 0) return;
    this.#drain();
    this.#sendAck();
    if (this.#isMissing()) this.#armNack();
  }

  onHeartbeat(message: EarlyHeartbeat): void {
    if (message.liveliness) this.onSign?.();
    if (!this.#reliable || !isNewerCount(message.count, this.#lastHeartbeatCount)) return;
    const isFirst = Number.isNaN(this.#lastHeartbeatCount);
    this.#lastHeartbeatCount = message.count;
    this.#cancelGreeting?.();
    this.#last = Math.max(this.#last, message.last);
    if (this.#next === 0) this.#begin(this.#startNumber(message));
    else this.#skipTo(message.first, { countLost: !isFirst });
    if (this.#isMissing()) this.#armNack();
    else if (!message.final) this.#sendAck();
  }

  /**
   * Where a volatile reader begins: behind what a transient-local writer already had (Cyclone DDS 0.10
   * resends old samples to whoever asks), else with the first sample the writer still holds for us.
   */
  #startNumber(message: EarlyHeartbeat): number {
    const isTransient = this.writer.qos.durability >= Durability.TransientLocal;
    return Math.min(isTransient ? message.last + 1 : message.first, this.#waiting.lowest);
  }

  /** Samples before `sequenceNumber` that are not here will not come. */
  #skipTo(sequenceNumber: number, options: { readonly countLost: boolean }): void {
    if (sequenceNumber <= this.#next) return;
    let lost = sequenceNumber - this.#next;
    for (const number of this.#waiting.numbersBelow(sequenceNumber)) {
      const sample = this.#waiting.take(number);
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
      for (let number = start; number < end; number += 1) this.#waiting.addIrrelevant(number);
    }
    for (let number = list.base; number < list.base + list.bitCount; number += 1) {
      if (list.has(number) && number >= this.#next) this.#waiting.addIrrelevant(number);
    }
    this.#drain();
  }

  /** Delivers what was waiting for the sample that just came. */
  #drain(): void {
    const before = this.#next;
    while (!this.#closed && !this.reader.isPaused && this.#waiting.size > 0) {
      const sample = this.#waiting.take(this.#next);
      if (sample === undefined) break;
      this.#next += 1;
      if (sample !== null) this.reader.deliver(sample, this.writer.guid);
    }
    if (this.#assemblies.size > 0) {
      for (const number of this.#assemblies.keys()) {
        if (number < this.#next) this.#assemblies.delete(number);
      }
    }
    if (this.#next > before) this.#nackDelayMs = firstNackMs;
  }

  #isMissing(): boolean {
    return this.#next !== 0 && this.#next <= this.#last;
  }

  #armNack(): void {
    if (this.#cancelNack !== undefined || this.#closed) return;
    this.#cancelNack = this.reader.context.scheduler.after(this.#nackDelayMs, () => {
      this.#cancelNack = undefined;
      this.#askForHoles();
    });
  }

  #askForHoles(): void {
    if (!this.#isMissing()) {
      this.#nackDelayMs = firstNackMs;
      return;
    }
    const { progressMs } = this.#assemblies.get(this.#next) ?? { progressMs: 0 };
    const isMoving = this.#nowMs() - progressMs < firstNackMs;
    // What was asked for came in part: the writer answers, so the rest may be asked for at once.
    if (progressMs > this.#lastAskMs) this.#nackDelayMs = firstNackMs;
    if (!isMoving) {
      this.#sendAck();
      this.#lastAskMs = this.#nowMs();
      this.#nackDelayMs = Math.min(2 * this.#nackDelayMs, maxNackMs);
    }
    this.#armNack();
  }

  /** ACKNACK for whole samples, NACK_FRAG for the pieces of those that came in part. */
  #sendAck(): void {
    const base = Math.max(1, this.#next);
    this.#missing.clear(base);
    const end = Math.min(this.#last, base + maxSetBits - 1);
    for (let number = base; number <= end; number += 1) {
      if (!this.#waiting.has(number) && !this.#assemblies.has(number)) this.#missing.add(number);
    }
    this.#ackCount += 1;
    const isComplete = this.#missing.bitCount === 0;
    const builder = this.#message();
    builder.ackNack(this.#route, this.#missing, this.#ackCount, { final: isComplete });
    this.#send(builder);
    for (const [number, assembly] of this.#assemblies) {
      if (number > end || this.#nowMs() - assembly.progressMs < firstNackMs) continue;
      assembly.missing(this.#missing);
      this.#nackFragmentCount += 1;
      this.#send(
        this.#message().nackFragment(this.#route, number, this.#missing, this.#nackFragmentCount),
      );
    }
  }

  /** An ACKNACK that asks for nothing but an answer. Fast DDS does not answer it, others do. */
  #greet(): void {
    this.#ackCount += 1;
    this.#missing.clear(1);
    this.#send(
      this.#message().ackNack(this.#route, this.#missing, this.#ackCount, { final: false }),
    );
    this.#greetingCount += 1;
    if (this.#greetingCount >= maxGreetings) return;
    const delayMs = firstGreetingMs * 2 ** this.#greetingCount;
    this.#cancelGreeting = this.reader.context.scheduler.after(delayMs, () => {
      this.#greet();
    });
  }

  #nowMs(): number {
    return this.reader.context.scheduler.nowMs();
  }

  #message(): MessageBuilder {
    return new MessageBuilder(this.reader.context.prefix).infoDestination(this.writer.guid.prefix);
  }

  #send(builder: MessageBuilder): void {
    this.reader.context.link.send(builder.finish(), this.writer.locator);
  }
}
