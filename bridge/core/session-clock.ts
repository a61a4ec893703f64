/**
 * How long a silent session keeps its rights. The times count from the last check-in; each limit is
 * reached once and acted upon by `Authority.tick`.
 */
export interface KeepaliveLimits {
  /** What clients are asked to keep; tells them, decides nothing. */
  readonly checkInMs: number;
  /** The device its lease covers is stopped. */
  readonly missMs: number;
  /** The lease becomes claimable by others. */
  readonly staleMs: number;
  /** The session is over. */
  readonly closeMs: number;
}

export const defaultKeepalive: KeepaliveLimits = {
  checkInMs: 250,
  missMs: 1000,
  staleMs: 3000,
  closeMs: 10_000,
};

/** What a client may ask for: nobody moves a device unheard for longer than these. */
export const keepaliveBounds = {
  missMs: { min: 100, max: 3000 },
  staleMs: { min: 100, max: 10_000 },
  closeMs: { min: 1000, max: 60_000 },
} as const;

/** In order of severity; a session climbs while silent and returns to `fresh` with a check-in. */
const sessionStages = ["fresh", "missed", "stale", "closed"] as const;
export type SessionStage = (typeof sessionStages)[number];

/** The stage that a silence of `silentMs` has reached. */
export function stageOf(silentMs: number, limits: KeepaliveLimits): SessionStage {
  if (silentMs >= limits.closeMs) return "closed";
  if (silentMs >= limits.staleMs) return "stale";
  if (silentMs >= limits.missMs) return "missed";
  return "fresh";
}

/** The keepalive of one session. Time comes in as monotonic ms, so a test walks it by hand. */
export class SessionClock {
  readonly #limits: KeepaliveLimits;
  #lastMs: number;
  #stage: SessionStage = "fresh";

  constructor(limits: KeepaliveLimits, nowMs: number) {
    this.#limits = limits;
    this.#lastMs = nowMs;
  }

  get stage(): SessionStage {
    return this.#stage;
  }

  /** A closed session stays closed: its client has to say hello again. */
  checkIn(nowMs: number): void {
    if (this.#stage === "closed") return;
    this.#lastMs = Math.max(this.#lastMs, nowMs);
    this.#stage = "fresh";
  }

  /**
   * Something was granted to it. What it got since it fell silent has not met the consequences yet:
   * the next `advance` says `stale` again. Commands are refused meanwhile, since it is not `fresh`.
   */
  noteGranted(): void {
    if (this.#stage === "stale") this.#stage = "missed";
  }

  /** Stages reached since the last call, least severe first; empty most of the time. */
  advance(nowMs: number): readonly SessionStage[] {
    const before = sessionStages.indexOf(this.#stage);
    const reached = sessionStages.indexOf(stageOf(nowMs - this.#lastMs, this.#limits));
    if (reached <= before) return [];
    this.#stage = sessionStages[reached] ?? "closed";
    return sessionStages.slice(before + 1, reached + 1);
  }
}
