import type { DeskFloor } from "./desk-floor.ts";
import type { DeskDevice } from "./desk-device.ts";
import type { ClientMessage } from "./messages.ts";
import type { Visitor } from "./visitor.ts";

type StopMessage = Extract<ClientMessage, { readonly type: "stop" }>;
type ResetMessage = Extract<ClientMessage, { readonly type: "reset" }>;

/** Stops, which everybody may ask for and which are never answered from memory, and their resets. */
export class StopDoor {
  readonly #floor: DeskFloor;

  constructor(floor: DeskFloor) {
    this.#floor = floor;
  }

  stop(visitor: Visitor, message: StopMessage): void {
    const floor = this.#floor;
    const { id, level } = message;
    const devices = floor.selected(message.device);
    if (devices.length === 0) {
      if (message.device !== undefined) {
        visitor.peer.send(floor.unknownDevice(id, message.device));
      }
      return;
    }
    const why = message.reason === undefined ? "" : `: ${message.reason}`;
    const reason = `${level} by ${visitor.identity.client}${why}`;
    for (const device of devices) this.#stopOne(device, { visitor, level, reason });
    if (id !== undefined) visitor.peer.send({ type: "ack", id, status: "accepted" });
  }

  /** Never moves: the actuation leaves the latch, and going on takes a new lease and command. */
  reset(visitor: Visitor, { id, device: deviceId }: ResetMessage): void {
    const floor = this.#floor;
    const { actor, identity } = visitor;
    const devices = floor.selected(deviceId);
    if (devices.length === 0 && deviceId !== undefined) {
      visitor.reply(floor.unknownDevice(id, deviceId));
      return;
    }
    for (const device of devices) {
      const verdict = floor.authority.requestReset(identity.id, device.id);
      const reason = verdict.ok ? `reset by ${identity.client}` : verdict.reason;
      const outcome = verdict.ok ? "accepted" : "rejected";
      floor.record({ kind: "reset", device: device.id, by: actor, verdict: outcome, reason });
      if (!verdict.ok) {
        visitor.reject(id, verdict.refusal, reason);
        return;
      }
      device.actuation.send({ kind: "reset" });
      floor.announce(device, "reset", reason, identity.client);
      floor.tellState(device);
    }
    if (id !== undefined) visitor.reply({ type: "ack", id, status: "accepted" });
  }

  #stopOne(
    device: DeskDevice,
    asked: {
      readonly visitor: Visitor;
      readonly level: "hold" | "estop";
      readonly reason: string;
    },
  ): void {
    const floor = this.#floor;
    const { visitor, level, reason } = asked;
    const { actor, identity } = visitor;
    const cause = level === "estop" ? "estop" : "request";
    // The device first; who owns it can wait for the next line.
    floor.stop(device, { level, cause, reason, by: actor });
    const effects =
      level === "estop"
        ? floor.authority.estop(device.id, reason)
        : floor.authority.hold(identity.id, device.id, reason);
    floor.carryOut(effects, actor);
    floor.tellState(device);
  }
}
