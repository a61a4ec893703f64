import type { AckMessage, LeaseMessage } from "../control/server-messages.ts";
import { ClientCode, ControlError } from "./errors.ts";
import type { Motion } from "./motion.ts";

/** What waits for an answer with its id. */
interface Waiting {
  /** True once it needs to hear no more. */
  readonly hear: (answer: AckMessage | LeaseMessage) => boolean;
  readonly fail: (error: ControlError) => void;
  /** Says it again; undefined if it was heard of or will not be repeated. */
  repeat: (() => void) | undefined;
}

/** First repetition after this long without a word; the server carries out an id once. */
const repeatAfterMs = 1000;
const maxRepeats = 2;

/** The requests of one session that have no final answer yet, by id. Ends with the session. */
export class PendingRequests {
  readonly #byId = new Map<number, Waiting>();
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>[]>();

  /**
   * Waits for the answer that `settles`; rejects after `timeoutMs`. While nothing at all has been heard
   * of it, `repeat` is called: within a session the same id is the same request, so that is safe.
   */
  ask<T>(
    request: {
      readonly id: number;
      readonly name: string;
      readonly timeoutMs: number;
      readonly repeat: () => void;
    },
    settles: (answer: AckMessage | LeaseMessage) => T | undefined,
  ): Promise<T> {
    const { id, name, timeoutMs } = request;
    return new Promise<T>((resolve, reject) => {
      this.#wait(id, {
        hear: (answer) => {
          const value = settles(answer);
          if (value !== undefined) resolve(value);
          return value !== undefined;
        },
        fail: reject,
        repeat: request.repeat,
      });
      if (timeoutMs === Number.POSITIVE_INFINITY) return;
      this.#later(id, timeoutMs, () => {
        const text = `no answer to ${name} within ${timeoutMs} ms`;
        this.fail(id, new ControlError(ClientCode.Timeout, text));
      });
    });
  }

  /** Follows a motion to its end. A motion has no timeout here: its end is the device's to tell. */
  follow(id: number, motion: Motion, repeat: () => void): void {
    this.#wait(id, {
      hear: (answer) => answer.type === "ack" && motion.settle(answer),
      fail: (error) => {
        motion.fail(error);
      },
      repeat,
    });
  }

  hear(answer: AckMessage | LeaseMessage): void {
    const { id } = answer;
    const waiting = id === undefined ? undefined : this.#byId.get(id);
    if (id === undefined || waiting === undefined) return;
    waiting.repeat = undefined;
    if (waiting.hear(answer)) this.#forget(id);
  }

  fail(id: number, error: ControlError): void {
    const waiting = this.#byId.get(id);
    this.#forget(id);
    waiting?.fail(error);
  }

  /** The session is over: nothing of it will be answered. */
  failAll(error: ControlError): void {
    for (const id of [...this.#byId.keys()]) this.fail(id, error);
  }

  #wait(id: number, waiting: Waiting): void {
    this.#byId.set(id, waiting);
    for (let count = 1; count <= maxRepeats; count += 1) {
      this.#later(id, count * repeatAfterMs, () => {
        waiting.repeat?.();
      });
    }
  }

  #later(id: number, delayMs: number, run: () => void): void {
    const timers = this.#timers.get(id) ?? [];
    timers.push(setTimeout(run, delayMs));
    this.#timers.set(id, timers);
  }

  #forget(id: number): void {
    for (const timer of this.#timers.get(id) ?? []) clearTimeout(timer);
    this.#timers.delete(id);
    this.#byId.delete(id);
  }
}
