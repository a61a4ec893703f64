/** Tells a device that has fallen silent from one that nobody asked: silence counts only while it is asked. */
export class SilenceWatch {
  readonly lostAfterMs: number;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** Silence before this was our own. */
  #judgedFromMs = Number.NEGATIVE_INFINITY;

  constructor(lostAfterMs: number) {
    this.lostAfterMs = lostAfterMs;
  }

  /** Call whenever the device is served. // hot path */
  asked(nowMs: number): void {
    if (nowMs - this.#askedMs > this.lostAfterMs / 2) this.#judgedFromMs = nowMs;
    this.#askedMs = nowMs;
  }

  /** // hot path */
  isSilent(heardMs: number, nowMs: number): boolean {
    return nowMs - Math.max(heardMs, this.#judgedFromMs) > this.lostAfterMs;
  }

  restart(nowMs: number): void {
    this.#askedMs = this.#judgedFromMs = nowMs;
  }
}
