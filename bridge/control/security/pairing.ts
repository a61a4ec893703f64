import type { AuditLog } from "../../core/audit.ts";
import type { Role } from "../../core/roles.ts";
import type { AttemptLimiter } from "./attempt-limiter.ts";
import { PairCode, refuse, type Refusal } from "./auth-codes.ts";
import { challengeTtlMs, type Challenges } from "./challenges.ts";
import type { PairedClient, PairedClients } from "./paired-clients.ts";
import type { FoundOffer, PairingOffers } from "./pairing-offers.ts";
import { provesCode, provesKey, type PairingContext } from "./pairing-proof.ts";
import { newKeyId, newToken } from "./token.ts";

export interface PairingOptions {
  readonly clients: PairedClients;
  readonly offers: PairingOffers;
  readonly challenges: Challenges;
  readonly limiter: AttemptLimiter;
  /** One run of the server. */
  readonly epoch: string;
  /** SHA-256 of the CA certificate, hex; empty without TLS. */
  readonly fingerprint: string;
  readonly audit: AuditLog;
  /** Wall clock, ms since 1970. */
  readonly wallMs: () => number;
}

export interface ChallengeAnswer {
  readonly challenge: string;
  readonly epoch: string;
  readonly fingerprint: string;
  readonly expiresInMs: number;
}

export interface PairingProof {
  readonly challenge: string;
  readonly publicKey: string;
  readonly client: string;
  readonly codeProof: string;
  readonly signature: string;
  /** Refused if the code is for another one; left out: whatever the code is for. */
  readonly role?: Role;
  /** From now on the token alone lets nobody in: each connection takes a ticket. */
  readonly requireKey?: boolean;
}

export type PairingOutcome =
  { readonly ok: true; readonly token: string; readonly client: PairedClient } | Refusal<PairCode>;

/** How a client with a one-time code becomes one with a token. */
export class Pairing {
  readonly #options: PairingOptions;

  constructor(options: PairingOptions) {
    this.#options = options;
  }

  challenge(address: string): ChallengeAnswer | Refusal<PairCode> {
    const { limiter, challenges, epoch, fingerprint, wallMs } = this.#options;
    const nowMs = wallMs();
    if (!limiter.take(address, nowMs)) return tooMany;
    const challenge = challenges.make(nowMs);
    return { challenge, epoch, fingerprint, expiresInMs: challengeTtlMs };
  }

  /** Every attempt, good or bad, is in the audit log. */
  async prove(proof: PairingProof, address: string): Promise<PairingOutcome> {
    const outcome = await this.#judge(proof, address);
    const { client: name } = proof;
    if (outcome.ok) {
      const { keyId, role, expiresAtMs } = outcome.client;
      this.#record("paired", keyId, `as ${role}`, { client: name, role, address, expiresAtMs });
    } else {
      this.#record("pairing-refused", "", outcome.reason, {
        client: name,
        address,
        code: outcome.code,
      });
    }
    return outcome;
  }

  async #judge(proof: PairingProof, address: string): Promise<PairingOutcome> {
    const { limiter, challenges, epoch, fingerprint, offers, wallMs } = this.#options;
    const nowMs = wallMs();
    if (!limiter.take(address, nowMs)) return tooMany;
    const use = challenges.use(proof.challenge, nowMs);
    if (use !== "ok") return badChallenge[use];
    const { challenge, publicKey, client, codeProof, signature } = proof;
    const context: PairingContext = { challenge, epoch, fingerprint, publicKey, client };
    // All are tried, and in constant time each: how long it takes tells nothing about any of them.
    const [found] = (await offers.all()).filter(({ offer }) =>
      provesCode(offer.code, context, codeProof),
    );
    if (found === undefined) return refuse(PairCode.WrongCode, "no pairing with this code is open");
    if (found.state === "used") return used;
    if (found.state === "expired") return refuse(PairCode.CodeExpired, "the code has expired");
    if (!provesKey(context, codeProof, signature)) {
      return refuse(PairCode.Proof, "signature does not fit the public key and what was proven");
    }
    if (proof.role !== undefined && proof.role !== found.offer.role) {
      const reason = `role is ${proof.role}, the code is for a ${found.offer.role}`;
      return refuse(PairCode.Role, reason);
    }
    return await this.#admit(found, proof);
  }

  async #admit(found: FoundOffer, proof: PairingProof): Promise<PairingOutcome> {
    const { offers, clients, wallMs } = this.#options;
    if (!(await offers.claim(found))) return used;
    const { role, name, tokenTtlMs } = found.offer;
    const keyId = newKeyId();
    const { token, secretHash } = newToken(keyId);
    const createdAtMs = wallMs();
    const client: PairedClient = {
      keyId,
      name: name === "" ? proof.client : name,
      role,
      publicKey: proof.publicKey,
      secretHash,
      ...(proof.requireKey === true ? { requireKey: true } : {}),
      createdAtMs,
      expiresAtMs: createdAtMs + tokenTtlMs,
    };
    await clients.add(client);
    return { ok: true, token, client };
  }

  #record(what: string, subject: string, reason: string, details: Record<string, unknown>): void {
    const { audit, wallMs } = this.#options;
    const atNs = String(BigInt(Math.round(wallMs())) * 1_000_000n);
    audit.append({ kind: "security", what, subject, reason, details, atNs });
  }
}

const tooMany = refuse(PairCode.Rate, "too many attempts, wait a minute");
const used = refuse(PairCode.CodeUsed, "the code has been used, expected a new one");
const badChallenge = {
  unknown: refuse(PairCode.Challenge, "challenge was not given out here, ask for one first"),
  replayed: refuse(PairCode.Replayed, "challenge was answered before, expected a new one"),
  stale: refuse(PairCode.Stale, `challenge is older than ${challengeTtlMs / 1000} s`),
} as const;
