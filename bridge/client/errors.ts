/**
 * A request was refused or a connection ended. `code` is the server's own (`lease/held`,
 * `command/latched`, `control/message` ...) or one of the `client/*` codes; test it, never the text.
 */
export class ControlError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`[${code}] ${message}`);
    this.name = "ControlError";
    this.code = code;
  }
}

/** Codes that begin on this side of the wire. */
export const ClientCode = {
  /** The socket could not be opened, or the server is not one of ours. */
  Connect: "client/connect",
  /** The connection is over; what was pending has no answer. */
  Closed: "client/closed",
  /** The server did not answer in time. */
  Timeout: "client/timeout",
  /** The lease of this handle is not ours any more. */
  LeaseLost: "client/lease-lost",
  /** A motion ended before its first setpoint reached the driver. */
  NotApplied: "client/not-applied",
  /** The server is not the one whose pairing code was scanned. */
  Fingerprint: "client/fingerprint",
  /** This platform lacks what pairing needs; pass the option `crypto`. */
  Crypto: "client/crypto",
  /** A scanned text that is no pairing code. */
  Link: "client/link",
  /** The server has no device of that name. */
  Device: "client/device",
} as const;
export type ClientCode = (typeof ClientCode)[keyof typeof ClientCode];
