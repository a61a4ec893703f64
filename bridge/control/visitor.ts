import type { AuditActor } from "../core/audit.ts";
import type { SessionIdentity } from "../core/authority-outcome.ts";
import { SessionOffset } from "../core/session-offset.ts";
import { AnswerMemory } from "./answer-memory.ts";
import type { WireCode } from "./messages.ts";
import type { AckMessage, ServerMessage } from "./server-messages.ts";

/** The other end of a session: a WebSocket, or a caller inside the process. */
export interface Peer {
  send(message: ServerMessage): void;
  /** The session is over; nothing more is sent. */
  end(code: WireCode, reason: string): void;
}

/** One open session as the desk knows it. */
export class Visitor {
  readonly identity: SessionIdentity;
  readonly peer: Peer;
  readonly actor: AuditActor;
  /** How this client's clock relates to ours. */
  readonly offset = new SessionOffset();
  readonly answers = new AnswerMemory();

  constructor(identity: SessionIdentity, peer: Peer) {
    const { id: session, role, client, subject = "local" } = identity;
    this.identity = identity;
    this.peer = peer;
    this.actor = { session, role, client, subject };
  }

  /** The answer to a request: remembered as such for a retry. */
  reply(message: ServerMessage): void {
    if ("id" in message) this.answers.note(message.id, message);
    this.peer.send(message);
  }

  reject(id: number | undefined, code: string, reason: string): void {
    if (id === undefined) this.peer.send({ type: "error", code, message: reason });
    else this.reply(rejection(id, code, reason));
  }
}

/** Everybody who is there. */
export class Visitors {
  readonly #byId = new Map<string, Visitor>();

  get count(): number {
    return this.#byId.size;
  }

  get ids(): readonly string[] {
    return [...this.#byId.keys()];
  }

  /** Sessions of one key. */
  of(subject: string): readonly Visitor[] {
    return [...this.#byId.values()].filter(({ actor }) => actor.subject === subject);
  }

  add(visitor: Visitor): void {
    this.#byId.set(visitor.identity.id, visitor);
  }

  find(sessionId: string): Visitor | undefined {
    return this.#byId.get(sessionId);
  }

  remove(sessionId: string): Visitor | undefined {
    const visitor = this.#byId.get(sessionId);
    this.#byId.delete(sessionId);
    return visitor;
  }

  broadcast(message: ServerMessage): void {
    for (const { peer } of this.#byId.values()) peer.send(message);
  }
}

export function rejection(id: number, code: string, reason: string): AckMessage {
  return { type: "ack", id, status: "rejected", code, reason };
}
