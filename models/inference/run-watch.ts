import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";

/** A worker whose run was ended answers within microseconds, unless the machine is very busy. */
const leastGraceMs = 250;

export interface RunWatchOptions {
  readonly budgetMs: number;
  readonly isAnswered: () => boolean;
  /** Asks the engine to end what runs; false when it offers no way. */
  readonly endRuns: () => boolean;
  /** The worker is beyond help. */
  readonly giveUp: (error: BridgeError) => void;
}

/**
 * Watches one run at a time. After two budgets it is ended through the engine; if no answer comes in
 * as long again, the worker is given up.
 */
export class RunWatch {
  readonly #options: RunWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #terminatedCount = 0;

  constructor(options: RunWatchOptions) {
    this.#options = options;
  }

  get terminatedCount(): number {
    return this.#terminatedCount;
  }

  begin(): void {
    const { budgetMs, isAnswered } = this.#options;
    this.#timer = setTimeout(() => {
      if (!isAnswered()) this.#terminate();
    }, 2 * budgetMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  /** Ends a run in flight because nobody wants its answer. */
  endNow(): void {
    this.end();
    if (!this.#options.isAnswered()) this.#options.endRuns();
  }

  #terminate(): void {
    const { budgetMs, isAnswered, endRuns, giveUp } = this.#options;
    this.#terminatedCount += 1;
    const wasAsked = endRuns();
    const graceMs = Math.max(leastGraceMs, 2 * budgetMs);
    this.#timer = setTimeout(() => {
      if (isAnswered()) return;
      const how = wasAsked ? "after its run was ended" : "and its engine cannot end runs";
      const waitedMs = 2 * budgetMs + graceMs;
      const text = `the inference thread gave no answer for ${waitedMs} ms, ${how}`;
      giveUp(new BridgeError(ErrorCode.ThreadTimeout, text));
    }, graceMs);
  }
}
