import * as z from "zod";
import { roles } from "../../core/roles.ts";

/** A name without control characters: it is part of the text that is proven, one line of it. */
const name = z.string().regex(/^[^\u0000-\u001f\u007f]{1,64}$/u, "1 to 64 printable characters");
const bytes32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "32 bytes as base64url");
const bytes64 = z.string().regex(/^[A-Za-z0-9_-]{86}$/, "64 bytes as base64url");

export const proveRequest = z.strictObject({
  challenge: bytes32,
  publicKey: bytes32,
  client: name,
  codeProof: bytes32,
  signature: bytes64,
  role: z.enum(roles).exactOptional(),
  requireKey: z.boolean().exactOptional(),
});

export const ticketRequest = z.strictObject({
  keyId: z.string().regex(/^[A-Za-z0-9_-]{12}$/, "a key id"),
  challenge: bytes32,
  signature: bytes64,
});

export const maxTokenDays = 365;
export const defaultTokenDays = 30;

export const offerRequest = z.strictObject({
  role: z.enum(roles),
  name: name.exactOptional(),
  /** How long the token will work. */
  days: z.number().positive().max(maxTokenDays).default(defaultTokenDays),
});

export const revokeRequest = z.strictObject({
  keyId: z.string().regex(/^[A-Za-z0-9_-]{12}$/, "a key id"),
  reason: z.string().max(200).default("revoked"),
});

/** The first thing that is wrong, for people. */
export function problemOf(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join(".") ?? "body"}: ${issue?.message ?? "is invalid"}`;
}
