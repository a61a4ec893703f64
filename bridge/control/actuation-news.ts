import { ActuationMode, type ActuationEvent } from "../contract/actuation.ts";
import { modeName, type DeskDevice } from "./desk-device.ts";
import type { DeskFloor } from "./desk-floor.ts";
import type { OpenCommands } from "./open-commands.ts";

/** What the actuation tells: to the authority, to whoever asked for the motion, and to the record. */
export class ActuationNews {
  readonly #floor: DeskFloor;
  readonly #open: OpenCommands;

  constructor(floor: DeskFloor, open: OpenCommands) {
    this.#floor = floor;
    this.#open = open;
  }

  note(device: DeskDevice, event: ActuationEvent): void {
    switch (event.kind) {
      case "mode":
        this.#noteMode(device, event);
        return;
      case "applied":
      case "done":
        this.#noteProgress(event);
        return;
      case "driver":
        return;
      default:
        event satisfies never;
    }
  }

  #noteMode(device: DeskDevice, { mode, reason }: Extract<ActuationEvent, { kind: "mode" }>): void {
    const atRest = mode === ActuationMode.Latched || mode === ActuationMode.Fault;
    // A fault ends an emergency stop's braking too, but is no stop that somebody pressed.
    if (mode === ActuationMode.Latched || (atRest && this.#floor.authority.isLatched(device.id))) {
      this.#floor.carryOut(this.#floor.authority.noteLatched(device.id, true));
    } else if (mode === ActuationMode.Active || mode === ActuationMode.Inactive) {
      this.#floor.carryOut(this.#floor.authority.noteLatched(device.id, false));
    }
    this.#floor.announce(device, "mode", `${modeName(mode)}: ${reason}`);
    this.#floor.tellState(device);
  }

  #noteProgress(event: Extract<ActuationEvent, { kind: "applied" | "done" }>): void {
    const news = this.#open.note(event);
    if (news === undefined) return;
    const { command, ack, applied } = news;
    const { sessionId, arrivedMs, sentMs, id } = command;
    if (ack !== undefined) this.#floor.visitors.find(sessionId)?.peer.send(ack);
    if (event.kind === "applied") {
      this.#floor.counters.applied(event.atMs - sentMs);
      if ((applied?.limits.length ?? 0) > 0) this.#floor.counters.clippedCount += 1;
      return;
    }
    const endedAfterMs = this.#floor.clock.monotonicMs() - arrivedMs;
    this.#floor.record({
      kind: "outcome",
      device: command.device.id,
      session: sessionId,
      id,
      result: event.result,
      reason: event.reason,
      endedAfterMs,
      ...(applied === undefined
        ? {}
        : {
            applied: applied.applied,
            limits: applied.limits,
            appliedAfterMs: applied.atMs - arrivedMs,
          }),
    });
  }
}
