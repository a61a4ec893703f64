import { ClientCode, ControlError } from "./errors.ts";

/** What pairing needs of a platform. */
export interface PairingCrypto {
  hmacSha256(key: Uint8Array, message: Uint8Array): Promise<Uint8Array> | Uint8Array;
  sha512(message: Uint8Array): Promise<Uint8Array>;
  randomBytes(count: number): Uint8Array;
}

interface Subtle {
  importKey(
    format: "raw",
    key: Uint8Array,
    algorithm: { readonly name: "HMAC"; readonly hash: "SHA-256" },
    extractable: false,
    uses: readonly ["sign"],
  ): Promise<object>;
  sign(algorithm: "HMAC", key: object, message: Uint8Array): Promise<ArrayBuffer>;
  digest(algorithm: "SHA-512", message: Uint8Array): Promise<ArrayBuffer>;
}

/** @throws ControlError `client/crypto` where there is no WebCrypto: React Native, pages without TLS. */
export function webCrypto(): PairingCrypto {
  const { crypto } = globalThis as {
    crypto?: { readonly subtle?: Subtle; getRandomValues(bytes: Uint8Array): Uint8Array };
  };
  const subtle = crypto?.subtle;
  if (crypto === undefined || subtle === undefined) {
    throw new ControlError(
      ClientCode.Crypto,
      "there is no WebCrypto here, expected a page over TLS or on localhost, or the option `crypto`",
    );
  }
  return {
    hmacSha256: async (key, message) => {
      const algorithm = { name: "HMAC", hash: "SHA-256" } as const;
      const imported = await subtle.importKey("raw", key, algorithm, false, ["sign"]);
      return new Uint8Array(await subtle.sign("HMAC", imported, message));
    },
    sha512: async (message) => new Uint8Array(await subtle.digest("SHA-512", message)),
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  };
}
