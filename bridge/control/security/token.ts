import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** A token as its client holds it: `kb1.<key id>.<256 random bits>`. */
export interface TokenParts {
  readonly keyId: string;
  readonly secret: string;
}

/** Which token it is may be seen by all; so key ids are random too and say nothing. */
export const newKeyId = (): string => randomBytes(9).toString("base64url");

export function newToken(keyId: string): { readonly token: string; readonly secretHash: string } {
  const secret = randomBytes(32).toString("base64url");
  return { token: `kb1.${keyId}.${secret}`, secretHash: hashOf(secret).toString("hex") };
}

const form = /^kb1\.([A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{43})$/;

export function parseToken(token: string): TokenParts | undefined {
  const [, keyId, secret] = form.exec(token) ?? [];
  return keyId === undefined || secret === undefined ? undefined : { keyId, secret };
}

/** Takes as long for a nearly right secret as for a wrong one. */
export function isSecretOf(secretHash: string, secret: string): boolean {
  return timingSafeEqual(Buffer.from(secretHash, "hex"), hashOf(secret));
}

const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();
