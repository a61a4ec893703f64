import type { ActuationEvent } from "../contract/actuation.ts";
import type { DeskDevice } from "./desk-device.ts";
import type { AckMessage } from "./server-messages.ts";

interface OpenCommand {
  readonly sessionId: string;
  readonly device: DeskDevice;
  /** The client's own number for it. */
  readonly id: number;
  readonly acks: "all" | "rejections";
}

type CommandEvent = Extract<ActuationEvent, { kind: "applied" | "done" }>;

// An actuation that never says `done` must not grow the map for ever.
const maxOpenCount = 1024;

/** Commands on their way, by the number the actuation knows them by: whom to tell what became of one. */
export class OpenCommands {
  readonly #byCommandId = new Map<number, OpenCommand>();

  add(commandId: number, command: OpenCommand): void {
    this.#byCommandId.set(commandId, command);
    if (this.#byCommandId.size <= maxOpenCount) return;
    for (const oldest of this.#byCommandId.keys()) {
      this.#byCommandId.delete(oldest);
      break;
    }
  }

  forget(sessionId: string): void {
    for (const [commandId, command] of this.#byCommandId) {
      if (command.sessionId === sessionId) this.#byCommandId.delete(commandId);
    }
  }

  /**
   * What to tell whom; undefined if the client asked to hear of this no more. With `rejections` that
   * leaves a refusal by the actuation and a command that limits have changed.
   */
  answer(
    event: CommandEvent,
  ): { readonly sessionId: string; readonly ack: AckMessage } | undefined {
    const command = this.#byCommandId.get(event.commandId);
    if (command === undefined) return undefined;
    const { sessionId, device, id, acks } = command;
    if (event.kind === "applied") {
      const { limits } = event;
      if (acks === "rejections" && limits.length === 0) return undefined;
      const applied = device.byName(event.applied);
      const { atMs } = event;
      return { sessionId, ack: { type: "ack", id, status: "applied", applied, limits, atMs } };
    }
    this.#byCommandId.delete(event.commandId);
    const { result, reason } = event;
    if (acks === "rejections" && result !== "rejected") return undefined;
    return { sessionId, ack: { type: "ack", id, status: "done", result, reason } };
  }
}
