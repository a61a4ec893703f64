/** Why somebody was not let in. Clients test these, never wording. */
export const AuthCode = {
  /** No token came. */
  Required: "auth/required",
  /** Not in the form of our tokens. */
  Malformed: "auth/malformed",
  /** No client of that key id is paired here. */
  Unknown: "auth/unknown",
  /** The key id is known, what follows it is not what was issued. */
  Tampered: "auth/tampered",
  Expired: "auth/expired",
  Revoked: "auth/revoked",
  /** The token is for less than what was asked for. */
  Role: "auth/role",
  /** This client is let in with a ticket only, for which it proves its key. */
  KeyRequired: "auth/key-required",
  /** The signature is not by the client's key. */
  Proof: "auth/proof",
  /** No such challenge was given out here. */
  Challenge: "auth/challenge",
  /** No such ticket was given out here. */
  Ticket: "auth/ticket",
  /** The challenge or the ticket was used before. */
  Replayed: "auth/replayed",
  /** The challenge or the ticket comes too late. */
  Stale: "auth/stale",
  /** Too many attempts. */
  Rate: "auth/rate",
} as const;
export type AuthCode = (typeof AuthCode)[keyof typeof AuthCode];

/** Why a pairing did not come about. */
export const PairCode = {
  /** Authentication is off: there is nothing to pair. */
  Off: "pair/off",
  /** The request's body is not as described. */
  Message: "pair/message",
  /** No such challenge was given out here. */
  Challenge: "pair/challenge",
  /** The challenge was answered before. */
  Replayed: "pair/replayed",
  /** The challenge was answered too late. */
  Stale: "pair/stale",
  /** The code is wrong. */
  WrongCode: "pair/code",
  CodeExpired: "pair/code-expired",
  CodeUsed: "pair/code-used",
  /** The signature does not prove the key. */
  Proof: "pair/proof",
  /** Another role was asked for than the code is for. */
  Role: "pair/role",
  /** Too many attempts. */
  Rate: "pair/rate",
} as const;
export type PairCode = (typeof PairCode)[keyof typeof PairCode];

export interface Refusal<Code extends string> {
  readonly ok: false;
  readonly code: Code;
  readonly reason: string;
}

export const refuse = <Code extends string>(code: Code, reason: string): Refusal<Code> => ({
  ok: false,
  code,
  reason,
});
