import type { ClientMessage } from "../control/messages.ts";
import type {
  AckMessage,
  ErrorMessage,
  EventMessage,
  LeaseMessage,
  StateMessage,
  WelcomeMessage,
} from "../control/server-messages.ts";

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
  /**
   * Sends a request and waits for the answer that `settles`.
   *
   * @throws ControlError the server's code, `client/closed`, or `client/timeout`.
   */
  ask<T>(
    message: ClientMessage & { readonly id: number },
    settles: (answer: AckMessage | LeaseMessage) => T | undefined,
    timeoutMs?: number,
  ): Promise<T>;
}
