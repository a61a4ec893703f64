import type { ControlLink } from "./control-link.ts";
import { watchPresence } from "./presence.ts";

export interface FollowOptions {
  /** How often it is said again. Default 100 ms; each time the newest prediction is taken. */
  readonly periodMs?: number;
  /** How long one saying lasts. Default 400 ms: a few periods, so that a lost message does not jerk. */
  readonly ttlMs?: number;
}

/** `away`: the page was hidden, left or lost its focus. `refused`: by the server, which says why. */
export interface FollowEnd {
  readonly because: "stopped" | "away" | "refused" | "lease-lost" | "closed";
  /** For `refused`. */
  readonly code?: string;
  readonly reason?: string;
}

/** What a follow stream says with its lease. */
export interface FollowVoice {
  /** The command's id; undefined if it could not be sent. */
  readonly follow: (ttlMs: number) => number | undefined;
  readonly rest: () => void;
}

const defaultPeriodMs = 100;
const defaultTtlMs = 400;
/** An answer comes long before so many more were said. */
const remembered = 32;
/** One of a row came too late: the next one may not. */
const passing: readonly string[] = ["command/late", "command/expired"];

/**
 * Keeps what the world model sees in the middle of the picture, from when it is made until its first
 * end: `stop`, the page left, the socket or lease lost, or a refusal, as of a target that is lost. It
 * never starts again by itself.
 */
export class FollowStream {
  /** Resolves at the end, and never rejects. */
  readonly ended: Promise<FollowEnd>;
  readonly #voice: FollowVoice;
  readonly #ttlMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #endWatch: readonly (() => void)[];
  readonly #saidIds: number[] = [];
  #tell: ((end: FollowEnd) => void) | undefined;

  constructor(
    voice: FollowVoice,
    around: { readonly client: ControlLink; readonly options: FollowOptions },
  ) {
    const { client, options } = around;
    this.#voice = voice;
    this.#ttlMs = options.ttlMs ?? defaultTtlMs;
    this.ended = new Promise((resolve) => {
      this.#tell = resolve;
    });
    this.#endWatch = [
      watchPresence(() => {
        this.#rest({ because: "away" });
      }),
      client.on("closed", () => {
        this.#end({ because: "closed" });
      }),
      client.on("ack", ({ id, status, code = "", reason = "" }) => {
        if (status !== "rejected" || !this.#saidIds.includes(id) || passing.includes(code)) return;
        const isLease = code.startsWith("lease/");
        this.#end(isLease ? { because: "lease-lost" } : { because: "refused", code, reason });
      }),
    ];
    this.#timer = setInterval(() => {
      this.#say();
    }, options.periodMs ?? defaultPeriodMs);
    this.#say();
  }

  get isFollowing(): boolean {
    return this.#tell !== undefined;
  }

  /** Tells the device to rest, once and at once, and is quiet. */
  stop(): void {
    this.#rest({ because: "stopped" });
  }

  #say(): void {
    const id = this.#voice.follow(this.#ttlMs);
    // The lease or the socket is gone: what was moving has been stopped at the other end.
    if (id === undefined) {
      this.#end({ because: "lease-lost" });
      return;
    }
    this.#saidIds.push(id);
    if (this.#saidIds.length > remembered) this.#saidIds.shift();
  }

  #rest(end: FollowEnd): void {
    if (!this.isFollowing) return;
    this.#end(end);
    this.#voice.rest();
  }

  #end(end: FollowEnd): void {
    clearInterval(this.#timer);
    for (const stop of this.#endWatch) stop();
    this.#tell?.(end);
    this.#tell = undefined;
  }
}
