import type { PrefixKey } from "../wire/guid.ts";
import type { EndpointContext, MatchedEndpoint, Route } from "../endpoint.ts";
import { appendFragment, appendSample } from "./change-encoding.ts";
import type { Change, History } from "./history.ts";
import type { Locator } from "../transport/link.ts";
import { MessageBuilder } from "../wire/message-builder.ts";
import type { AckNackSubmessage, NackFragmentSubmessage } from "../wire/message-parser.ts";
import type { PacedJob } from "./pacer.ts";
import { isNewerCount } from "../wire/sequence-number.ts";
import type { EndpointQos } from "../params/qos.ts";

/** A fragment asked for within this time of its sending is still on its way. */
const settleMs = 2;
/** Fragments of one sample that may be waiting to be resent; the rest is asked for again. */
const maxFragmentRequests = 4096;

export interface HeartbeatOptions {
  readonly final: boolean;
  /** The application says that it is alive. */
  readonly liveliness?: boolean;
}

/** What a proxy needs of its writer. */
export interface SampleSource {
  readonly options: { readonly entityId: number; readonly qos: EndpointQos };
  readonly context: EndpointContext;
  readonly history: Pick<History, "get" | "first">;
  /** Number of the newest sample that has left. */
  readonly sentThrough: number;
  resentCount: number;
  lostCount: number;
  heartbeat(builder: MessageBuilder, route: Route, options: HeartbeatOptions): void;
  /** A reader has acknowledged more than before. */
  release(): void;
  /** A reader has answered for the first time. */
  welcome(): void;
}

/** What is part of a service call goes to one participant, all else to all. */
function isFor({ call }: Change, prefix: PrefixKey): boolean {
  return call === undefined || call.to === prefix;
}

/** A writer's view of one matched reader: what it has, what it asked for again (8.4.9.2). */
export class ReaderProxy implements PacedJob {
  readonly reader: MatchedEndpoint;
  readonly writer: SampleSource;
  readonly reliable: boolean;
  readonly #startNumber: number;
  readonly #route: Route;
  /** Samples to resend whole. Holds only numbers of the history, so it is bounded by its depth. */
  readonly #samples = new Set<number>();
  readonly #fragments = new Map<number, Set<number>>();
  #ackedThrough: number;
  #lastAckCount = Number.NaN;
  #lastNackFragmentCount = Number.NaN;
  #resentSomething = false;

  /** @param options.startNumber the first sample this reader is to get. */
  constructor(
    writer: SampleSource,
    reader: MatchedEndpoint,
    options: { readonly startNumber: number },
  ) {
    this.writer = writer;
    this.reader = reader;
    this.reliable = reader.qos.reliable && writer.options.qos.reliable;
    this.#startNumber = options.startNumber;
    this.#ackedThrough = options.startNumber - 1;
    this.#route = { readerId: reader.guid.entityId, writerId: writer.options.entityId };
  }

  get locator(): Locator {
    return this.reader.locator;
  }

  get ackedThrough(): number {
    return this.#ackedThrough;
  }

  /**
   * Lacks something, or has not answered yet: whoever missed the greeting would take the first sample
   * that reaches it for the first of all.
   */
  get isBehind(): boolean {
    if (!this.reliable) return false;
    return !this.hasAnswered || this.#ackedThrough < this.writer.sentThrough;
  }

