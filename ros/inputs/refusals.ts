import { monotonicMs } from "../../bridge/contract/clock.ts";

/** One reason a message was not used, with how often and what was said last. */
export interface Refusal {
  readonly reason: string;
  readonly count: number;
  readonly text: string;
}

const recentMs = 5000;

/**
 * Counts what was not used, by reason. The set of reasons is ours and small, so memory is bounded
 * whatever arrives; the text is the newest example.
 */
export class Refusals {
  readonly #found = new Map<string, { count: number; text: string }>();
  readonly #onFirst: (reason: string, text: string) => void;
  readonly #now: () => number;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** @param onFirst told once per reason: the log speaks once, /diagnostics keeps the counts. */
  constructor(
    onFirst: (reason: string, text: string) => void = () => undefined,
    now: () => number = monotonicMs,
  ) {
    this.#onFirst = onFirst;
    this.#now = now;
  }

  /** Something was refused within the last seconds: a warning, where an older one is history. */
  get isRecent(): boolean {
    return this.#now() - this.#lastMs < recentMs;
  }

  get total(): number {
    let total = 0;
    for (const { count } of this.#found.values()) total += count;
    return total;
  }

  get list(): readonly Refusal[] {
    return [...this.#found].map(([reason, { count, text }]) => ({ reason, count, text }));
  }

  /** @param reason one of a fixed set of words, e.g. `stale`. */
  add(reason: string, text: string): void {
    this.#lastMs = this.#now();
    const known = this.#found.get(reason);
    if (known !== undefined) {
      known.count += 1;
      known.text = text;
      return;
    }
    this.#found.set(reason, { count: 1, text });
    this.#onFirst(reason, text);
  }

  /** `refused_stale: 3` and so on, for /diagnostics. */
  values(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.list.map(({ reason, count }) => [`refused_${reason.replaceAll("-", "_")}`, count]),
    );
  }

  /** The newest example of each reason, in one line. */
  text(): string {
    return this.list.map(({ text }) => text).join("; ");
  }
}
