import type { AckMessage } from "../control/server-messages.ts";
import { ClientCode, ControlError } from "./errors.ts";

export interface MotionReceived {
  /** Server clock, ms. */
  readonly atMs: number | undefined;
  /** From sending to arrival, as far as the clocks are compared. */
  readonly ageMs: number | undefined;
}

export interface MotionApplied {
  /** When the first setpoint went to the driver: server clock, ms. */
  readonly atMs: number | undefined;
  /** The command after limits, by axis name. */
  readonly applied: Readonly<Record<string, number>>;
  /** One sentence per limit that changed it. */
  readonly limits: readonly string[];
}

export interface MotionDone {
  readonly result: NonNullable<AckMessage["result"]>;
  readonly reason: string;
}

/**
 * A motion under way: a promise per level of acknowledgement. Awaiting the motion itself waits for
 * `done`. All of those not reached reject with the ControlError that ended it; nobody has to listen
 * to any of them.
 */
export class Motion implements PromiseLike<MotionDone> {
  /** It arrived, and when. */
  readonly received: Promise<MotionReceived>;
  /** The authority let it through. */
  readonly accepted: Promise<void>;
  /** Its first setpoint is with the driver; rejects if it ended before that. */
  readonly applied: Promise<MotionApplied>;
  /** It has ended, one way or the other. */
  readonly done: Promise<MotionDone>;
  readonly #levels: {
    readonly received: Level<MotionReceived>;
    readonly accepted: Level<undefined>;
    readonly applied: Level<MotionApplied>;
    readonly done: Level<MotionDone>;
  };

  constructor() {
    const levels = {
      received: new Level<MotionReceived>(),
      accepted: new Level<undefined>(),
      applied: new Level<MotionApplied>(),
      done: new Level<MotionDone>(),
    };
    this.#levels = levels;
    this.received = levels.received.promise;
    this.accepted = levels.accepted.promise;
    this.applied = levels.applied.promise;
    this.done = levels.done.promise;
  }

  then<T = MotionDone, E = never>(
    onDone?: ((done: MotionDone) => T | PromiseLike<T>) | null,
    onError?: ((error: unknown) => E | PromiseLike<E>) | null,
  ): Promise<T | E> {
    return this.done.then(onDone, onError);
  }

  catch<E = never>(
    onError?: ((error: unknown) => E | PromiseLike<E>) | null,
  ): Promise<MotionDone | E> {
    return this.done.catch(onError);
  }

  /** Takes an answer in. True once nothing more will come. */
  settle(ack: AckMessage): boolean {
    const { received, accepted, applied, done } = this.#levels;
    switch (ack.status) {
      case "received":
        received.resolve({ atMs: ack.atMs, ageMs: ack.ageMs });
        return false;
      case "accepted":
        this.#passed();
        return false;
      case "applied":
        this.#passed();
        applied.resolve({ atMs: ack.atMs, applied: ack.applied ?? {}, limits: ack.limits ?? [] });
        return false;
      case "rejected":
        this.fail(new ControlError(ack.code ?? "control/message", ack.reason ?? "rejected"));
        return true;
      case "done": {
        const { result = "completed", reason = "" } = ack;
        this.#passed();
        accepted.resolve(undefined);
        applied.reject(new ControlError(ClientCode.NotApplied, `${result}: ${reason}`));
        done.resolve({ result, reason });
        return true;
      }
      default:
        return ack.status satisfies never;
    }
  }

  fail(error: ControlError): void {
    for (const level of Object.values(this.#levels)) level.reject(error);
  }

  /** A later answer proves the earlier ones, should they be missing. */
  #passed(): void {
    this.#levels.received.resolve({ atMs: undefined, ageMs: undefined });
    this.#levels.accepted.resolve(undefined);
  }
}

class Level<T> {
  readonly promise: Promise<T>;
  resolve: (value: T) => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // A level nobody waits for must not count as an unhandled failure.
    this.promise.catch(() => undefined);
  }
}