  /** It knows of this writer: what is sent from now on reaches it. A best-effort reader never says so. */
  get hasAnswered(): boolean {
    return !Number.isNaN(this.#lastAckCount);
  }

  /** First words to a new reliable reader: what it need not wait for, and what there is. */
  greet(): void {
    const builder = this.#message();
    if (this.#startNumber > 1) builder.gap(this.#route, 1, this.#startNumber);
    this.writer.heartbeat(builder, this.#route, { final: false });
    this.#send(builder);
  }

  /** @param options.liveliness beside what there is, that the writer's application is alive. */
  remind(options: { readonly liveliness?: boolean } = {}): void {
    const builder = this.#message();
    const liveliness = options.liveliness ?? false;
    this.writer.heartbeat(builder, this.#route, { final: liveliness, liveliness });
    this.#send(builder);
  }

  onAckNack(message: AckNackSubmessage): void {
    // Counts rise; one that does not is a duplicate or was overtaken.
    if (!this.reliable || !isNewerCount(message.count, this.#lastAckCount)) return;
    const isFirst = !this.hasAnswered;
    this.#lastAckCount = message.count;
    if (isFirst) this.writer.welcome();
    const { missing } = message;
    const acked = Math.min(missing.base - 1, this.writer.sentThrough);
    if (acked > this.#ackedThrough) {
      this.#ackedThrough = acked;
      this.writer.release();
    }
    for (const sequenceNumber of this.#samples) {
      if (sequenceNumber < missing.base) this.#samples.delete(sequenceNumber);
    }
    let requestCount = 0;
    for (let number = missing.base; number < missing.base + missing.bitCount; number += 1) {
      // What has not left the socket yet is coming anyway.
      if (!missing.has(number) || number > this.writer.sentThrough) continue;
      requestCount += 1;
      this.#request(number);
    }
    if (requestCount > 0) this.writer.context.pacer.schedule(this);
    else if (!message.final) this.remind();
  }

  #request(sequenceNumber: number): void {
    const change = this.writer.history.get(sequenceNumber);
    if (sequenceNumber >= this.#startNumber && this.#isMine(change)) {
      this.#samples.add(sequenceNumber);
      return;
    }
    if (sequenceNumber >= this.#startNumber && change === undefined) this.writer.lostCount += 1;
    this.#send(this.#message().gap(this.#route, sequenceNumber, this.#endOfGap(sequenceNumber)));
  }

  #isMine(change: Change | undefined): change is Change {
    return change !== undefined && isFor(change, this.reader.guid.prefix);
  }

  /** The first number from `sequenceNumber` on that this reader can still get. */
  #endOfGap(sequenceNumber: number): number {
    if (sequenceNumber < this.#startNumber) return this.#startNumber;
    const { history } = this.writer;
    return sequenceNumber < history.first ? history.first : sequenceNumber + 1;
  }

  onNackFragment(message: NackFragmentSubmessage): void {
    if (!this.reliable || !isNewerCount(message.count, this.#lastNackFragmentCount)) return;
    this.#lastNackFragmentCount = message.count;
    const { sequenceNumber, missing } = message;
    if (sequenceNumber > this.writer.sentThrough) return;
    const change = this.writer.history.get(sequenceNumber);
    if (!this.#isMine(change) || sequenceNumber < this.#startNumber) {
      this.#request(sequenceNumber);
      return;
    }
    const { scheduler, fragmentBytes, pacer } = this.writer.context;
    if (scheduler.nowMs() - change.sentMs < settleMs || this.#samples.has(sequenceNumber)) return;
    const wanted = this.#fragments.get(sequenceNumber) ?? new Set<number>();
    const count = Math.ceil(change.payload.length / fragmentBytes);
    const end = Math.min(missing.base + missing.bitCount, count + 1);
    for (let fragment = missing.base; fragment < end; fragment += 1) {
      if (missing.has(fragment) && wanted.size < maxFragmentRequests) wanted.add(fragment);
    }
    if (wanted.size === 0) return;
    pacer.slowDown();
    this.#fragments.set(sequenceNumber, wanted);
    pacer.schedule(this);
  }

  /** Resends one datagram; a heartbeat closes the batch so that the reader says what it still lacks. */
  sendNext(): number {
    const bytes = this.#sendSample() || this.#sendFragment();
    if (bytes > 0) {
      this.#resentSomething = true;
      return bytes;
    }
    if (this.#resentSomething) this.remind();
    this.#resentSomething = false;
    return 0;
  }

  #sendSample(): number {
    for (const sequenceNumber of this.#samples) {
      this.#samples.delete(sequenceNumber);
      const change = this.writer.history.get(sequenceNumber);
      if (change === undefined) {
        this.#request(sequenceNumber);
        continue;
      }
      if (change.payload.length > this.writer.context.fragmentBytes) {
        this.#requestAllFragments(change);
        continue;
      }
      this.writer.resentCount += 1;
      const builder = this.#message(change.payload.length).infoTimestamp(change.stampMs);
      appendSample(builder, this.#route, change);
      this.#send(builder);
      return change.payload.length;
    }
    return 0;
  }

  #requestAllFragments(change: Change): void {
    // Fast DDS asks for the whole of a sample of which it lost a part.
    this.writer.context.pacer.slowDown();
    const count = Math.ceil(change.payload.length / this.writer.context.fragmentBytes);
    const all = Array.from({ length: count }, (_, index) => index + 1);
    this.#fragments.set(change.sequenceNumber, new Set(all));
  }

  #sendFragment(): number {
    for (const [sequenceNumber, wanted] of this.#fragments) {
      const change = this.writer.history.get(sequenceNumber);
      const [fragment] = wanted;
      if (change === undefined || fragment === undefined) {
        this.#fragments.delete(sequenceNumber);
        continue;
      }
      wanted.delete(fragment);
      if (wanted.size === 0) {
        this.#fragments.delete(sequenceNumber);
        change.sentMs = this.writer.context.scheduler.nowMs();
      }
      this.writer.resentCount += 1;
      const builder = this.#message().infoTimestamp(change.stampMs);
      const bytes = appendFragment(builder, this.#route, change, {
        fragment,
        fragmentBytes: this.writer.context.fragmentBytes,
      });
      this.#send(builder);
      return bytes;
    }
    return 0;
  }

  close(): void {
    this.writer.context.pacer.cancel(this);
    this.#samples.clear();
    this.#fragments.clear();
  }

  #message(payloadBytes = 0): MessageBuilder {
    const builder = new MessageBuilder(this.writer.context.prefix, payloadBytes);
    return builder.infoDestination(this.reader.guid.prefix);
  }

  #send(builder: MessageBuilder): void {
    this.writer.context.link.send(builder.finish(), this.locator);
  }
}
