import { BridgeError } from "../contract/errors.ts";
import type { AuditEvent } from "../core/audit.ts";
import type { CommandVerdict } from "../core/authority-outcome.ts";
import { holderOf, type DeskDevice } from "./desk-device.ts";
import type { DeskFloor } from "./desk-floor.ts";
import { expandCommand } from "./expand-command.ts";
import type { Expanded } from "./expanding.ts";
import { WireCode, type CommandMessage } from "./messages.ts";
import { wants, type OpenCommands } from "./open-commands.ts";
import { withinShare } from "./share-command.ts";
import { rejection, type Visitor } from "./visitor.ts";

/** Fields of a command that say nothing about the motion. */
const headFields = new Set(["type", "id", "seq", "device", "lease", "acks", "sentAtMs"]);

interface Arrival {
  readonly visitor: Visitor;
  readonly message: CommandMessage;
  readonly arrivedMs: number;
  /** When it was sent at the latest, server ms. */
  readonly sentMs: number;
}

interface Rejected {
  readonly code: string;
  readonly reason: string;
  readonly verdict?: Extract<CommandVerdict, { ok: false }>;
}

/** Commands: brought onto our clock, spelt out, judged, cut to what the client may use, passed on. */
export class CommandDoor {
  readonly #floor: DeskFloor;
  readonly #open: OpenCommands;
  #lastCommandId = 0;

  constructor(floor: DeskFloor, open: OpenCommands) {
    this.#floor = floor;
    this.#open = open;
  }

  // hot path
  handle(visitor: Visitor, message: CommandMessage, arrivedMs: number): void {
    const { id, sentAtMs } = message;
    const device = this.#floor.devices.get(message.device);
    if (device === undefined) {
      visitor.reply(this.#floor.unknownDevice(id, message.device));
      return;
    }
    const sentMs =
      sentAtMs === undefined ? arrivedMs : visitor.offset.latestSentMs(sentAtMs, arrivedMs);
    const arrival = { visitor, message, arrivedMs, sentMs };
    if (wants(message.acks, "received")) {
      const ageMs = arrivedMs - sentMs;
      visitor.peer.send({ type: "ack", id, status: "received", atMs: arrivedMs, ageMs });
    }
    const refusal = this.#passOn(device, arrival);
    if (refusal !== undefined) this.#refuse(arrival, refusal);
  }

  /** Undefined if it is on its way. */
  #passOn(device: DeskDevice, arrival: Arrival): Rejected | undefined {
    const { authority } = this.#floor;
    const { visitor, message } = arrival;
    const late = this.#tooLate(arrival);
    if (late !== undefined) return { code: WireCode.Expired, reason: late };
    this.#lastCommandId += 1;
    const commandId = this.#lastCommandId;
    const expanded = this.#expand(device, arrival, commandId);
    if (!expanded.ok) return expanded;
    const verdict = authority.judge({
      sessionId: visitor.identity.id,
      resource: device.id,
      lease: { resource: device.id, ...message.lease },
      sequence: message.seq,
      powers: message.kind === "mode",
    });
    if (!verdict.ok) return { code: verdict.refusal, reason: verdict.reason, verdict };
    this.#floor.carryOut(verdict.effects, visitor.actor);
    expanded.remember?.();
    const { command, notes } = withinShare(expanded.command, verdict.share, device.order);
    this.#accepted(device, arrival, { commandId, notes: [...(expanded.notes ?? []), ...notes] });
    device.actuation.send(command);
    const { id } = message;
    const accepted = { type: "ack", id, status: "accepted" } as const;
    if (wants(message.acks, "accepted")) visitor.reply(accepted);
    else visitor.answers.note(id, accepted);
    return undefined;
  }

  #expand(
    device: DeskDevice,
    { message, arrivedMs, sentMs }: Arrival,
    commandId: number,
  ): Expanded {
    try {
      return expandCommand(message, {
        commandId,
        sentMs,
        arrivedMs,
        order: device.order,
        jointPosRad: () => device.jointPosRad(),
        aim: device.aim,
      });
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      return { ok: false, code: WireCode.Unreachable, reason: error.message };
    }
  }

  /** Clicks that waited in a queue meant another moment: also what has no ttl ages like a check-in. */
  #tooLate({ visitor, message, arrivedMs, sentMs }: Arrival): string | undefined {
    const ttlMs = "ttlMs" in message ? message.ttlMs : undefined;
    const limitMs = ttlMs ?? this.#floor.authority.policyOf(visitor.identity.id).missMs;
    const ageMs = arrivedMs - sentMs;
    if (ageMs < limitMs) return undefined;
    const limit = ttlMs === undefined ? "a command without ttlMs may be" : "its ttlMs is";
    return `sent ${ageMs.toFixed(0)} ms before it came, ${limit} ${limitMs} ms`;
  }

  #accepted(
    device: DeskDevice,
    arrival: Arrival,
    on: { readonly commandId: number; readonly notes: readonly string[] },
  ): void {
    const { visitor, message, arrivedMs, sentMs } = arrival;
    const { id, acks } = message;
    const sessionId = visitor.identity.id;
    this.#open.add(on.commandId, {
      sessionId,
      device,
      id,
      acks,
      arrivedMs,
      sentMs,
      notes: on.notes,
    });
    this.#floor.counters.judged("accepted");
    this.#floor.record({ ...this.#entry(arrival), verdict: "accepted" });
  }

  #refuse(arrival: Arrival, { code, reason, verdict }: Rejected): void {
    const { visitor, message } = arrival;
    const refusal = rejection(message.id, code, reason);
    if (verdict === undefined) visitor.reply(refusal);
    else {
      const owner = verdict.state === undefined ? null : holderOf(verdict.state);
      visitor.reply({ ...refusal, owner });
    }
    this.#floor.counters.judged(code);
    this.#floor.record({ ...this.#entry(arrival), verdict: "rejected", code, reason });
  }

  #entry({ visitor, message, arrivedMs, sentMs }: Arrival) {
    const { id, seq, device, sentAtMs } = message;
    const requested = Object.fromEntries(
      Object.entries(message).filter(([field]) => !headFields.has(field)),
    );
    const age = sentAtMs === undefined ? {} : { ageMs: arrivedMs - sentMs };
    const by = visitor.actor;
    return { kind: "command", device, by, id, seq, requested, ...age } satisfies Partial<
      Extract<AuditEvent, { kind: "command" }>
    >;
  }
}
