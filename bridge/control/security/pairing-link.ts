import type { PairingOffer } from "./pairing-offers.ts";

export interface ServerAddress {
  /** `https://robot.local:8700` */
  readonly url: string;
  /** Other ways to the same server, e.g. `192.168.1.20`. */
  readonly addresses: readonly string[];
  /** SHA-256 of the CA certificate, hex; empty without TLS. */
  readonly fingerprint: string;
}

/**
 * What the QR code says: a link to the server's page, everything else in its fragment, which browsers
 * keep to themselves. A camera app opens the page; a native app reads the fragment as a query string:
 *
 * | key    | value                                                        |
 * | ------ | ------------------------------------------------------------ |
 * | `pair` | the one-time code                                            |
 * | `fp`   | SHA-256 of the CA certificate, hex; absent without TLS       |
 * | `role` | what the client will be                                      |
 * | `name` | what it will be called; absent: as it calls itself           |
 * | `exp`  | when the code ends, s since 1970                             |
 * | `at`   | other addresses of the server, by comma; absent if there are none |
 */
export function pairingLink(server: ServerAddress, offer: PairingOffer): string {
  const fields = new URLSearchParams({ pair: offer.code });
  if (server.fingerprint !== "") fields.set("fp", server.fingerprint);
  fields.set("role", offer.role);
  if (offer.name !== "") fields.set("name", offer.name);
  fields.set("exp", String(Math.floor(offer.expiresAtMs / 1000)));
  if (server.addresses.length > 0) fields.set("at", server.addresses.join(","));
  return `${server.url}/#${fields.toString()}`;
}
