import type { WebSocket } from "ws";
import type { Clock } from "../contract/clock.ts";
import type { AuditLog } from "../core/audit.ts";
import type { Admittance, Applicant, Gatekeeper } from "./gatekeeper.ts";
import { CloseCode, closeSocket } from "./socket-limits.ts";

/** Who is at the other end of a socket, as far as its upgrade tells. */
export interface Caller {
  /** Remote address of the socket. */
  readonly peerAddress: string;
  /** Of a browser. */
  readonly origin?: string;
  /** Token of the `Authorization` header; browsers cannot set one, and send theirs in the hello. */
  readonly token?: string;
}

/** What somebody says of themselves in a hello. */
export type Introduction = Pick<Applicant, "endpoint" | "role" | "client" | "token">;

/** Closes a socket that was let in, with a code for its client. */
export type EndAdmitted = (code: string, reason: string) => void;

interface Guest {
  readonly subject: string;
  readonly expiresAtMs: number;
  readonly end: EndAdmitted;
}

export interface ReceptionOptions {
  readonly gatekeeper: Gatekeeper;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/**
 * Asks the gatekeeper about everybody, remembers who was let in for how long, and shows those out
 * whose right has ended: by time, or because their key was revoked.
 */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #guests = new Set<Guest>();

  constructor(options: ReceptionOptions) {
    this.#options = options;
    options.gatekeeper.onRevoked?.((subject, reason) => {
      for (const guest of this.#guests) {
        if (guest.subject === subject) this.#showOut(guest, "auth/revoked", reason);
      }
    });
  }

  get guestCount(): number {
    return this.#guests.size;
  }

  /** `leave` has to be called when an admitted socket has gone. */
  admit(
    { peerAddress, origin, token }: Caller,
    introduction: Introduction,
    end: EndAdmitted,
  ): Admittance & { readonly leave: () => void } {
    const verdict = this.#options.gatekeeper.admit({
      peerAddress,
      ...(origin === undefined ? {} : { origin }),
      ...(token === undefined ? {} : { token }),
      ...introduction,
    });
    if (!verdict.ok) {
      this.#recordRefusal(introduction, verdict, peerAddress);
      return { ...verdict, leave: () => undefined };
    }
    const { subject, expiresAtMs = Number.POSITIVE_INFINITY } = verdict.credentials;
    const guest: Guest = { subject, expiresAtMs, end };
    this.#guests.add(guest);
    return { ...verdict, leave: () => this.#guests.delete(guest) };
  }

  /** For an endpoint that asks by itself: a gatekeeper for one socket, which is closed when its right ends. */
  guard(socket: WebSocket, caller: Caller): Gatekeeper {
    return {
      admit: ({ endpoint, role, client, token }) => {
        const proof = token === undefined ? {} : { token };
        const verdict = this.admit(caller, { endpoint, role, client, ...proof }, (code, reason) => {
          if (socket.readyState !== socket.OPEN) return;
          socket.send(JSON.stringify({ type: "error", code, message: reason }));
          closeSocket(socket, CloseCode.Policy, `${code}: ${reason}`);
        });
        socket.once("close", verdict.leave);
        return verdict;
      },
    };
  }

  /** Lets time take effect. Called a few times a second. */
  tick(nowMs: number): void {
    for (const guest of this.#guests) {
      if (nowMs >= guest.expiresAtMs) this.#showOut(guest, "auth/expired", "the token has expired");
    }
  }

  #showOut(guest: Guest, code: string, reason: string): void {
    this.#guests.delete(guest);
    guest.end(code, reason);
    this.#options.audit.append({
      kind: "security",
      what: "session-ended",
      subject: guest.subject,
      reason,
      details: { code },
      atNs: this.#nowNs(),
    });
  }

  #recordRefusal(
    { role, client, endpoint }: Introduction,
    { code, reason }: Extract<Admittance, { ok: false }>,
    peerAddress: string,
  ): void {
    const why = `${reason} (${endpoint}, from ${peerAddress})`;
    this.#options.audit.append({
      kind: "session.refused",
      client,
      role,
      code,
      reason: why,
      atNs: this.#nowNs(),
    });
  }

  #nowNs(): string {
    const { clock } = this.#options;
    return String(clock.stampNsAt(clock.monotonicMs()));
  }
}
