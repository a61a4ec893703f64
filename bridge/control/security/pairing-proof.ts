import { createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";

/** What both sides know of one pairing, beside the code. */
export interface PairingContext {
  readonly challenge: string;
  /** One run of the server. */
  readonly epoch: string;
  /** SHA-256 of the server's CA certificate, hex; empty without TLS. */
  readonly fingerprint: string;
  /** Ed25519, raw 32 bytes, base64url. */
  readonly publicKey: string;
  readonly client: string;
}

/**
 * The text that is proven, UTF-8, lines parted by \n without one at the end. It names the server
 * twice, so what was made for another server, or through somebody in between, fits here no more.
 */
export function pairingText(context: PairingContext): string {
  const { challenge, epoch, fingerprint, publicKey, client } = context;
  return ["kairos-bridge pairing v1", challenge, epoch, fingerprint, publicKey, client].join("\n");
}

/** HMAC-SHA-256 of the text under the code (`K7QM-2XPA`, ASCII), base64url. */
export function codeProof(code: string, context: PairingContext): string {
  return createHmac("sha256", code).update(pairingText(context)).digest("base64url");
}

/** In constant time for proofs of the right length. */
export function provesCode(code: string, context: PairingContext, proof: string): boolean {
  const expected = Buffer.from(codeProof(code, context));
  const found = Buffer.from(proof);
  return found.length === expected.length && timingSafeEqual(found, expected);
}

/**
 * Is `signature` (base64url) that of the key over the text, a newline, and the code's proof?
 *
 * The code is proven by its HMAC and not by being signed along: a public key of small order has
 * signatures that fit any text (RFC 8032 section 5.1.7 does not exclude them), so a signature alone
 * would prove a code its maker never saw.
 */
export function provesKey(context: PairingContext, proof: string, signature: string): boolean {
  const text = Buffer.from(`${pairingText(context)}\n${proof}`);
  try {
    const key = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: context.publicKey },
      format: "jwk",
    });
    return verify(null, text, key, Buffer.from(signature, "base64url"));
  } catch {
    // OpenSSL throws for what is no key at all.
    return false;
  }
}
