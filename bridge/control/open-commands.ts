import type { ActuationEvent } from "../contract/actuation.ts";
import type { DeskDevice } from "./desk-device.ts";
import type { CommandMessage } from "./messages.ts";
import type { ackLevels } from "./messages/command-messages.ts";
import type { AckMessage } from "./server-messages.ts";

type Acks = CommandMessage["acks"];
type AckLevel = (typeof ackLevels)[number];

/** Whether a client wants to hear of this; `rejected` always comes. */
export function wants(acks: Acks, level: AckLevel): boolean {
  if (acks === undefined) return level !== "received";
  return acks === "all" || (acks !== "rejections" && acks.includes(level));
}

/** A command on its way. */
export interface OpenCommand {
  readonly sessionId: string;
  readonly device: DeskDevice;
  /** The client's own number for it. */
  readonly id: number;
  readonly acks: Acks;
  readonly arrivedMs: number;
  /** When it was sent at the latest, server ms. */
  readonly sentMs: number;
  /** What the desk has already changed about it. */
  readonly notes: readonly string[];
}

export interface Applied {
  readonly atMs: number;
  readonly applied: Readonly<Record<string, number>>;
  readonly limits: readonly string[];
}

/** What became of a command, and what its client wants to hear of it. */
export interface CommandNews {
  readonly command: OpenCommand;
  readonly ack: AckMessage | undefined;
  /** Once it has reached the driver. */
  readonly applied: Applied | undefined;
}

type CommandEvent = Extract<ActuationEvent, { kind: "applied" | "done" }>;

// An actuation that never says `done` must not grow the map for ever.
const maxOpenCount = 1024;

/** Commands on their way, by the number the actuation knows them by: whom to tell what became of one. */
export class OpenCommands {
  readonly #byCommandId = new Map<number, { command: OpenCommand; applied: Applied | undefined }>();

  add(commandId: number, command: OpenCommand): void {
    this.#byCommandId.set(commandId, { command, applied: undefined });
    if (this.#byCommandId.size <= maxOpenCount) return;
    for (const oldest of this.#byCommandId.keys()) {
      this.#byCommandId.delete(oldest);
      break;
    }
  }

  /**
   * Undefined for a command that is not known any more. With `rejections` a client hears of a refusal by
   * the actuation and of a command that limits have changed.
   */
  note(event: CommandEvent): CommandNews | undefined {
    const open = this.#byCommandId.get(event.commandId);
    if (open === undefined) return undefined;
    const { command } = open;
    const { id, acks, device, notes } = command;
    if (event.kind === "applied") {
      const { atMs } = event;
      const limits = [...notes, ...event.limits];
      const applied = { atMs, applied: device.order.byName(event.applied), limits };
      open.applied = applied;
      const isAsked = wants(acks, "applied") || (acks === "rejections" && limits.length > 0);
      const ack: AckMessage = { type: "ack", id, status: "applied", ...applied };
      return { command, applied, ack: isAsked ? ack : undefined };
    }
    this.#byCommandId.delete(event.commandId);
    const { result, reason } = event;
    const isAsked = wants(acks, "done") || (acks === "rejections" && result === "rejected");
    const ack: AckMessage = { type: "ack", id, status: "done", result, reason };
    return { command, applied: open.applied, ack: isAsked ? ack : undefined };
  }
}
