import type { AxisDescription } from "../contract/device.ts";
import type { MotionResult } from "../contract/actuation.ts";
import type { Role } from "../core/authority.ts";
import type { KeepaliveLimits } from "../core/session-clock.ts";
import type { MessageProblem } from "./messages.ts";

/** The part of a lease that travels; the device it is for stands beside it. */
export interface LeaseTicket {
  readonly epoch: string;
  readonly sequence: number;
}

export interface LeaseHolder {
  readonly session: string;
  readonly client: string;
}

export interface DeviceOffer {
  readonly id: string;
  readonly profile: string;
  /** In the order of every joint array; each with its limits and where they come from. */
  readonly axes: readonly AxisDescription[];
  readonly homeRad: readonly number[];
  readonly interlock?: { readonly axis: string; readonly readyRad: number };
}

/** What the server will not accept more of. */
export interface WireLimits {
  readonly maxMessageBytes: number;
  readonly maxMessagesPerS: number;
  readonly maxTtlMs: number;
}

export interface WelcomeMessage {
  readonly type: "welcome";
  readonly session: string;
  /** One run of the server; leases of another run are refused. */
  readonly epoch: string;
  readonly role: Role;
  readonly devices: readonly DeviceOffer[];
  readonly limits: WireLimits;
  readonly keepalive: KeepaliveLimits;
  /** Wall clock, ns since 1970, decimal: too large for a JSON number. */
  readonly serverTimeNs: string;
  /** The same instant on the scale of every `stampMs`. */
  readonly serverMs: number;
}

interface SyncReply {
  readonly type: "sync";
  /** The client's own, returned. */
  readonly t0Ms: number;
  /** Server monotonic ms at arrival and at the answer. */
  readonly t1Ms: number;
  readonly t2Ms: number;
}

/** Told to everyone when the owner of a device changes, and with `id` to who asked. */
export interface LeaseMessage {
  readonly type: "lease";
  readonly device: string;
  readonly id?: number;
  /** `ok`, or why not: `lease/held`, `lease/older`, `control/role` ... Only with `id`. */
  readonly result?: string;
  /** The lease that was granted. Only with `id` and `ok`. */
  readonly lease?: LeaseTicket;
  readonly owner: LeaseHolder | null;
  readonly stale: boolean;
  readonly reason?: string;
}

type AckStatus = "received" | "accepted" | "rejected" | "applied" | "done";

/**
 * The life of one request: `accepted` or `rejected`; for motion then `applied` when the first
 * setpoint went to the driver, and `done` with a result.
 */
export interface AckMessage {
  readonly type: "ack";
  readonly id: number;
  readonly status: AckStatus;
  /** Stable, with `rejected`. */
  readonly code?: string;
  readonly reason?: string;
  /** With `applied`: when the first setpoint went to the driver, on the scale of `serverMs`. */
  readonly atMs?: number;
  /** The command after limits, by axis name. */
  readonly applied?: Readonly<Record<string, number>>;
  /** One sentence per limit that changed the command. */
  readonly limits?: readonly string[];
  readonly result?: MotionResult;
  /** With a refusal for the lease: who holds the device. */
  readonly owner?: LeaseHolder | null;
}

export type DeviceMode = "inactive" | "active" | "stopping" | "latched" | "fault";

/** The command side of a device; joint values are on `/v1/stream`. */
export interface StateMessage {
  readonly type: "state";
  readonly device: string;
  readonly mode: DeviceMode;
  readonly moving: boolean;
  /** Emergency stop: nothing moves until a reset, a new lease and a new command. */
  readonly latched: boolean;
  readonly owner: LeaseHolder | null;
  readonly stale: boolean;
  readonly expiredCount: number;
  readonly limitedCount: number;
}

export interface EventMessage {
  readonly type: "event";
  readonly device: string;
  readonly event: "mode" | "stop" | "estop" | "reset";
  readonly reason: string;
  readonly by?: string;
}

export interface ErrorMessage extends MessageProblem {
  readonly type: "error";
}

/** Everything the server says on `/v1/control`. */
export type ServerMessage =
  | WelcomeMessage
  | SyncReply
  | LeaseMessage
  | AckMessage
  | StateMessage
  | EventMessage
  | ErrorMessage;
