import type { Role } from "./roles.ts";

/** Who did it: the session, and the key or user behind it where one is known. */
export interface AuditActor {
  readonly session: string;
  readonly role: Role;
  /** The name the client gave, for people. */
  readonly client: string;
  /** Key id of a paired client, or how it was admitted without one, e.g. `loopback`. */
  readonly subject: string;
}

/**
 * One thing that has to be known afterwards. Plain JSON values only, so that an implementation can
 * write, chain and verify entries without knowing their kinds.
 */
export type AuditEvent =
  | { readonly kind: "session.opened"; readonly by: AuditActor }
  | { readonly kind: "session.closed"; readonly by: AuditActor; readonly reason: string }
  | {
      readonly kind: "session.refused";
      readonly client: string;
      readonly role: string;
      readonly code: string;
      readonly reason: string;
    }
  /** An agent moves a device from now on; that it does no longer is the end of its session. */
  | {
      readonly kind: "device.registered";
      readonly device: string;
      readonly by: AuditActor;
      /** What the agent says that it is. */
      readonly model: string;
    }
  | {
      readonly kind: "lease";
      readonly device: string;
      readonly what: "acquired" | "taken" | "returned" | "stale" | "retained" | "ended" | "refused";
      /** Who asked; null when nobody did. */
      readonly by: AuditActor | null;
      /** Who holds the device now. */
      readonly owner: string | null;
      readonly reason: string;
    }
  | {
      readonly kind: "sublease";
      readonly device: string;
      readonly what: "granted" | "ended" | "refused";
      readonly by: AuditActor | null;
      /** The agent's session. */
      readonly to: string;
      readonly reason: string;
    }
  | {
      readonly kind: "command";
      readonly device: string;
      readonly by: AuditActor;
      readonly id: number;
      readonly seq: number;
      /** The command as it came, without its head: kind, values, ttl. */
      readonly requested: Readonly<Record<string, unknown>>;
      readonly verdict: "accepted" | "rejected";
      /** Stable, with `rejected`. */
      readonly code?: string;
      readonly reason?: string;
      /** From the client's sending to arrival here, where its clock is known. */
      readonly ageMs?: number;
    }
  | {
      readonly kind: "outcome";
      readonly device: string;
      readonly session: string;
      readonly id: number;
      readonly result: string;
      readonly reason: string;
      /** After limits, by axis name; absent if it never reached the driver. */
      readonly applied?: Readonly<Record<string, number>>;
      readonly limits?: readonly string[];
      /** From arrival to the first setpoint at the driver. */
      readonly appliedAfterMs?: number;
      /** From arrival to the end of it. */
      readonly endedAfterMs: number;
    }
  | {
      readonly kind: "stop";
      readonly device: string;
      readonly level: "hold" | "estop";
      readonly cause: StopCause;
      /** Null: nobody asked, e.g. a keepalive ran out. */
      readonly by: AuditActor | null;
      readonly reason: string;
    }
  | {
      readonly kind: "reset";
      readonly device: string;
      readonly by: AuditActor;
      readonly verdict: "accepted" | "rejected";
      readonly reason: string;
    }
  /** Keys, tokens and what else concerns who may come in. */
  | {
      readonly kind: "security";
      readonly what: string;
      readonly subject: string;
      readonly reason: string;
      readonly details?: Readonly<Record<string, unknown>>;
    };

/** Why a device was stopped; also the label of the metric. */
export const stopCauses = [
  "request",
  "estop",
  "keepalive",
  "disconnect",
  "owner-change",
  "sublease-end",
  "suspended",
  "device",
] as const;
export type StopCause = (typeof stopCauses)[number];

export type AuditEntry = AuditEvent & {
  /** Wall clock, ns since 1970, decimal: too large for a JSON number. */
  readonly atNs: string;
};

/** Append-only. Returns at once and never throws: an entry that cannot be written is the log's to report. */
export interface AuditLog {
  append(entry: AuditEntry): void;
}

export const noAudit: AuditLog = {
  append: () => undefined,
};
