import { randomBytes } from "node:crypto";

export const challengeTtlMs = 60_000;
const maxChallenges = 256;

/** Numbers used once: what is signed today proves nothing tomorrow. Time comes in. */
export class Challenges {
  readonly #issued = new Map<string, { readonly atMs: number; used: boolean }>();

  make(nowMs: number): string {
    for (const [challenge, { atMs }] of this.#issued) {
      const isOld = nowMs - atMs > 2 * challengeTtlMs;
      if (!isOld && this.#issued.size < maxChallenges) break;
      this.#issued.delete(challenge);
    }
    const challenge = randomBytes(32).toString("base64url");
    this.#issued.set(challenge, { atMs: nowMs, used: false });
    return challenge;
  }

  /** `ok` once and in time. */
  use(challenge: string, nowMs: number): "ok" | "unknown" | "replayed" | "stale" {
    const found = this.#issued.get(challenge);
    if (found === undefined) return "unknown";
    if (found.used) return "replayed";
    found.used = true;
    const ageMs = nowMs - found.atMs;
    // From the future: the wall clock was set back, and how old it is cannot be told.
    return ageMs < 0 || ageMs > challengeTtlMs ? "stale" : "ok";
  }
}
