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

export interface ActuationLoopOptions {
  readonly controller: ActuationController;
  readonly driver: ActuatorDriver;
  readonly periodMs: number;
  /** Accepts what came while the thread slept, so that it takes effect at this tick and not the next. */
  readonly takeWaiting?: () => void;
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
  readonly #timer: NodeJS.Timeout;
  #resolveEnded: (failure: Error | undefined) => void = () => undefined;
  #failure: Error | undefined;
  #done = false;
  #endAtMs = Number.POSITIVE_INFINITY;

  constructor(options: ActuationLoopOptions) {
    this.#options = options;
    this.#pacer = new TickPacer(monotonicMs(), options.periodMs);
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    const delayMs = Math.max(1, Math.floor(options.periodMs) - wakeEarlyMs);
    // One timer, re-armed: setTimeout per tick would allocate one each.
    this.#timer = setTimeout(() => {
      this.#onTimer();
    }, delayMs);
  }

  accept(command: ActuationCommand): void {
    try {
      this.#options.controller.accept(command, monotonicMs());
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
    this.#endAtMs = Math.min(this.#endAtMs, monotonicMs() + closeBrakeMs);
    this.#options.controller.retire(reason);
  }

  /** // hot path */
  #onTimer(): void {
    const earlyMs = this.#pacer.dueMs - monotonicMs();
    if (earlyMs > 0) Atomics.wait(this.#sleepCell, 0, 0, earlyMs);
    this.#options.takeWaiting?.();
    const nowMs = monotonicMs();
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
    clearTimeout(this.#timer);
    try {
      this.#options.driver.stop();
    } catch (error) {
      this.#failure ??= asError(error);
    }
    this.#resolveEnded(this.#failure);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(errorText(thrown));
}
