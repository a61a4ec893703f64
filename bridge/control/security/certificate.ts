import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from "node:crypto";
import {
  bitString,
  integer,
  isTrue,
  objectId,
  octetString,
  sequence,
  tagged,
  taggedBytes,
  time,
  utf8String,
  der,
  Tag,
} from "./der.ts";
import { addressBytes, nameKind } from "./host-names.ts";

const ecdsaWithSha256 = sequence(objectId("1.2.840.10045.4.3.2"));

interface CertificateFields {
  readonly subject: string;
  readonly issuer: string;
  /** EC P-256. */
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What a certificate authority may vouch for: these names, names below them, these networks. */
export interface PermittedNames {
  readonly domains: readonly string[];
  /** `10.0.0.0/8`, `fe80::/10` */
  readonly networks: readonly string[];
}

/** An authority for nothing but the names given: whoever trusts it risks nothing elsewhere. */
export function authorityCertificate(
  fields: CertificateFields & { readonly permitted: PermittedNames },
): string {
  const { domains, networks } = fields.permitted;
  const subtrees = [
    ...domains.map((domain) => sequence(taggedBytes(2, Buffer.from(domain)))),
    ...networks.map((network) => sequence(taggedBytes(7, networkBytes(network)))),
  ];
  return certificate(fields, [
    // CA:TRUE, and no authorities below it.
    extension("2.5.29.19", sequence(isTrue, integer(Buffer.from([0]))), "critical"),
    // keyCertSign, cRLSign.
    extension("2.5.29.15", bitString(Buffer.from([0x06]), 1), "critical"),
    extension("2.5.29.30", sequence(tagged(0, ...subtrees)), "critical"),
  ]);
}

/** A certificate for a server that is reached by these host names and addresses. */
export function serverCertificate(
  fields: CertificateFields & { readonly names: readonly string[] },
): string {
  const names = fields.names.map((name) =>
    nameKind(name) === "domain"
      ? taggedBytes(2, Buffer.from(name))
      : taggedBytes(7, addressBytes(name)),
  );
  return certificate(fields, [
    extension("2.5.29.19", sequence(), "critical"),
    // digitalSignature: all that TLS 1.3 and ECDHE need.
    extension("2.5.29.15", bitString(Buffer.from([0x80]), 7), "critical"),
    // serverAuth, which browsers ask for.
    extension("2.5.29.37", sequence(objectId("1.3.6.1.5.5.7.3.1"))),
    extension("2.5.29.17", sequence(...names)),
  ]);
}

/** RFC 5280 section 4.1, version 3, as PEM. */
function certificate(fields: CertificateFields, extensions: readonly Buffer[]): string {
  const { subject, issuer, publicKey, signingKey, notBefore, notAfter } = fields;
  const keyIds = [
    extension("2.5.29.14", octetString(keyIdOf(publicKey))),
    extension("2.5.29.35", sequence(taggedBytes(0, keyIdOf(createPublicKey(signingKey))))),
  ];
  const serial = randomBytes(16);
  serial[0] = (serial[0] ?? 0) & 0x7f;
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    commonName(issuer),
    sequence(time(notBefore), time(notAfter)),
    commonName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(3, sequence(...extensions, ...keyIds)),
  );
  const whole = sequence(body, ecdsaWithSha256, bitString(sign("sha256", body, signingKey)));
  const lines = whole.toString("base64").replaceAll(/.{64}/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`;
}

function extension(id: string, value: Buffer, critical?: "critical"): Buffer {
  const flag = critical === undefined ? [] : [isTrue];
  return sequence(objectId(id), ...flag, octetString(value));
}

const commonName = (name: string): Buffer =>
  sequence(der(Tag.Set, sequence(objectId("2.5.4.3"), utf8String(name))));

/** Any stable number will do (RFC 5280 section 4.2.1.2). */
const keyIdOf = (key: KeyObject): Buffer =>
  createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 20);

function networkBytes(network: string): Buffer {
  const [address = "", prefix = "0"] = network.split("/");
  const bytes = addressBytes(address);
  const mask = bytes.map((_, index) => {
    const bits = Math.min(8, Math.max(0, Number(prefix) - 8 * index));
    return (0xff << (8 - bits)) & 0xff;
  });
  return Buffer.concat([bytes, mask]);
}
