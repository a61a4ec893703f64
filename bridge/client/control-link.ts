import type { ClientMessage, CommandMessage } from "../control/messages.ts";
import type {
  AckMessage,
  ErrorMessage,
  EventMessage,
  LeaseMessage,
  StateMessage,
  WelcomeMessage,
} from "../control/server-messages.ts";
import type { Motion } from "./motion.ts";

/** Why a connection ended. Nothing is re-issued after it: connect anew and acquire anew. */
export interface ControlClosed {
  readonly code: number;
  readonly reason: string;
}

export interface ControlEvents {
  readonly state: StateMessage;
  readonly event: EventMessage;
  /** Somebody's lease changed, one's own included. */
  readonly lease: LeaseMessage;
  readonly error: ErrorMessage;
  /** Every ack, also those of setpoint streams, which nobody awaits. */
  readonly ack: AckMessage;
  readonly closed: ControlClosed;
}

/** A request that is answered by its id. */
export type Request = Extract<ClientMessage, { readonly id?: number }> & { readonly id: number };
/** Takes a member out of each kind of a union. */
type Without<T, Keys extends PropertyKey> = T extends unknown ? Omit<T, Keys> : never;
/** A command without what the session and its lease add to it. */
export type CommandBody = Without<
  CommandMessage,
  "type" | "id" | "seq" | "device" | "lease" | "acks" | "sentAtMs"
>;

/** A session as leases use it. */
export interface ControlLink {
  readonly welcome: WelcomeMessage;
  readonly isOpen: boolean;
  on<Name extends keyof ControlEvents>(
    name: Name,
    listener: (event: ControlEvents[Name]) => void,
  ): () => void;
  nextId(): number;
  /** Rises with every command of the session. */
  nextSeq(): number;
  /** Sends if the socket is open; a message to a closed one is dropped, never kept for later. */
  send(message: ClientMessage): boolean;
  /** Sends a command and follows what becomes of it. */
  move(message: CommandMessage): Motion;
  /**
   * Sends a request and waits for the answer that `settles`.
   *
   * @throws ControlError the server's code, `client/closed`, or `client/timeout`.
   */
  ask<T>(
    message: Request,
    settles: (answer: AckMessage | LeaseMessage) => T | undefined,
    timeoutMs?: number,
  ): Promise<T>;
}
