import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
  type KeyObject,
} from "node:crypto";
import { BridgeError, ErrorCode } from "../../contract/errors.ts";
import type { ServerCertificate } from "../control-security.ts";
import { authorityCertificate, serverCertificate, type PermittedNames } from "./certificate.ts";
import { isInNetworks, localNetworks, nameKind } from "./host-names.ts";
import type { PrivateFolder } from "./private-folder.ts";

interface KeyAndCertificate extends ServerCertificate {
  readonly parsed: X509Certificate;
}

const dayMs = 86_400_000;
const authorityDays = 3650;
/** Browsers refuse more than 398 days from authorities they know; the habit is a good one. */
const serverDays = 365;
const renewBeforeDays = 30;
/** A clock that is a little behind ours shall find the certificate valid all the same. */
const backdateMs = 3_600_000;

/**
 * A certificate authority of this one server, and the server's certificate from it. The authority
 * stays, so that clients go on trusting; the server's is renewed when its names change or it ages.
 */
export class LocalCa {
  /** PEM: what people and programs are asked to trust. */
  readonly certificate: string;
  /** SHA-256 of its DER form, hex: what a QR code says and programs pin. */
  readonly fingerprint: string;
  readonly #folder: PrivateFolder;
  readonly #authority: KeyAndCertificate;
  readonly #wallMs: () => number;

  private constructor(folder: PrivateFolder, authority: KeyAndCertificate, wallMs: () => number) {
    this.#folder = folder;
    this.#authority = authority;
    this.#wallMs = wallMs;
    this.certificate = authority.cert;
    this.fingerprint = createHash("sha256").update(authority.parsed.raw).digest("hex");
  }

  /** @param names that the authority must be able to vouch for; if it cannot, it is made anew. */
  static async open(
    folder: PrivateFolder,
    names: readonly string[],
    wallMs: () => number,
  ): Promise<LocalCa> {
    const kept = await readPair(folder, "ca");
    const permitted = await readPermitted(folder);
    const serves =
      kept !== undefined &&
      isFresh(kept.parsed, wallMs()) &&
      names.every((name) => isPermitted(name, permitted));
    const authority = serves ? kept : await newAuthority(folder, names, wallMs());
    return new LocalCa(folder, authority, wallMs);
  }

  /** The server's certificate for exactly these names: the one there is, or a new one. */
  async issue(names: readonly string[]): Promise<ServerCertificate> {
    const kept = await readPair(this.#folder, "server");
    const serves =
      kept !== undefined &&
      isFresh(kept.parsed, this.#wallMs()) &&
      kept.parsed.checkIssued(this.#authority.parsed) &&
      kept.parsed.verify(this.#authority.parsed.publicKey) &&
      sameNames(kept.parsed, names);
    const { key, cert } = serves ? kept : await this.#renew(names);
    return { key, cert };
  }

  async #renew(names: readonly string[]): Promise<KeyAndCertificate> {
    const { privateKey, publicKey } = newKey();
    const cert = serverCertificate({
      subject: "kairos-bridge",
      issuer: commonNameOf(this.#authority.parsed),
      publicKey,
      signingKey: createPrivateKey(this.#authority.key),
      ...validity(this.#wallMs(), serverDays),
      names,
    });
    return await writePair(this.#folder, "server", privateKey, cert);
  }
}

async function newAuthority(
  folder: PrivateFolder,
  names: readonly string[],
  nowMs: number,
): Promise<KeyAndCertificate> {
  const { privateKey, publicKey } = newKey();
  const subject = `kairos-bridge ${createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 8)}`;
  const permitted = permittedFor(names);
  const cert = authorityCertificate({
    subject,
    issuer: subject,
    publicKey,
    signingKey: privateKey,
    ...validity(nowMs, authorityDays),
    permitted,
  });
  await folder.write("ca-names.json", `${JSON.stringify(permitted)}\n`);
  return await writePair(folder, "ca", privateKey, cert);
}

/** Local networks and `.local` always; beyond that only what this server is called. */
function permittedFor(names: readonly string[]): PermittedNames {
  const domains = new Set(["local", "localhost"]);
  const networks = new Set<string>(localNetworks);
  for (const name of names) {
    if (nameKind(name) === "domain") domains.add(name);
    else if (!isInNetworks(name, [...networks])) {
      networks.add(`${name}/${name.includes(":") ? 128 : 32}`);
    }
  }
  return {
    domains: [...domains].filter((name) => name === "local" || !name.endsWith(".local")),
    networks: [...networks],
  };
}

function isPermitted(name: string, { domains, networks }: PermittedNames): boolean {
  if (nameKind(name) === "address") return isInNetworks(name, networks);
  return domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
}

async function readPermitted(folder: PrivateFolder): Promise<PermittedNames> {
  try {
    return JSON.parse((await folder.read("ca-names.json")) ?? "") as PermittedNames;
  } catch {
    return { domains: [], networks: [] };
  }
}

async function readPair(
  folder: PrivateFolder,
  name: string,
): Promise<KeyAndCertificate | undefined> {
  const [key, cert] = [await folder.read(`${name}.key`), await folder.read(`${name}.crt`)];
  if (key === undefined || cert === undefined) return undefined;
  try {
    const parsed = new X509Certificate(cert);
    // A crash between the two files leaves a key that is not the certificate's.
    return parsed.checkPrivateKey(createPrivateKey(key)) ? { key, cert, parsed } : undefined;
  } catch (error) {
    throw new BridgeError(
      ErrorCode.SecurityFolder,
      `${folder.path}/${name}.key or .crt is damaged; move both away to have them made anew`,
      { cause: error },
    );
  }
}

async function writePair(
  folder: PrivateFolder,
  name: string,
  privateKey: KeyObject,
  cert: string,
): Promise<KeyAndCertificate> {
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await folder.write(`${name}.key`, key);
  await folder.write(`${name}.crt`, cert);
  return { key, cert, parsed: new X509Certificate(cert) };
}

/** P-256 and not Ed25519: browsers take no Ed25519 certificates. */
function newKey(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

function validity(nowMs: number, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(nowMs - backdateMs), notAfter: new Date(nowMs + days * dayMs) };
}

/** Neither from the future nor soon over. */
function isFresh({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && nowMs < Date.parse(validTo) - renewBeforeDays * dayMs;
}

const commonNameOf = ({ subject }: X509Certificate): string => subject.replace(/^CN=/, "");

function sameNames({ subjectAltName }: X509Certificate, names: readonly string[]): boolean {
  const wanted = new Set(names);
  const found = (subjectAltName ?? "").split(", ").map((entry) => {
    const [kind, ...rest] = entry.split(":");
    const value = rest.join(":");
    return kind === "DNS" ? value : shortAddress(value);
  });
  return found.length === wanted.size && found.every((name) => wanted.has(name));
}

/** OpenSSL writes an IPv6 address in full. */
const shortAddress = (address: string): string =>
  address.includes(":") ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
