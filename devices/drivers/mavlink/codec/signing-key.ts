import { readFileSync } from "node:fs";
import { BridgeError, ErrorCode } from "../../../../bridge/contract/errors.ts";
import { keyBytes, Signing } from "./signing.ts";

export interface SigningSettings {
  readonly signingKeyFile?: string | undefined;
  readonly linkId: number;
  readonly acceptUnsigned: boolean;
}

/**
 * Signing with the key of a file, or none without one.
 *
 * @throws BridgeError `config/invalid` when the file is not there or holds no key.
 */
export function openSigning(settings: SigningSettings): Signing | undefined {
  const { signingKeyFile: path, linkId, acceptUnsigned } = settings;
  if (path === undefined || path === "") return undefined;
  return new Signing({ key: readKey(path), linkId, acceptUnsigned, wallMs: Date.now });
}

function readKey(path: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(path, "latin1").trim();
  } catch (cause) {
    throw new BridgeError(
      ErrorCode.ConfigInvalid,
      `signing key ${path} cannot be read, expected a file of ${2 * keyBytes} hexadecimal digits`,
      { details: { path }, cause },
    );
  }
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Uint8Array.from(Buffer.from(text, "hex"));
  throw new BridgeError(
    ErrorCode.ConfigInvalid,
    `signing key ${path} holds ${text.length} characters, expected ${2 * keyBytes} hexadecimal digits`,
    { details: { path } },
  );
}
