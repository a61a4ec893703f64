import type { FaultLine } from "./fault-plan.ts";

interface Parcel<T> {
  readonly item: T;
  readonly dueMs: number;
  readonly order: number;
}

export interface FaultyLinkOptions {
  readonly line: FaultLine;
  /** A parcel that is overtaken arrives this much later: a few periods of the link. */
  readonly overtakenMs: number;
  /** Kinds during which nothing passes and what was sent is lost. */
  readonly lostDuring: readonly string[];
  /** Kinds during which what was sent waits for the end. */
  readonly heldDuring?: readonly string[];
}

/**
 * One direction of a link between two parts: delay, jitter, loss, duplication and reordering, as the
 * plan says. Keeps the order of sending unless `reorder` is on. Items must not change once sent.
 */
export class FaultyLink<T> {
  readonly #options: FaultyLinkOptions;
  #waiting: Parcel<T>[] = [];
  #sentCount = 0;
  #lastDueMs = Number.NEGATIVE_INFINITY;

  constructor(options: FaultyLinkOptions) {
    this.#options = options;
  }

  /** Whether a kind that loses everything is on. */
  isDead(nowMs: number): boolean {
    const { line, lostDuring } = this.#options;
    return lostDuring.some((kind) => line.active(kind, nowMs) !== undefined);
  }

  send(item: T, nowMs: number): void {
    const { line, lostDuring } = this.#options;
    for (const kind of lostDuring) {
      if (line.strike(kind, nowMs) !== undefined) return;
    }
    if (line.strikeByChance("loss", nowMs)) return;
    this.#enqueue(item, nowMs);
    if (line.strikeByChance("duplicate", nowMs)) this.#enqueue(item, nowMs);
  }

  /** Hands over everything that has arrived by `nowMs`, in order of arrival. */
  deliver(nowMs: number, take: (item: T) => void): void {
    const { line, heldDuring = [] } = this.#options;
    if (this.#waiting.length === 0) return;
    if (heldDuring.some((kind) => line.strike(kind, nowMs) !== undefined)) return;
    const due = this.#waiting.filter((parcel) => parcel.dueMs <= nowMs);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((parcel) => parcel.dueMs > nowMs);
    due.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
    for (const { item } of due) take(item);
  }

  /** What is under way is lost with the link. */
  clear(): void {
    this.#waiting = [];
  }

  #enqueue(item: T, nowMs: number): void {
    const { line, overtakenMs } = this.#options;
    let dueMs = nowMs + line.delayMs(nowMs);
    if (line.strikeByChance("reorder", nowMs)) dueMs += overtakenMs;
    else {
      dueMs = Math.max(dueMs, this.#lastDueMs);
      this.#lastDueMs = dueMs;
    }
    this.#sentCount += 1;
    this.#waiting.push({ item, dueMs, order: this.#sentCount });
  }
}
