import { base64Url, fromBase64Url } from "./base64-url.ts";
import { ClientCode, ControlError } from "./errors.ts";
import { type PairingCrypto, webCrypto } from "./pairing-crypto.ts";
import type { PairingLink } from "./pairing-link.ts";
import type { ServerUrl } from "./socket.ts";

/** Where an app keeps secrets: `localStorage`, a key chain, a file. Text by name. */
export interface KeyStorage {
  load(name: string): Promise<string | null | undefined> | string | null | undefined;
  save(name: string, text: string): Promise<void> | void;
}

/** What a server has given this client. */
export interface PairedKey {
  /** For `token` of every connection. */
  readonly token: string;
  readonly keyId: string;
  readonly role: string;
  /** What the server calls this client. */
  readonly name: string;
  /** Wall clock, ms since 1970. */
  readonly expiresAtMs: number;
}

type Fetch = (
  url: string,
  init: {
    readonly method: "POST";
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  },
) => Promise<{ readonly ok: boolean; json(): Promise<unknown> }>;

export interface PairOptions {
  /** The one-time code, e.g. `K7QM-2XPA`. */
  readonly code: string;
  /** A name that people who share the device will recognise. */
  readonly client: string;
  readonly storage: KeyStorage;
  /** Refused if the code is for another role. */
  readonly role?: string;
  /** SHA-256 of the server's CA certificate, hex, from the QR code: refused if the server says another. */
  readonly fingerprint?: string;
  /** From now on the token alone is refused: each connection takes a `sessionTicket`. */
  readonly requireKey?: boolean;
  /** Left out: the global one. */
  readonly fetch?: Fetch;
  /** Left out: WebCrypto. React Native has none: give it `@noble/hashes`. */
  readonly crypto?: PairingCrypto;
}

/**
 * Becomes a client of a server: proves to it that the one-time code is known, and that a key of its own
 * is held. Key and token go to the storage.
 *
 * @param url the server, e.g. `https://robot.local:8700`.
 * @throws ControlError `pair/*` as the server answers, `client/fingerprint` for another server than the
 *   one whose code was scanned, `client/connect`, `client/crypto`.
 */
export async function pairWithCode(url: ServerUrl, options: PairOptions): Promise<PairedKey> {
  const { code, client, storage, role, fingerprint: expected } = options;
  const crypto = options.crypto ?? webCrypto();
  const server = serverOf(url);
  const post = poster(server, options.fetch);
  const { challenge, epoch, fingerprint } = await post<Challenge>("/v1/pair/challenge", {});
  if (expected !== undefined && expected.toLowerCase() !== fingerprint.toLowerCase()) {
    const text = `server has certificate ${fingerprint || "none"}, the code is for ${expected}`;
    throw new ControlError(ClientCode.Fingerprint, text);
  }
  // Only who pairs loads it: 40 kB that no other page needs.
  const ed25519 = await import("@noble/ed25519");
  ed25519.hashes.sha512Async = async (message) => new Uint8Array(await crypto.sha512(message));
  const key = await ownKey(server, storage, crypto);
  const publicKey = base64Url(await ed25519.getPublicKeyAsync(key));
  const text = ["kairos-bridge pairing v1", challenge, epoch, fingerprint, publicKey, client].join(
    "\n",
  );
  const utf8 = new TextEncoder();
  const codeProof = base64Url(await crypto.hmacSha256(utf8.encode(code), utf8.encode(text)));
  const signed = utf8.encode(`${text}\n${codeProof}`);
  const signature = base64Url(await ed25519.signAsync(signed, key));
  const paired = await post<PairedKey>("/v1/pair/prove", {
    challenge,
    publicKey,
    client,
    codeProof,
    signature,
    ...(role === undefined ? {} : { role }),
    ...(options.requireKey === true ? { requireKey: true } : {}),
  });
  await storage.save(tokenName(server), JSON.stringify(paired));
  return paired;
}

/** The same with what a scanned code says. @throws as `pairWithCode`. */
export async function pairWithLink(
  link: PairingLink,
  options: Omit<PairOptions, "code" | "fingerprint" | "role">,
): Promise<PairedKey> {
  const { url, code, fingerprint, role } = link;
  return await pairWithCode(url, { ...options, code, role, fingerprint });
}

