import type { ControlSeat, SeatAnswer, SeatOwner, ValuesByAxis } from "../contract/control-seat.ts";
import type { ControlDesk } from "../control/desk.ts";
import type { ClientMessage, CommandMessage } from "../control/messages.ts";
import type { LeaseTicket, ServerMessage } from "../control/server-messages.ts";
import type { Peer } from "../control/visitor.ts";

export interface DeskSeatOptions {
  readonly desk: ControlDesk;
  readonly deviceId: string;
  /** Monotonic ms. */
  readonly now: () => number;
  /** Of the session: unlike every other's. */
  readonly id: string;
  /** Who this is, as others read it: `ROS 2`. */
  readonly client: string;
  /** False while whoever sits here is not heard of: the session then goes silent, as a lost client's does. */
  readonly isAlive?: () => boolean;
}

/** A session of the control desk inside this process. One that the desk ended is opened anew by `acquire`. */
export class DeskSeat implements ControlSeat, Peer {
  readonly #options: DeskSeatOptions;
  readonly #lost = new Set<(reason: string) => void>();
  #state: "open" | "ended" | "closed" = "ended";
  #lease: LeaseTicket | undefined;
  #lastId = 0;
  #answer: ServerMessage | undefined;

  constructor(options: DeskSeatOptions) {
    this.#options = options;
    this.#open();
  }

  get owner(): SeatOwner {
    const { desk, deviceId, id } = this.#options;
    const state = desk.summary().find(({ device }) => device === deviceId);
    if (state?.owner === undefined || state.owner === null) return "nobody";
    if (state.owner.session === id) return "us";
    return state.stale ? "stale" : "other";
  }

  onLost(listener: (reason: string) => void): void {
    this.#lost.add(listener);
  }

  acquire(): SeatAnswer {
    this.#open();
    const id = this.#nextId();
    const answer = this.#ask({ type: "lease.acquire", id, device: this.#options.deviceId });
    if (answer?.type !== "lease") return silent;
    if (answer.result === "ok" && answer.lease !== undefined) {
      this.#lease = answer.lease;
      return { ok: true };
    }
    const reason = `held by ${answer.owner?.client ?? "nobody"}`;
    return { ok: false, code: answer.result ?? "lease/held", reason };
  }

  release(reason: string): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    // From here on its end is no loss.
    this.#lease = undefined;
    this.hold(reason);
    const { deviceId: device } = this.#options;
    this.#ask({ type: "lease.return", id: this.#nextId(), device, lease });
  }

  velocity(velRadPerS: ValuesByAxis, ttlMs: number): SeatAnswer {
    return this.#command((head) => ({ ...head, kind: "velocity", velRadPerS, ttlMs }));
  }

  position(posRad: ValuesByAxis, velocityRatio = 1): SeatAnswer {
    return this.#command((head) => ({ ...head, kind: "position", posRad, velocityRatio }));
  }

  stow(): SeatAnswer {
    return this.#command((head) => ({ ...head, kind: "stow" }));
  }

  hold(reason: string): void {
    const { deviceId: device } = this.#options;
    this.#ask({ type: "stop", id: this.#nextId(), device, level: "hold", reason });
  }

  checkIn(): void {
    if (this.#options.isAlive?.() ?? true) this.#ask({ type: "checkin" });
  }

  close(reason: string): void {
    const wasOpen = this.#state === "open";
    this.#state = "closed";
    this.#lease = undefined;
    if (wasOpen) this.#options.desk.close(this.#options.id, reason);
  }

  send(message: ServerMessage): void {
    if ("id" in message && message.id === this.#lastId) {
      // What the device makes of a command later is not an answer to it.
      const isLater = message.type === "ack" && ["applied", "done"].includes(message.status);
      if (!isLater) this.#answer = message;
      return;
    }
    if (message.type !== "lease" || message.device !== this.#options.deviceId) return;
    if (message.owner?.session === this.#options.id) return;
    this.#isGone(message.reason ?? "the lease has ended");
  }

  end(_code: string, reason: string): void {
    if (this.#state === "open") this.#state = "ended";
    this.#isGone(reason);
  }

  #command(make: (head: CommandHead) => CommandMessage): SeatAnswer {
    const lease = this.#lease;
    if (lease === undefined) return { ok: false, code: "lease/invalid", reason: "no lease" };
    const id = this.#nextId();
    const { deviceId: device } = this.#options;
    const answer = this.#ask(make({ type: "command", id, seq: id, device, lease }));
    if (answer?.type !== "ack") return silent;
    if (answer.status !== "rejected") return { ok: true };
    return { ok: false, code: answer.code ?? "", reason: answer.reason ?? "" };
  }

  /** The desk answers before `handle` returns. */
  #ask(message: ClientMessage): ServerMessage | undefined {
    const { desk, now, id } = this.#options;
    this.#answer = undefined;
    desk.handle(id, message, now());
    return this.#answer;
  }

  #isGone(reason: string): void {
    if (this.#lease === undefined) return;
    this.#lease = undefined;
    for (const listener of this.#lost) listener(reason);
  }

  #open(): void {
    if (this.#state !== "ended") return;
    this.#state = "open";
    const { desk, id, client } = this.#options;
    desk.open({ id, role: "controller", client }, this);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

type CommandHead = Pick<CommandMessage, "type" | "id" | "seq" | "device" | "lease">;

const silent: SeatAnswer = {
  ok: false,
  code: "control/session",
  reason: "the desk gave no answer",
};
