import type {
  AxisValues,
  DeskAnswer,
  GimbalDesk,
  GimbalSeat,
} from "../../devices/mavlink/gimbal-desk.ts";
import type { ControlDesk } from "../control/desk.ts";
import type { ClientMessage, CommandMessage } from "../control/messages.ts";
import type { LeaseTicket, ServerMessage } from "../control/server-messages.ts";
import type { Peer } from "../control/visitor.ts";

export interface MavlinkDeskOptions {
  readonly desk: ControlDesk;
  readonly deviceId: string;
  /** Monotonic ms. */
  readonly now: () => number;
}

/** MAVLink components as sessions of the control desk, each with the role of a controller. */
export function mavlinkDesk(options: MavlinkDeskOptions): GimbalDesk {
  let seatCount = 0;
  return {
    openSeat({ systemId, componentId }, onLost) {
      seatCount += 1;
      // A seat that was left is not taken again: what is still on its way to it reaches nobody.
      const id = `mavlink-${systemId}-${componentId}-${seatCount}`;
      return new MavlinkSeat(options, { id, client: `MAVLink ${systemId}/${componentId}`, onLost });
    },
  };
}

interface SeatOf {
  readonly id: string;
  readonly client: string;
  readonly onLost: (reason: string) => void;
}

class MavlinkSeat implements GimbalSeat, Peer {
  readonly #options: MavlinkDeskOptions;
  readonly #of: SeatOf;
  #isOpen = true;
  #lease: LeaseTicket | undefined;
  #lastId = 0;
  #answer: ServerMessage | undefined;

  constructor(options: MavlinkDeskOptions, of: SeatOf) {
    this.#options = options;
    this.#of = of;
    const { id, client } = of;
    options.desk.open({ id, role: "controller", client }, this);
  }

  acquire(): DeskAnswer {
    const { deviceId: device } = this.#options;
    const answer = this.#ask({ type: "lease.acquire", id: this.#nextId(), device });
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
    this.#lease = undefined;
    const { deviceId: device } = this.#options;
    this.#ask({ type: "stop", id: this.#nextId(), device, level: "hold", reason });
    this.#ask({ type: "lease.return", id: this.#nextId(), device, lease });
  }

  velocity(velRadPerS: AxisValues, ttlMs: number): DeskAnswer {
    return this.#command((head) => ({ ...head, kind: "velocity", velRadPerS, ttlMs }));
  }

  position(posRad: AxisValues, velocityRatio: number): DeskAnswer {
    return this.#command((head) => ({ ...head, kind: "position", posRad, velocityRatio }));
  }

  stow(): DeskAnswer {
    return this.#command((head) => ({ ...head, kind: "stow" }));
  }

  checkIn(): void {
    this.#ask({ type: "checkin" });
  }

  close(reason: string): void {
    this.#lease = undefined;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#options.desk.close(this.#of.id, reason);
  }

  send(message: ServerMessage): void {
    if ("id" in message && message.id === this.#lastId) {
      // What the device makes of a command later is not an answer to it.
      const isLater = message.type === "ack" && ["applied", "done"].includes(message.status);
      if (!isLater) this.#answer = message;
      return;
    }
    if (message.type !== "lease" || message.device !== this.#options.deviceId) return;
    if (this.#lease === undefined || message.owner?.session === this.#of.id) return;
    this.#isGone(message.reason ?? "the lease has ended");
  }

  end(_code: string, reason: string): void {
    this.#isOpen = false;
    this.#isGone(reason);
  }

  #command(make: (head: CommandHead) => CommandMessage): DeskAnswer {
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
    desk.handle(this.#of.id, message, now());
    return this.#answer;
  }

  #isGone(reason: string): void {
    if (this.#lease === undefined) return;
    this.#lease = undefined;
    this.#of.onLost(reason);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

type CommandHead = Pick<CommandMessage, "type" | "id" | "seq" | "device" | "lease">;

const silent: DeskAnswer = {
  ok: false,
  code: "control/session",
  reason: "the desk gave no answer",
};
