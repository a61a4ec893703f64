import { createPublicKey, verify } from "node:crypto";
import type { AttemptLimiter } from "./attempt-limiter.ts";
import { AuthCode, refuse, type Refusal } from "./auth-codes.ts";
import { challengeTtlMs, type Challenges } from "./challenges.ts";
import type { PairedClients } from "./paired-clients.ts";
import type { ChallengeAnswer } from "./pairing.ts";
import { ticketTtlMs, type Tickets } from "./tickets.ts";

export interface KeyProofOptions {
  readonly clients: PairedClients;
  readonly challenges: Challenges;
  readonly tickets: Tickets;
  readonly limiter: AttemptLimiter;
  /** One run of the server. */
  readonly epoch: string;
  /** SHA-256 of the CA certificate, hex; empty without TLS. */
  readonly fingerprint: string;
  readonly monotonicMs: () => number;
}

export interface KeyProof {
  readonly keyId: string;
  readonly challenge: string;
  /** Ed25519 of `sessionText`, base64url. */
  readonly signature: string;
}

export interface TicketAnswer {
  readonly ticket: string;
  readonly expiresInMs: number;
}

/** What is signed, UTF-8: names the server twice, as the text of a pairing does, and is none. */
export function sessionText(
  proof: Pick<KeyProof, "keyId" | "challenge">,
  server: { readonly epoch: string; readonly fingerprint: string },
): string {
  const { keyId, challenge } = proof;
  const { epoch, fingerprint } = server;
  return ["kairos-bridge session v1", challenge, epoch, fingerprint, keyId].join("\n");
}

/** How a paired client shows that it still holds its key, and gets a ticket for one connection. */
export class KeyProofs {
  readonly #options: KeyProofOptions;

  constructor(options: KeyProofOptions) {
    this.#options = options;
  }

  challenge(address: string): ChallengeAnswer | Refusal<AuthCode> {
    const { limiter, challenges, epoch, fingerprint, monotonicMs } = this.#options;
    const nowMs = monotonicMs();
    if (!limiter.take(address, nowMs)) return tooMany;
    return { challenge: challenges.make(nowMs), epoch, fingerprint, expiresInMs: challengeTtlMs };
  }

  /** Whether the client may come in, and as what, is for the gatekeeper to say when the ticket comes. */
  prove(proof: KeyProof, address: string): TicketAnswer | Refusal<AuthCode> {
    const { limiter, challenges, clients, tickets, monotonicMs } = this.#options;
    const nowMs = monotonicMs();
    if (!limiter.take(address, nowMs)) return tooMany;
    const use = challenges.use(proof.challenge, nowMs);
    if (use !== "ok") return badChallenge[use];
    const client = clients.find(proof.keyId);
    if (client === undefined) {
      return refuse(AuthCode.Unknown, `no client ${proof.keyId} is paired with this server`);
    }
    if (!isSigned(sessionText(proof, this.#options), client.publicKey, proof.signature)) {
      return refuse(AuthCode.Proof, `signature is not by the key of client ${proof.keyId}`);
    }
    return { ticket: tickets.make(proof.keyId, nowMs), expiresInMs: ticketTtlMs };
  }
}

function isSigned(text: string, publicKey: string, signature: string): boolean {
  try {
    const key = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: publicKey },
      format: "jwk",
    });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, "base64url"));
  } catch {
    // OpenSSL throws for what is no key at all.
    return false;
  }
}

const tooMany = refuse(AuthCode.Rate, "too many attempts, wait a minute");
const badChallenge = {
  unknown: refuse(AuthCode.Challenge, "challenge was not given out here, ask for one first"),
  replayed: refuse(AuthCode.Replayed, "challenge was answered before, expected a new one"),
  stale: refuse(AuthCode.Stale, `challenge is older than ${challengeTtlMs / 1000} s`),
} as const;
