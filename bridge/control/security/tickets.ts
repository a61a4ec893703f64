import { createHash, randomBytes } from "node:crypto";
import { AuthCode, refuse, type Refusal } from "./auth-codes.ts";

/** From being given out to a hello; a phone on a bad network reconnects within it. */
export const ticketTtlMs = 30_000;
/** Used and expired ones are remembered as long again, so that whoever comes with one is told why. */
const rememberedMs = 2 * ticketTtlMs;
const maxTickets = 256;

interface Ticket {
  readonly keyId: string;
  readonly atMs: number;
  used: boolean;
}

/**
 * Admittance for one connection within half a minute, for a client that has proven its key just now.
 * Kept as hashes, in memory only: a restart forgets them. Time comes in, as monotonic ms.
 */
export class Tickets {
  readonly #byHash = new Map<string, Ticket>();

  /** `kt1.` and 256 random bits. */
  make(keyId: string, nowMs: number): string {
    for (const [hash, { atMs }] of this.#byHash) {
      if (nowMs - atMs <= rememberedMs && this.#byHash.size < maxTickets) break;
      this.#byHash.delete(hash);
    }
    const ticket = `kt1.${randomBytes(32).toString("base64url")}`;
    this.#byHash.set(hashOf(ticket), { keyId, atMs: nowMs, used: false });
    return ticket;
  }

  /** Whose it is; `use` is to follow once that client is let in. */
  find(ticket: string, nowMs: number): { readonly keyId: string } | Refusal<AuthCode> {
    const found = this.#byHash.get(hashOf(ticket));
    if (found === undefined) return refuse(AuthCode.Ticket, "ticket was not given out here");
    if (found.used) return refuse(AuthCode.Replayed, "ticket was used, expected a new one");
    if (nowMs - found.atMs <= ticketTtlMs) return found;
    return refuse(AuthCode.Stale, `ticket is older than ${ticketTtlMs / 1000} s`);
  }

  use(ticket: string): void {
    const found = this.#byHash.get(hashOf(ticket));
    if (found !== undefined) found.used = true;
  }
}

export const isTicket = (token: string): boolean => token.startsWith("kt1.");

const hashOf = (ticket: string): string => createHash("sha256").update(ticket).digest("hex");