/** What an earlier pairing with this server gave, unless it has expired. */
export async function pairedKey(
  url: ServerUrl,
  storage: KeyStorage,
): Promise<PairedKey | undefined> {
  const text = await storage.load(tokenName(serverOf(url)));
  if (typeof text !== "string" || text === "") return undefined;
  const paired = JSON.parse(text) as PairedKey;
  return paired.expiresAtMs > Date.now() ? paired : undefined;
}

/** Forgets the token; the key stays. The server forgets a client only when it is revoked there. */
export async function forgetPairing(url: ServerUrl, storage: KeyStorage): Promise<void> {
  await storage.save(tokenName(serverOf(url)), "");
}

/**
 * A ticket for one connection within 30 s, for a fresh proof of the key: goes where the token goes, e.g.
 * `keepControl(url, { token: () => sessionTicket(url, { storage }) })`.
 *
 * @throws ControlError `auth/*` as the server answers, `client/connect`, `client/crypto`; `auth/required`
 *   if this client is not paired.
 */
export async function sessionTicket(
  url: ServerUrl,
  options: Pick<PairOptions, "storage" | "fetch" | "crypto">,
): Promise<string> {
  const { storage, crypto = webCrypto() } = options;
  const server = serverOf(url);
  const paired = await pairedKey(url, storage);
  if (paired === undefined) throw new ControlError("auth/required", "not paired with this server");
  const { keyId } = paired;
  const post = poster(server, options.fetch);
  const { challenge, epoch, fingerprint } = await post<Challenge>("/v1/auth/challenge", {});
  const ed25519 = await import("@noble/ed25519");
  ed25519.hashes.sha512Async = async (message) => new Uint8Array(await crypto.sha512(message));
  const lines = ["kairos-bridge session v1", challenge, epoch, fingerprint, keyId];
  const text = new TextEncoder().encode(lines.join("\n"));
  const key = await ownKey(server, storage, crypto);
  const signature = base64Url(await ed25519.signAsync(text, key));
  const { ticket } = await post<{ readonly ticket: string }>("/v1/auth/ticket", {
    keyId,
    challenge,
    signature,
  });
  return ticket;
}

interface Challenge {
  readonly challenge: string;
  readonly epoch: string;
  readonly fingerprint: string;
}

const tokenName = (server: string): string => `kairos-bridge token ${server}`;

/** One key per server, so that two of them cannot tell that it is the same client. */
async function ownKey(
  server: string,
  storage: KeyStorage,
  crypto: PairingCrypto,
): Promise<Uint8Array> {
  const name = `kairos-bridge key ${server}`;
  const kept = await storage.load(name);
  if (typeof kept === "string" && kept !== "") return fromBase64Url(kept);
  const key = crypto.randomBytes(32);
  await storage.save(name, base64Url(key));
  return key;
}

/** `http(s)://host:port` of any address of the server. */
function serverOf(url: ServerUrl): string {
  const text = typeof url === "string" ? url : url.href;
  const parts = /^(?:http|ws)(s?):\/\/([^/?#\s]+)/i.exec(text);
  if (parts === null) {
    throw new ControlError(ClientCode.Connect, `url is ${text}, expected http: or ws:`);
  }
  const [, secure = "", host = ""] = parts;
  return `http${secure.toLowerCase()}://${host}`;
}

function poster(server: string, given: Fetch | undefined) {
  const { fetch: found } = globalThis as { fetch?: Fetch };
  const fetch = given ?? found;
  return async <T>(path: string, body: object): Promise<T> => {
    if (fetch === undefined) {
      throw new ControlError(ClientCode.Connect, "there is no global fetch here, expected one");
    }
    const answer = await fetch(`${server}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }).catch((error: unknown) => {
      throw new ControlError(ClientCode.Connect, `${server} cannot be reached: ${String(error)}`);
    });
    const value = await answer.json().catch(() => ({}));
    if (answer.ok) return value as T;
    const { code = ClientCode.Connect, message = "refused" } = value as {
      readonly code?: string;
      readonly message?: string;
    };
    throw new ControlError(code, message);
  };
}
