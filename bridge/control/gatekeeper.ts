import type { MotionShare } from "../contract/actuation.ts";
import type { Role } from "../core/roles.ts";
import { isLoopbackAddress } from "./loopback.ts";

/** Somebody who said hello, or asks for an upgrade. */
export interface Applicant {
  readonly endpoint: "control" | "stream" | "device";
  /** Remote address of the socket. */
  readonly peerAddress: string;
  /** Of a browser; absent for native programs. */
  readonly origin?: string;
  /** Token or single-use ticket: from the hello, or from `Sec-WebSocket-Protocol` where one came there. */
  readonly token?: string;
  readonly role: Role;
  /** The name the client gives itself. */
  readonly client: string;
}

/** What was proven about a session; goes with it to the desk and into the audit log. */
export interface Credentials {
  /** Key id of a paired client, or how it was admitted without one, e.g. `loopback`. */
  readonly subject: string;
  readonly role: Role;
  /** The most this client may ever ask of a device; left out: all of it. */
  readonly share?: MotionShare;
  /** Monotonic ms at which the session ends by itself; left out: with its socket. */
  readonly expiresAtMs?: number;
}

export type Admittance =
  | { readonly ok: true; readonly credentials: Credentials }
  | { readonly ok: false; readonly code: string; readonly reason: string };

/** Decides who may come in as what. Answers at once: what needs time was done before (pairing). */
export interface Gatekeeper {
  admit(applicant: Applicant): Admittance;
  /** Tells subjects whose admittance has been withdrawn: their sessions end. */
  onRevoked?(listener: (subject: string, reason: string) => void): void;
}

/** Without keys: whoever is on this machine may be anything, others nothing. */
export const loopbackGatekeeper: Gatekeeper = {
  admit({ peerAddress, role }) {
    if (isLoopbackAddress(peerAddress)) {
      return { ok: true, credentials: { subject: "loopback", role } };
    }
    const reason = `client is at ${peerAddress}, expected a loopback address: there is no authentication`;
    return { ok: false, code: "auth/required", reason };
  },
};
