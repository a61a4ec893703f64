import type { Clock } from "../../contract/clock.ts";
import type { Role } from "../../core/roles.ts";
import type { Admittance, Applicant, Gatekeeper } from "../gatekeeper.ts";
import { AuthCode, refuse } from "./auth-codes.ts";
import type { PairedClient, PairedClients } from "./paired-clients.ts";
import { isTicket, type Tickets } from "./tickets.ts";
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
  readonly tickets: Tickets;
  readonly clock: Clock;
  /** Wall clock, ms since 1970. */
  readonly wallMs: () => number;
}

/** Lets in whoever holds a token of a paired client, or a ticket for its proven key, as what that client may be, from wherever. */
export function pairedGatekeeper(options: PairedGatekeeperOptions): Gatekeeper {
  const { clients, tickets, clock, wallMs } = options;
  return {
    admit(applicant) {
      const { token } = applicant;
      const found = token === undefined ? noToken : whoHas(token, options);
      if ("code" in found) return found;
      const verdict = mayEnter(found, applicant, options);
      if ("code" in verdict) return verdict;
      if (token !== undefined && isTicket(token)) tickets.use(token);
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

type Refused = Extract<Admittance, { ok: false }>;

const noToken = refuse(AuthCode.Required, "no token, expected one from pairing with this server");

/** The client whose token or ticket this is. */
function whoHas(
  token: string,
  { clients, tickets, clock }: PairedGatekeeperOptions,
): PairedClient | Refused {
  if (isTicket(token)) {
    const found = tickets.find(token, clock.monotonicMs());
    return "code" in found ? found : (clients.find(found.keyId) ?? unknown(found.keyId));
  }
  const parts = parseToken(token);
  if (parts === undefined) return refuse(AuthCode.Malformed, "token is not in our form");
  const { keyId, secret } = parts;
  const client = clients.find(keyId);
  if (client === undefined) return unknown(keyId);
  if (!isSecretOf(client.secretHash, secret)) {
    return refuse(AuthCode.Tampered, `this is not the token that client ${keyId} was given`);
  }
  if (client.requireKey !== true) return client;
  const reason = `client ${keyId} asked to be let in by its key only, expected a ticket`;
  return refuse(AuthCode.KeyRequired, reason);
}

function mayEnter(
  client: PairedClient,
  { role, endpoint }: Applicant,
  { clients, wallMs }: PairedGatekeeperOptions,
): PairedClient | Refused {
  const { keyId, expiresAtMs } = client;
  if (clients.isRevoked(keyId)) return refuse(AuthCode.Revoked, `client ${keyId} was revoked`);
  if (wallMs() >= expiresAtMs) {
    const since = new Date(expiresAtMs).toISOString();
    return refuse(AuthCode.Expired, `the token of client ${keyId} expired ${since}: pair again`);
  }
  // Whoever may see the device's motion may see all of it.
  const allowed = endpoint === "stream" || lesserRoles[client.role].includes(role);
  if (allowed) return client;
  return refuse(AuthCode.Role, `client ${keyId} is a ${client.role}, expected ${role}`);
}

const unknown = (keyId: string): Refused =>
  refuse(AuthCode.Unknown, `no client ${keyId} is paired with this server`);
