import type { Clock } from "../../contract/clock.ts";
import type { Role } from "../../core/roles.ts";
import type { Admittance, Applicant, Gatekeeper } from "../gatekeeper.ts";
import { AuthCode, refuse } from "./auth-codes.ts";
import type { PairedClient, PairedClients } from "./paired-clients.ts";
import { isSecretOf, parseToken } from "./token.ts";

/** What else a token lets its client be: never more than its own role. */
const lesserRoles: Readonly<Record<Role, readonly Role[]>> = {
  viewer: ["viewer", "estop"],
  controller: ["viewer", "estop", "agent", "controller"],
  supervisor: ["viewer", "estop", "agent", "controller", "supervisor"],
  estop: ["viewer", "estop"],
  agent: ["viewer", "estop", "agent"],
  device: ["device"],
};

export interface PairedGatekeeperOptions {
  readonly clients: PairedClients;
  readonly clock: Clock;
  /** Wall clock, ms since 1970. */
  readonly wallMs: () => number;
}

/** Lets in whoever holds a token of a paired client, as what that client may be, from wherever. */
export function pairedGatekeeper(options: PairedGatekeeperOptions): Gatekeeper {
  const { clients, clock, wallMs } = options;
  return {
    admit(applicant) {
      const verdict = judge(applicant, clients, wallMs());
      if ("code" in verdict) return verdict;
      const { keyId, expiresAtMs } = verdict;
      const credentials = {
        subject: keyId,
        role: applicant.role,
        expiresAtMs: clock.monotonicMs() + expiresAtMs - wallMs(),
      };
      return { ok: true, credentials };
    },
    onRevoked(listener) {
      clients.onRevoked(listener);
    },
  };
}

function judge(
  { token, role, endpoint }: Applicant,
  clients: PairedClients,
  nowMs: number,
): PairedClient | Extract<Admittance, { ok: false }> {
  if (token === undefined) {
    return refuse(AuthCode.Required, "no token, expected one from pairing with this server");
  }
  const parts = parseToken(token);
  if (parts === undefined) return refuse(AuthCode.Malformed, "token is not in our form");
  const { keyId, secret } = parts;
  const client = clients.find(keyId);
  if (client === undefined) {
    return refuse(AuthCode.Unknown, `no client ${keyId} is paired with this server`);
  }
  if (!isSecretOf(client.secretHash, secret)) {
    return refuse(AuthCode.Tampered, `this is not the token that client ${keyId} was given`);
  }
  if (clients.isRevoked(keyId)) return refuse(AuthCode.Revoked, `client ${keyId} was revoked`);
  if (nowMs >= client.expiresAtMs) {
    const since = new Date(client.expiresAtMs).toISOString();
    return refuse(AuthCode.Expired, `the token of client ${keyId} expired ${since}: pair again`);
  }
  // Whoever may see the device's motion may see all of it.
  const allowed = endpoint === "stream" ? true : lesserRoles[client.role].includes(role);
  if (allowed) return client;
  return refuse(AuthCode.Role, `client ${keyId} is a ${client.role}, expected ${role}`);
}
