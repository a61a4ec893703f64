import type { ControlLink } from "./control-link.ts";
import { watchPresence } from "./presence.ts";

export interface VelocityStreamOptions {
  /** How often a standing velocity is said again. */
  readonly periodMs?: number;
  /** How long one saying lasts: a few periods, so that a lost message does not jerk. */
  readonly ttlMs?: number;
}

type SendVelocity = (velRadPerS: Readonly<Record<string, number>>, ttlMs: number) => boolean;

const defaultPeriodMs = 50;
const defaultTtlMs = 180;

/**
 * Motion while a person holds something: the velocity is repeated every period and lasts a little
 * longer than that, so it ends by itself when the program, the tab or the network ends. It also ends
 * when the page is hidden or loses focus, and never starts again by itself.
 */
export class VelocityStream {
  readonly #send: SendVelocity;
  readonly #periodMs: number;
  readonly #ttlMs: number;
  readonly #endWatch: (() => void)[];
  #velRadPerS: Readonly<Record<string, number>> = {};
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    send: SendVelocity,
    around: { readonly client: ControlLink; readonly options: VelocityStreamOptions },
  ) {
    this.#send = send;
    this.#periodMs = around.options.periodMs ?? defaultPeriodMs;
    this.#ttlMs = around.options.ttlMs ?? defaultTtlMs;
    this.#endWatch = [
      watchPresence(() => {
        this.stop();
      }),
      around.client.on("closed", () => {
        this.#pause();
      }),
    ];
  }

  get isMoving(): boolean {
    return this.#timer !== undefined;
  }

  /** rad/s by axis name, until the next `set` or `stop`. All zero is a stop. */
  set(velRadPerS: Readonly<Record<string, number>>): void {
    if (Object.values(velRadPerS).every((value) => value === 0)) {
      this.stop();
      return;
    }
    this.#velRadPerS = velRadPerS;
    if (this.#timer !== undefined) return;
    this.#say();
    this.#timer = setInterval(() => {
      this.#say();
    }, this.#periodMs);
  }

  /** Says zero once, explicitly, and is quiet. */
  stop(): void {
    if (this.#timer === undefined) return;
    this.#pause();
    const zero = Object.keys(this.#velRadPerS).map((axis) => [axis, 0] as const);
    this.#send(Object.fromEntries(zero), this.#ttlMs);
  }

  /** Stops and lets go of the page. */
  close(): void {
    this.stop();
    for (const end of this.#endWatch) end();
  }

  #say(): void {
    // The lease or the socket is gone: what was moving has been stopped at the other end.
    if (!this.#send(this.#velRadPerS, this.#ttlMs)) this.#pause();
  }

  #pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
