import { ClientCode, ControlError } from "./errors.ts";

/** What a QR code of `kairos-bridge pair` says. */
export interface PairingLink {
  /** The server, e.g. `https://robot.local:8700`. */
  readonly url: string;
  readonly code: string;
  /** SHA-256 of the server's CA certificate, hex; empty without TLS. */
  readonly fingerprint: string;
  readonly role: string;
  /** What the client will be called; empty: as it calls itself. */
  readonly name: string;
  /** Wall clock, ms since 1970. */
  readonly expiresAtMs: number;
  /** Other ways to the same server. */
  readonly addresses: readonly string[];
}

/**
 * Reads what a camera found: `https://robot.local:8700/#pair=K7QM-2XPA&fp=…&role=controller&exp=…`. By
 * hand, since the URL of React Native lacks parts.
 *
 * @throws ControlError `client/link` if it is something else.
 */
export function readPairingLink(text: string): PairingLink {
  const parts = /^(https?:\/\/[^/?#\s]+)\/?#(\S+)$/i.exec(text.trim());
  const fields = new Map(
    (parts?.[2] ?? "").split("&").map((field) => {
      const [name = "", value = ""] = field.split("=", 2);
      return [name, decodeField(value)] as const;
    }),
  );
  const [url, code, role] = [parts?.[1], fields.get("pair"), fields.get("role")];
  const expiresAtMs = Number(fields.get("exp")) * 1000;
  if (url === undefined || code === undefined || role === undefined || !(expiresAtMs > 0)) {
    throw new ControlError(ClientCode.Link, "this is no pairing code of a kairos-bridge");
  }
  const addresses = fields.get("at") ?? "";
  return {
    url,
    code,
    role,
    expiresAtMs,
    fingerprint: fields.get("fp") ?? "",
    name: fields.get("name") ?? "",
    addresses: addresses === "" ? [] : addresses.split(","),
  };
}

function decodeField(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll("+", " "));
  } catch {
    return value;
  }
}
