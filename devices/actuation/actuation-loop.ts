import type { ActuationCommand } from "../../bridge/contract/actuation.ts";
import type { ActuatorDriver } from "../../bridge/contract/actuator-driver.ts";
import { monotonicMs } from "../../bridge/contract/clock.ts";
import { errorText } from "../../bridge/contract/errors.ts";
import type { ActuationController } from "./controller.ts";
import { TickPacer } from "./tick-pacer.ts";

/** Longest braking that closing waits for; the shipped profile needs 0.45 s at most. */
export const closeBrakeMs = 600;
/** The timer wakes this much early, because it is exact to 1 ms only; the rest is slept to the point. */
const wakeEarlyMs = 2;

/** A timer that is armed again and again. */
export interface LoopTimer {
  refresh(): void;
  cancel(): void;
}

/** Calls `run` after `delayMs`, and again after each `refresh`. */
export type StartTimer = (run: () => void, delayMs: number) => LoopTimer;

export interface ActuationLoopOptions {
  readonly controller: ActuationController;
  readonly driver: ActuatorDriver;
  readonly periodMs: number;
  /** Accepts what came while the thread slept, so that it takes effect at this tick and not the next. */
  readonly takeWaiting?: () => void;
  /** Default: the machine's. A simulation that is faster than time has its own. */
  readonly time?: { readonly monotonicMs: () => number; readonly startTimer: StartTimer };
}

/**
 * Runs a controller at a fixed rate in this thread. However it ends, by `close` or by an error from
 * inside, the device is braked to rest first (at most `closeBrakeMs`), then told to stop.
 */
export class ActuationLoop {
  /** Settles when the loop has ended: undefined after `close`, else what went wrong inside. */
  readonly ended: Promise<Error | undefined>;
  readonly #options: ActuationLoopOptions;
  readonly #pacer: TickPacer;
  readonly #sleepCell = new Int32Array(new SharedArrayBuffer(4));
  readonly #now: () => number;
  readonly #timer: LoopTimer;
  #resolveEnded: (failure: Error | undefined) => void = () => undefined;
  #failure: Error | undefined;
  #done = false;
  #endAtMs = Number.POSITIVE_INFINITY;

  constructor(options: ActuationLoopOptions) {
    const time = options.time ?? { monotonicMs, startTimer: startNodeTimer };
    this.#options = options;
    this.#now = time.monotonicMs;
    this.#pacer = new TickPacer(this.#now(), options.periodMs);
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    const delayMs = Math.max(1, Math.floor(options.periodMs) - wakeEarlyMs);
    // One timer, re-armed: setTimeout per tick would allocate one each.
    this.#timer = time.startTimer(() => {
      this.#onTimer();
    }, delayMs);
  }

  accept(command: ActuationCommand): void {
    try {
      this.#options.controller.accept(command, this.#now());
    } catch (error) {
      this.fail(error);
    }
  }

  /** Brakes, stops the device, ends. */
  close(): Promise<Error | undefined> {
    this.#retire("closing");
    return this.ended;
  }

  /** Something inside broke. Brakes first; a second failure while braking stops the device at once. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) {
      this.#end();
      return;
    }
    this.#failure = asError(error);
    try {
      this.#retire(`internal error: ${errorText(error)}`);
    } catch {
      this.#end();
    }
  }

  #retire(reason: string): void {
    this.#endAtMs = Math.min(this.#endAtMs, this.#now() + closeBrakeMs);
    this.#options.controller.retire(reason);
  }

  /** // hot path */
  #onTimer(): void {
    const earlyMs = this.#pacer.dueMs - this.#now();
    if (earlyMs > 0) Atomics.wait(this.#sleepCell, 0, 0, earlyMs);
    this.#options.takeWaiting?.();
    const nowMs = this.#now();
    try {
      this.#options.controller.tick(this.#pacer.take(nowMs), nowMs, this.#pacer);
    } catch (error) {
      this.fail(error);
    }
    if (this.#done) return;
    const closing = this.#endAtMs !== Number.POSITIVE_INFINITY;
    if (closing && (!this.#options.controller.moving || nowMs >= this.#endAtMs)) this.#end();
    else this.#timer.refresh();
  }

  #end(): void {
    if (this.#done) return;
    this.#done = true;
    this.#timer.cancel();
    try {
      this.#options.driver.stop();
    } catch (error) {
      this.#failure ??= asError(error);
    }
    this.#resolveEnded(this.#failure);
  }
}

function startNodeTimer(run: () => void, delayMs: number): LoopTimer {
  const timer = setTimeout(run, delayMs);
  return {
    refresh: () => {
      timer.refresh();
    },
    cancel: () => {
      clearTimeout(timer);
    },
  };
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(errorText(thrown));
}
