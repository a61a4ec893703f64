import type { MotionShare } from "../contract/actuation.ts";
import type { StopCause } from "./audit.ts";
import type { Lease, LeaseState, LeaseUse } from "./authority-lease.ts";
import type { KeepalivePolicy } from "./keepalive.ts";
import type { Role } from "./roles.ts";

export interface SessionIdentity {
  readonly id: string;
  readonly role: Role;
  /** The name the client gave, for people. */
  readonly client: string;
  /** Key id behind the session, or how it was admitted without one. */
  readonly subject?: string;
  /** The most it may ever ask of a device. */
  readonly share?: MotionShare;
  /** Monotonic ms at which the session ends by itself. */
  readonly expiresAtMs?: number;
  /** What it chose for its own silence. */
  readonly keepalive?: Partial<KeepalivePolicy>;
}

export type LeaseChange =
  "acquired" | "taken" | "returned" | "stale" | "retained" | "ended" | "lent" | "lent-ended";

/** What the caller has to do now. The machine itself reaches nothing. */
export type AuthorityEffect =
  | {
      readonly kind: "stop";
      readonly resource: string;
      readonly level: "hold" | "estop";
      readonly cause: StopCause;
      readonly reason: string;
    }
  | {
      readonly kind: "lease-changed";
      readonly state: LeaseState;
      readonly what: LeaseChange;
      readonly reason: string;
    }
  | { readonly kind: "close-session"; readonly sessionId: string; readonly reason: string };

/** Why a request was refused, by a stable code; `lease/*` are the lease's use results. */
export type Refusal =
  | `lease/${Exclude<LeaseUse, "ok">}`
  | "lease/held"
  | "lease/delegate"
  | "control/role"
  | "control/session"
  | "control/keepalive"
  | "command/latched"
  | "command/stopping"
  | "command/inactive"
  | "command/late";

export interface Refused {
  readonly ok: false;
  readonly refusal: Refusal;
  readonly reason: string;
  /** Who holds the device now. */
  readonly state: LeaseState | undefined;
}

export type LeaseOutcome =
  | { readonly ok: true; readonly lease: Lease; readonly effects: readonly AuthorityEffect[] }
  | Refused;

export type CommandVerdict =
  | {
      readonly ok: true;
      /** What this command may use of the limits. */
      readonly share: MotionShare;
      /** To be carried out before the command. */
      readonly effects: readonly AuthorityEffect[];
    }
  | Refused;

export type ResetVerdict = { readonly ok: true } | Refused;

export interface CommandClaim {
  readonly sessionId: string;
  readonly resource: string;
  readonly lease: Lease;
  /** Rises with every command of a session to a device; a repeated or late one is not carried out. */
  readonly sequence: number;
  /** Powers the drives up or down, which not everybody who may move may do. */
  readonly powers?: boolean;
}

export interface Delegation {
  /** Session of an agent. */
  readonly to: string;
  readonly share: MotionShare;
  readonly expiresAtMs?: number;
}

export function describeUse(use: LeaseUse, lease: Lease, state: LeaseState | undefined): string {
  const owner = state?.owner === undefined ? "nobody" : state.owner.client;
  const newest = state === undefined ? "none" : `${state.epoch}/${state.sequence}`;
  const sub = lease.sub === undefined ? "" : `/${lease.sub}`;
  return `lease ${lease.epoch}/${lease.sequence}${sub} is ${use}, newest is ${newest} of ${owner}`;
}

export function refused(refusal: Refusal, reason: string, state: LeaseState | undefined): Refused {
  return { ok: false, refusal, reason, state };
}
