import type { FromActionHost, ToActionHost } from "./action-notes.ts";
import type { RosNetwork } from "../environment.ts";
import type { FromRosHost, FromServiceHost, ToRosHost, ToServiceHost } from "../host-protocol.ts";

/** The first note to the host process. The network is in its environment: rcl reads it there. */
export interface OpenNote {
  readonly kind: "open";
  /** URL of the module to import: rclnodejs, or a test's stand-in. */
  readonly module: string;
  readonly nodeName: string;
  readonly namespace: string;
  readonly network: RosNetwork;
}

export interface RclHostReady {
  /** What rcl really speaks through, e.g. `rmw_cyclonedds_cpp`. */
  readonly middleware: string;
}

/**
 * What the pipe's notes carry: the ROS host's protocol, less what is data, and what a process needs
 * beyond a thread: signs of life, and refusals of its own (a type that was not built, say).
 */
export type ToHostProcess =
  OpenNote | ToActionHost | Exclude<ToRosHost, { readonly kind: "publish" }>;
export type FromHostProcess =
  | FromActionHost
  | Exclude<FromRosHost, { readonly kind: "message" | "event" }>
  | { readonly kind: "beat" }
  | { readonly kind: "refused"; readonly endpointId: number; readonly text: string };

/** The host says at least this often that it lives. */
export const beatMs = 100;

/** A message as a note, and the octets that travel behind it instead of in its JSON text. */
export function packNote(
  message: ToHostProcess | FromHostProcess,
): readonly [note: object, cdr: Uint8Array | undefined] {
  if ("cdr" in message) {
    const { cdr, ...note } = message;
    return [note, cdr];
  }
  if (message.kind === "response" && "cdr" in message.outcome) {
    const { outcome, ...note } = message;
    return [note, outcome.cdr];
  }
  return [message, undefined];
}

/** The inverse. What the other side of the pipe is, is known: nothing is checked. */
export function unpackNote(
  note: unknown,
  cdr: Uint8Array | undefined,
): ToHostProcess | FromHostProcess {
  const message = note as ToHostProcess | FromHostProcess;
  if (cdr === undefined) return message;
  if (message.kind === "response") return { ...message, outcome: { cdr } };
  return { ...message, cdr } as ToHostProcess | FromHostProcess;
}

const toServices: ReadonlySet<string> = new Set<ToServiceHost["kind"]>([
  "serve",
  "respond",
  "open-client",
  "call",
  "close-service",
  "graph",
]);
const fromServices: ReadonlySet<string> = new Set<FromServiceHost["kind"]>([
  "request",
  "response",
  "servers",
  "graph",
]);

export function isForServices(note: { readonly kind: string }): note is ToServiceHost {
  return toServices.has(note.kind);
}

export function isFromServices(note: { readonly kind: string }): note is FromServiceHost {
  return fromServices.has(note.kind);
}
