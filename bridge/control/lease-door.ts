import type { LeaseOutcome } from "../core/authority-outcome.ts";
import type { DeskFloor } from "./desk-floor.ts";
import { holdingOf } from "./desk-device.ts";
import type { ClientMessage } from "./messages.ts";
import type { Visitor } from "./visitor.ts";

export type LeaseRequest = Extract<ClientMessage, { readonly type: `lease.${string}` }>;

/** Requests for the right to move: judged by the authority, answered to who asked, told to everyone. */
export class LeaseDoor {
  readonly #floor: DeskFloor;

  constructor(floor: DeskFloor) {
    this.#floor = floor;
  }

  handle(visitor: Visitor, message: LeaseRequest, arrivedMs: number): void {
    const { authority, counters } = this.#floor;
    const { id, device } = message;
    const outcome = this.#judge(visitor.identity.id, message, arrivedMs);
    // The effects first: a new owner hears that the device was stopped before it may move it.
    if (outcome.ok) this.#floor.carryOut(outcome.effects, visitor.actor);
    else counters.lease("refused");
    const state = authority.leaseState(device);
    const holding = state === undefined ? nobody : holdingOf(state);
    const head = { type: "lease", device, ...holding } as const;
    if (!outcome.ok) {
      const { refusal, reason } = outcome;
      visitor.reply({ ...head, id, result: refusal, reason });
      this.#recordRefusal(visitor, message, `${refusal}: ${reason}`);
      return;
    }
    const { epoch, sequence, sub } = outcome.lease;
    const lease = { epoch, sequence, ...(sub === undefined ? {} : { sub }) };
    visitor.reply({ ...head, id, result: "ok", lease });
    if (message.type === "lease.delegate") {
      // The agent did not ask: it learns of its right without an id.
      const told = { ...head, lease, reason: "lent to you" };
      this.#floor.visitors.find(message.to)?.peer.send(told);
    }
  }

  #judge(sessionId: string, message: LeaseRequest, arrivedMs: number): LeaseOutcome {
    const { authority } = this.#floor;
    const { device: resource } = message;
    switch (message.type) {
      case "lease.acquire":
        return authority.acquire(sessionId, resource);
      case "lease.take":
        return authority.take(sessionId, resource);
      case "lease.retain":
        return authority.retain(sessionId, { resource, ...message.lease }, arrivedMs);
      case "lease.return":
        return authority.giveBack(sessionId, { resource, ...message.lease });
      case "lease.delegate": {
        const { to, velocityRatio, accelerationRatio, forMs } = message;
        const expiry = forMs === undefined ? {} : { expiresAtMs: arrivedMs + forMs };
        const share = { velocityRatio, accelerationRatio };
        const lease = { resource, ...message.lease };
        return authority.delegate(sessionId, lease, { to, share, ...expiry });
      }
      case "lease.revoke":
        return authority.revoke(sessionId, { resource, ...message.lease });
      default:
        return message satisfies never;
    }
  }

  #recordRefusal({ actor }: Visitor, message: LeaseRequest, reason: string): void {
    const { device } = message;
    if (message.type === "lease.delegate" || message.type === "lease.revoke") {
      const to = message.type === "lease.delegate" ? message.to : "";
      this.#floor.record({ kind: "sublease", device, what: "refused", by: actor, to, reason });
      return;
    }
    const owner = this.#floor.authority.leaseState(device)?.owner?.sessionId ?? null;
    this.#floor.record({ kind: "lease", device, what: "refused", by: actor, owner, reason });
  }
}

const nobody = { owner: null, stale: false, delegate: null } as const;
