import { FrameScanner } from "../serial/frame-scanner.ts";
import { EchoCanceller } from "./echo-canceller.ts";
import type { ServoProtocol, StatusReply } from "./servo-protocol.ts";

/** Longest wait for an answer, however slow the way to the servos is. */
const longestWaitMs = 200;

export interface HalfDuplexBusOptions {
  readonly protocol: ServoProtocol;
  readonly write: (frame: Uint8Array, length: number) => void;
  readonly nowMs: () => number;
  /** Wait for answers at first; doubled while none comes, up to 200 ms. */
  readonly replyTimeoutMs: number;
  /** The adapter hears what it sends. */
  readonly echoes: boolean;
  /** An answer to what was asked. */
  readonly onReply: (reply: StatusReply) => void;
  /** An answer nobody waits for: another servo's, or one that comes too late. */
  readonly onStray: (reply: StatusReply) => void;
  /** The question is over: all answered, or the time is up. The bus is free. */
  readonly onDone: (isComplete: boolean) => void;
}

/**
 * One wire that one speaks on at a time: a question to some servos, then their answers, then the next.
 * Driven by `poll` and by what is received; it has no timer and never waits.
 */
export class HalfDuplexBus {
  timeouts = 0;
  /** From the question to its last answer, ms, of the newest that was answered in full. */
  roundTripMs = Number.NaN;
  readonly #options: HalfDuplexBusOptions;
  readonly #scanner: FrameScanner;
  readonly #echo: EchoCanceller | undefined;
  readonly #received: Uint8Array;
  /** By id: 1 while its answer is awaited. */
  readonly #awaited = new Uint8Array(256);
  #awaitedCount = 0;
  #askedCount = 0;
  #dataCount = 0;
  #sentCount = 0;
  #askedMs = Number.NEGATIVE_INFINITY;
  #waitMs: number;

  constructor(options: HalfDuplexBusOptions) {
    const { protocol } = options;
    this.#options = options;
    this.#waitMs = options.replyTimeoutMs;
    const { maxFrameBytes } = protocol;
    this.#received = new Uint8Array(4096);
    this.#echo = options.echoes ? new EchoCanceller(4 * maxFrameBytes) : undefined;
    // Made once: a closure per frame would allocate.
    const onReply = (reply: StatusReply): void => {
      this.#take(reply);
    };
    this.#scanner = new FrameScanner(protocol.format, maxFrameBytes, (bytes, start, length) => {
      if (this.#isOwn(bytes, start, length)) return;
      protocol.eachReply(bytes, start, length, this.#dataCount, onReply);
    });
  }

  get isBusy(): boolean {
    return this.#awaitedCount > 0;
  }
  get frames(): number {
    return this.#scanner.frames;
  }
  get checksumErrors(): number {
    return this.#scanner.checksumErrors;
  }
  get resyncBytes(): number {
    return this.#scanner.resyncBytes;
  }
  get collisions(): number {
    return this.#echo?.collisions ?? 0;
  }

  /** Free to be told something; also once an answer is overdue, so that goals never wait for a dead servo. */
  canTell(nowMs: number): boolean {
    return !this.isBusy || nowMs - this.#askedMs > this.#options.replyTimeoutMs;
  }

  /** Sends what lies in the protocol's frame; nobody answers. // hot path */
  tell(length: number): void {
    const { frame } = this.#options.protocol;
    this.#sentCount = length;
    this.#echo?.sent(frame, length);
    this.#options.write(frame, length);
  }

  /** The same, and awaits an answer with `dataCount` bytes from each of `ids`. // hot path */
  ask(length: number, ids: Uint8Array, dataCount: number): void {
    this.#awaited.fill(0);
    for (const id of ids) this.#awaited[id] = 1;
    this.#awaitedCount = this.#askedCount = ids.length;
    this.#dataCount = dataCount;
    this.#askedMs = this.#options.nowMs();
    this.tell(length);
  }

  /** // hot path */
  receive(bytes: Uint8Array, length: number): void {
    if (this.#echo === undefined) {
      this.#scanner.feed(bytes, length);
      return;
    }
    const kept = this.#echo.take(bytes, length, this.#received);
    this.#scanner.feed(this.#received, kept);
  }

  /** Ends a question whose time is up. // hot path */
  poll(nowMs: number): void {
    if (!this.isBusy || nowMs - this.#askedMs < this.#waitMs) return;
    // An answer may lie behind the beginning of a spoiled one.
    this.#scanner.abandon();
    this.#giveUp();
  }

  /** The line has gone, or is new. */
  reset(): void {
    this.#awaitedCount = 0;
    this.#waitMs = this.#options.replyTimeoutMs;
    this.#scanner.clear();
    this.#echo?.clear();
  }

  /**
   * What was just sent, heard again: an adapter echoes that was not said to, or its echo was cut. Feetech's
   * requests look like answers, with the instruction where an answer has its fault bits. // hot path
   */
  #isOwn(bytes: Uint8Array, start: number, length: number): boolean {
    if (length !== this.#sentCount) return false;
    const { frame } = this.#options.protocol;
    for (let at = length - 1; at >= 0; at -= 1) {
      if (bytes[start + at] !== frame[at]) return false;
    }
    return true;
  }

  #take(reply: StatusReply): void {
    if (this.#awaitedCount === 0 || this.#awaited[reply.id] !== 1) {
      this.#options.onStray(reply);
      return;
    }
    this.#awaited[reply.id] = 0;
    this.#options.onReply(reply);
    this.#awaitedCount -= 1;
    if (this.#awaitedCount > 0) return;
    this.roundTripMs = this.#options.nowMs() - this.#askedMs;
    this.#waitMs = Math.max(
      this.#options.replyTimeoutMs,
      Math.min(this.#waitMs, 2 * this.roundTripMs),
    );
    this.#end(true);
  }

  #giveUp(): void {
    if (!this.isBusy) return;
    this.timeouts += 1;
    // Who answers at all answers in time; nobody at all may be a slow way.
    const isSilent = this.#awaitedCount === this.#askedCount;
    this.#waitMs = isSilent
      ? Math.min(2 * this.#waitMs, longestWaitMs)
      : this.#options.replyTimeoutMs;
    this.#echo?.clear();
    this.#end(false);
  }

  #end(isComplete: boolean): void {
    this.#awaitedCount = 0;
    this.#options.onDone(isComplete);
  }
}
