import type {
  AxisValues,
  ControlSeat,
  SeatAnswer,
  SeatOwner,
} from "../../ros/inputs/control-seat.ts";
import type { ControlDesk } from "../control/desk.ts";
import type { ClientMessage, CommandMessage } from "../control/messages.ts";
import type { LeaseTicket, ServerMessage } from "../control/server-messages.ts";
import type { Peer } from "../control/visitor.ts";

const sessionId = "ros";
const client = "ROS 2";

export interface RosSeatOptions {
  readonly desk: ControlDesk;
  readonly deviceId: string;
  /** Monotonic ms. */
  readonly now: () => number;
  /** False while the ROS host is not heard of: its session then goes silent, as a lost client's does. */
  readonly isAlive: () => boolean;
}

/** ROS as a session of the control desk, with the role of a controller. */
export class RosSeat implements ControlSeat, Peer {
  readonly #options: RosSeatOptions;
  readonly #lost = new Set<(reason: string) => void>();
  #isOpen = false;
  #lease: LeaseTicket | undefined;
  #lastId = 0;
  #answer: ServerMessage | undefined;

  constructor(options: RosSeatOptions) {
    this.#options = options;
    this.#open();
  }

  get owner(): SeatOwner {
    const { desk, deviceId } = this.#options;
    const state = desk.summary().find(({ device }) => device === deviceId);
    if (state?.owner === undefined || state.owner === null) return "nobody";
    if (state.owner.session === sessionId) return "us";
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
    if (lease === undefined || this.owner !== "us") return;
    this.hold(reason);
    this.#lease = undefined;
    const { deviceId } = this.#options;
    this.#ask({ type: "lease.return", id: this.#nextId(), device: deviceId, lease });
  }

  velocity(velRadPerS: AxisValues, ttlMs: number): SeatAnswer {
    return this.#command((head) => ({ ...head, kind: "velocity", velRadPerS, ttlMs }));
  }

  position(posRad: AxisValues): SeatAnswer {
    return this.#command((head) => ({ ...head, kind: "position", posRad }));
  }

  hold(reason: string): void {
    const { deviceId } = this.#options;
    this.#ask({ type: "stop", id: this.#nextId(), device: deviceId, level: "hold", reason });
  }

  checkIn(): void {
    if (this.#options.isAlive()) this.#ask({ type: "checkin" });
  }

  close(): void {
    this.#options.desk.close(sessionId, "ROS is being closed");
    this.#isOpen = false;
  }

  send(message: ServerMessage): void {
    if ("id" in message && message.id === this.#lastId) {
      // What the device makes of a command later is not an answer to it.
      const isLater = message.type === "ack" && ["applied", "done"].includes(message.status);
      if (!isLater) this.#answer = message;
      return;
    }
    if (message.type !== "lease" || message.device !== this.#options.deviceId) return;
    if (this.#lease === undefined || message.owner?.session === sessionId) return;
    this.#isGone(message.reason ?? "the lease has ended");
  }

  end(_code: string, reason: string): void {
    this.#isOpen = false;
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
    const { desk, now } = this.#options;
    this.#answer = undefined;
    desk.handle(sessionId, message, now());
    return this.#answer;
  }

  #isGone(reason: string): void {
    if (this.#lease === undefined) return;
    this.#lease = undefined;
    for (const listener of this.#lost) listener(reason);
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#options.desk.open({ id: sessionId, role: "controller", client }, this);
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
