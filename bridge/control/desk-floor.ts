import type { Clock } from "../contract/clock.ts";
import type { Log } from "../contract/log.ts";
import type { AuditActor, AuditEvent, AuditLog, StopCause } from "../core/audit.ts";
import type { AuthorityEffect } from "../core/authority-outcome.ts";
import type { Authority } from "../core/authority.ts";
import { DeskCounters } from "./desk-counters.ts";
import { holdingOf, type DeskDevice } from "./desk-device.ts";
import type { EventMessage, ServerMessage } from "./server-messages.ts";
import { rejection, type Visitor, type Visitors } from "./visitor.ts";
import { WireCode } from "./messages.ts";

export interface DeskFloorOptions {
  readonly authority: Authority;
  readonly devices: ReadonlyMap<string, DeskDevice>;
  readonly visitors: Visitors;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog;
  /** A session is over by the authority's word. */
  readonly endSession: (sessionId: string, reason: string) => void;
}

interface Stop {
  readonly level: "hold" | "estop";
  readonly cause: StopCause;
  readonly reason: string;
  readonly by?: AuditActor;
}

/** What the doors of the desk have in common: devices, who is there, and what has to be told to whom. */
export class DeskFloor {
  readonly authority: Authority;
  readonly devices: ReadonlyMap<string, DeskDevice>;
  readonly visitors: Visitors;
  readonly clock: Clock;
  readonly counters = new DeskCounters();
  readonly #options: DeskFloorOptions;

  constructor(options: DeskFloorOptions) {
    this.#options = options;
    this.authority = options.authority;
    this.devices = options.devices;
    this.visitors = options.visitors;
    this.clock = options.clock;
  }

  /** @param by who asked for what has these effects; left out when nobody did. */
  carryOut(effects: readonly AuthorityEffect[], by?: AuditActor): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "stop":
          this.#stopByAuthority(effect, by);
          break;
        case "lease-changed":
          this.#tellLease(effect, by);
          break;
        case "close-session":
          this.#options.endSession(effect.sessionId, effect.reason);
          break;
        default:
          effect satisfies never;
      }
    }
  }

  /** The device first, then everyone who wants to know. */
  stop(device: DeskDevice, stop: Stop): void {
    const { level, cause, reason, by } = stop;
    device.actuation.send({ kind: "stop", level, reason });
    this.counters.stopped(cause);
    this.announce(device, level === "estop" ? "estop" : "stop", reason, by?.client);
    this.record({ kind: "stop", device: device.id, level, cause, by: by ?? null, reason });
  }

  announce(device: DeskDevice, event: EventMessage["event"], reason: string, by?: string): void {
    const who = by === undefined ? {} : { by };
    this.visitors.broadcast({ type: "event", device: device.id, event, reason, ...who });
  }

  /** Its state to one visitor, or to everybody. */
  tellState(device: DeskDevice, visitor?: Visitor): void {
    if (visitor === undefined && this.visitors.count === 0) return;
    const state = device.state(this.authority);
    if (state === undefined) return;
    if (visitor === undefined) this.visitors.broadcast(state);
    else visitor.peer.send(state);
  }

  record(event: AuditEvent): void {
    const { clock, audit } = this.#options;
    audit.append({ ...event, atNs: String(clock.stampNsAt(clock.monotonicMs())) });
  }

  /** The device of that name, or all of them. */
  selected(deviceId: string | undefined): readonly DeskDevice[] {
    if (deviceId === undefined) return [...this.devices.values()];
    const device = this.devices.get(deviceId);
    return device === undefined ? [] : [device];
  }

  unknownDevice(id: number | undefined, found: string): ServerMessage {
    const expected = [...this.devices.keys()].join(", ");
    const message = `device is ${found}, expected one of ${expected}`;
    if (id !== undefined) return rejection(id, WireCode.UnknownDevice, message);
    const path = "device";
    return { type: "error", code: WireCode.UnknownDevice, message, path, found, expected };
  }

  #stopByAuthority(effect: Extract<AuthorityEffect, { kind: "stop" }>, by?: AuditActor): void {
    const { resource, level, cause, reason } = effect;
    const device = this.devices.get(resource);
    if (device === undefined) return;
    this.#options.log.warn({ device: resource, cause, reason }, "device stopped");
    this.stop(device, { level, cause, reason, ...(by === undefined ? {} : { by }) });
  }

  #tellLease(effect: Extract<AuthorityEffect, { kind: "lease-changed" }>, by?: AuditActor): void {
    const { state, what, reason } = effect;
    const { resource: device } = state;
    this.visitors.broadcast({ type: "lease", device, ...holdingOf(state), reason });
    this.counters.lease(what);
    const actor = by ?? null;
    if (what === "lent" || what === "lent-ended") {
      const to = state.delegate?.sessionId ?? "";
      const sub = what === "lent" ? "granted" : "ended";
      this.record({ kind: "sublease", device, what: sub, by: actor, to, reason });
    } else {
      const owner = state.owner?.sessionId ?? null;
      this.record({ kind: "lease", device, what, by: actor, owner, reason });
    }
  }
}
