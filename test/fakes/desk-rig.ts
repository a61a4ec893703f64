import type { Actuation, ActuationCommand } from "../../bridge/contract/actuation.ts";
import type { Clock } from "../../bridge/contract/clock.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import { stampNs } from "../../bridge/contract/units.ts";
import { ControlDesk, type ControlDeskOptions } from "../../bridge/control/desk.ts";
import {
  maxTtlMs,
  type ClientMessage,
  type CommandMessage,
} from "../../bridge/control/messages.ts";
import type {
  AckMessage,
  LeaseMessage,
  LeaseTicket,
  ServerMessage,
} from "../../bridge/control/server-messages.ts";
import type { Peer } from "../../bridge/control/visitor.ts";
import type { AuditEntry } from "../../bridge/core/audit.ts";
import type { SessionIdentity } from "../../bridge/core/authority-outcome.ts";
import { RecordingActuation } from "./synthetic-actuation.ts";

export const device = "mount0";

/** A client without a socket: what it says is handled at once, what it hears is kept. */
export class DeskClient implements Peer {
  readonly identity: SessionIdentity;
  readonly heard: ServerMessage[] = [];
  lease: LeaseTicket | undefined;
  ended: string | undefined;
  readonly #rig: DeskRig;
  #lastId = 0;
  #lastSeq = 0;

  constructor(rig: DeskRig, identity: SessionIdentity) {
    this.#rig = rig;
    this.identity = identity;
  }

  get id(): string {
    return this.identity.id;
  }

  send(message: ServerMessage): void {
    this.heard.push(message);
    if (message.type !== "lease" || message.lease === undefined) return;
    // The answer to whoever lent it names what was lent; that is for the agent to use.
    if (message.id === undefined || message.lease.sub === undefined) this.lease = message.lease;
  }

  end(code: string): void {
    this.ended = code;
  }

  say(message: ClientMessage): void {
    this.#rig.desk.handle(this.id, message, this.#rig.nowMs);
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  nextSeq(): number {
    this.#lastSeq += 1;
    return this.#lastSeq;
  }

  /** @returns the answer to it. */
  ask(message: ClientMessage & { readonly id: number }): AckMessage | LeaseMessage | undefined {
    const from = this.heard.length;
    this.say(message);
    return this.heard
      .slice(from)
      .find(
        (said): said is AckMessage | LeaseMessage =>
          (said.type === "ack" || said.type === "lease") && said.id === message.id,
      );
  }

  acquire(type: "lease.acquire" | "lease.take" = "lease.acquire"): string | undefined {
    const answer = this.ask({ type, id: this.nextId(), device });
    return answer?.type === "lease" ? answer.result : undefined;
  }

  /** Lends what it holds. */
  lend(to: DeskClient, velocityRatio = 0.2): string | undefined {
    const answer = this.ask({
      type: "lease.delegate",
      id: this.nextId(),
      device,
      lease: this.lease ?? noLease,
      to: to.id,
      velocityRatio,
      accelerationRatio: velocityRatio,
    });
    return answer?.type === "lease" ? answer.result : undefined;
  }

  velocityMessage(yaw: number, ttlMs = 200, change: object = {}): CommandMessage {
    return {
      type: "command",
      kind: "velocity",
      id: this.nextId(),
      seq: this.nextSeq(),
      device,
      lease: this.lease ?? noLease,
      ttlMs,
      velRadPerS: { yaw },
      ...change,
    };
  }

  /** @returns `accepted`, or the code of the refusal. */
  velocity(yaw: number, ttlMs = 200, change: object = {}): string | undefined {
    return statusOf(this.ask(this.velocityMessage(yaw, ttlMs, change)));
  }
}

const noLease: LeaseTicket = { epoch: "none", sequence: 1 };

export function statusOf(answer: AckMessage | LeaseMessage | undefined): string | undefined {
  if (answer?.type !== "ack") return undefined;
  return answer.status === "rejected" ? answer.code : answer.status;
}

/** The desk on a clock that stands still, over an actuation that only remembers (or a given one). */
export class DeskRig {
  readonly desk: ControlDesk;
  readonly audit: AuditEntry[] = [];
  readonly actuation: RecordingActuation;
  readonly sent: ActuationCommand[] = [];
  nowMs = 10_000;
  #lastSession = 0;

  constructor(options: Partial<ControlDeskOptions> & { readonly actuation?: Actuation } = {}) {
    this.actuation = new RecordingActuation();
    const clock: Clock = {
      monotonicMs: () => this.nowMs,
      stampNsAt: (timeMs) => stampNs(BigInt(Math.round(timeMs * 1e6))),
    };
    this.desk = new ControlDesk({
      actuations: [options.actuation ?? this.actuation],
      epoch: "e1",
      clock,
      log: silentLog,
      limits: { maxMessageBytes: 16_384, maxMessagesPerS: 200, maxTtlMs },
      audit: { append: (entry) => this.audit.push(entry) },
      ...options,
    });
  }

  join(
    role: SessionIdentity["role"] = "controller",
    change: Partial<SessionIdentity> = {},
  ): DeskClient {
    this.#lastSession += 1;
    const id = `s${this.#lastSession}`;
    const client = new DeskClient(this, { id, role, client: `${role} ${id}`, ...change });
    this.desk.open(client.identity, client);
    return client;
  }

  leave(client: DeskClient): void {
    this.desk.close(client.id, "left");
  }
}
