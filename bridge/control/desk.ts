import { ActuationMode, type Actuation, type ActuationEvent } from "../contract/actuation.ts";
import type { Clock } from "../contract/clock.ts";
import { BridgeError, textWithoutCode } from "../contract/errors.ts";
import type { Log } from "../contract/log.ts";
import {
  Authority,
  type AuthorityEffect,
  type LeaseOutcome,
  type SessionIdentity,
} from "../core/authority.ts";
import { defaultPolicy, policyFor } from "../core/keepalive.ts";
import { fullShare } from "../core/roles.ts";
import type { KeepaliveLimits } from "../core/session-clock.ts";
import { DeskDevice, holderOf, modeName } from "./desk-device.ts";
import { OpenCommands } from "./open-commands.ts";
import { WireCode, type ClientMessage, type CommandMessage } from "./messages.ts";
import type {
  AckMessage,
  EventMessage,
  LeaseHolder,
  ServerMessage,
  WelcomeMessage,
  WireLimits,
} from "./server-messages.ts";

/** The other end of a session: a WebSocket, or a caller inside the process. */
export interface Peer {
  send(message: ServerMessage): void;
  /** The session is over; nothing more is sent. */
  end(code: WireCode, reason: string): void;
}

export interface ControlDeskOptions {
  readonly actuations: readonly Actuation[];
  readonly epoch: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: WireLimits;
  readonly keepalive?: Partial<KeepaliveLimits>;
  /** Brings in another model package; resolves when it serves. None: the request is refused. */
  readonly useModel?: (path: string) => Promise<void>;
}

/** Who holds a device, for /healthz. */
export interface AuthoritySummary {
  readonly device: string;
  readonly owner: LeaseHolder | null;
  readonly stale: boolean;
  readonly latched: boolean;
  readonly sequence: number;
}

interface Visitor {
  readonly identity: SessionIdentity;
  readonly peer: Peer;
}

/**
 * Sessions, authority and actuation brought together: every request is judged here, and only what
 * was accepted reaches `Actuation.send`. Knows nothing of sockets.
 */
export class ControlDesk {
  readonly authority: Authority;
  readonly #options: ControlDeskOptions;
  readonly #devices: ReadonlyMap<string, DeskDevice>;
  readonly #visitors = new Map<string, Visitor>();
  readonly #commands = new OpenCommands();
  #lastCommandId = 0;

  constructor(options: ControlDeskOptions) {
    this.#options = options;
    const devices = options.actuations.map((actuation) => new DeskDevice(actuation));
    this.#devices = new Map(devices.map((device) => [device.id, device]));
    this.authority = new Authority({
      epoch: options.epoch,
      resources: [...this.#devices.keys()],
      ...(options.keepalive === undefined ? {} : { keepalive: options.keepalive }),
    });
    for (const device of devices) {
      device.actuation.onEvent((event) => {
        this.#onActuation(device, event);
      });
    }
  }

  get sessionCount(): number {
    return this.#visitors.size;
  }

  open(identity: SessionIdentity, peer: Peer): void {
    const { clock, log } = this.#options;
    const nowMs = clock.monotonicMs();
    this.authority.openSession(identity, nowMs);
    this.#visitors.set(identity.id, { identity, peer });
    peer.send(this.#welcome(identity, nowMs));
    for (const device of this.#devices.values()) this.#tellState(device, peer);
    log.info(
      { session: identity.id, role: identity.role, client: identity.client },
      "client connected",
    );
  }

  /** The peer is gone: what it moved stops now. Safe to repeat. */
  close(sessionId: string, reason: string): void {
    if (!this.#visitors.delete(sessionId)) return;
    this.#carryOut(this.authority.closeSession(sessionId, reason));
    this.#commands.forget(sessionId);
    this.#options.log.info({ session: sessionId, reason }, "client gone");
  }

  /** @param arrivedMs monotonic ms at which the message came in: expiry counts from here. */
  handle(sessionId: string, message: ClientMessage, arrivedMs: number): void {
    const visitor = this.#visitors.get(sessionId);
    if (visitor === undefined) return;
    const { peer } = visitor;
    switch (message.type) {
      case "checkin":
        this.authority.checkIn(sessionId, arrivedMs);
        return;
      case "sync": {
        const t2Ms = this.#options.clock.monotonicMs();
        peer.send({
          type: "sync",
          t0Ms: message.t0Ms,
          t1Ms: arrivedMs,
          t2Ms,
          clock: { state: "unknown" },
        });
        return;
      }
      case "lease.acquire":
        this.#answerLease(peer, message, this.authority.acquire(sessionId, message.device));
        return;
      case "lease.take":
        this.#answerLease(peer, message, this.authority.take(sessionId, message.device));
        return;
      case "lease.retain": {
        const lease = { resource: message.device, ...message.lease };
        this.#answerLease(peer, message, this.authority.retain(sessionId, lease, arrivedMs));
        return;
      }
      case "lease.return": {
        const lease = { resource: message.device, ...message.lease };
        this.#answerLease(peer, message, this.authority.giveBack(sessionId, lease));
        return;
      }
      case "command":
        this.#command(visitor, message, arrivedMs);
        return;
      case "stop":
        this.#stop(visitor, message);
        return;
      case "reset":
        this.#reset(visitor, message);
        return;
      case "lease.delegate":
      case "lease.revoke":
        peer.send(rejection(message.id, WireCode.Unsupported, "not yet"));
        return;
      case "model.use":
        void this.#useModel(visitor, message);
        return;
      case "hello":
        peer.send({
          type: "error",
          code: WireCode.Hello,
          message: "hello came twice, expected once and first",
        });
        return;
      default:
        message satisfies never;
    }
  }

  /** The device stops, and no command moves it until `resume`. Stop and reset stay allowed. */
  suspend(deviceId: string, reason: string): void {
    this.#carryOut(this.authority.suspend(deviceId, reason));
  }

  /** Commands are judged again; nothing moves by it. */
  resume(deviceId: string): void {
    this.authority.resume(deviceId);
  }

  /** Lets silence take effect. Called a few times per check-in period. */
  tick(): void {
    this.#carryOut(this.authority.tick(this.#options.clock.monotonicMs()));
  }

  /** The state of every device to every session. */
  broadcastState(): void {
    for (const device of this.#devices.values()) this.#tellState(device);
  }

  summary(): readonly AuthoritySummary[] {
    return [...this.#devices.keys()].flatMap((device) => {
      const lease = this.authority.leaseState(device);
      if (lease === undefined) return [];
      const { stale, sequence } = lease;
      const latched = this.authority.isLatched(device);
      return [{ device, owner: holderOf(lease), stale, latched, sequence }];
    });
  }

  /** Every session ends; devices they moved stop. */
  shutDown(reason: string): void {
    for (const [sessionId, { peer }] of [...this.#visitors]) {
      this.close(sessionId, reason);
      peer.end(WireCode.Closing, reason);
    }
  }

  // hot path
  #command({ identity, peer }: Visitor, message: CommandMessage, arrivedMs: number): void {
    const { id, acks = "all" } = message;
    const device = this.#devices.get(message.device);
    if (device === undefined) {
      peer.send(this.#unknownDevice(id, message.device));
      return;
    }
    this.#lastCommandId += 1;
    const commandId = this.#lastCommandId;
    const shaped = device.commandOf(message, { commandId, arrivedMs });
    if (!shaped.ok) {
      peer.send(rejection(id, WireCode.UnknownAxis, shaped.reason));
      return;
    }
    const verdict = this.authority.judge({
      sessionId: identity.id,
      resource: device.id,
      lease: { resource: device.id, ...message.lease },
      sequence: message.seq,
    });
    if (!verdict.ok) {
      const owner = verdict.state === undefined ? null : holderOf(verdict.state);
      peer.send({ ...rejection(id, verdict.refusal, verdict.reason), owner });
      return;
    }
    this.#commands.add(commandId, {
      sessionId: identity.id,
      device,
      id,
      acks: acks === "rejections" ? acks : "all",
    });
    device.actuation.send(shaped.command);
    if (acks === "all") peer.send({ type: "ack", id, status: "accepted" });
  }

  #stop({ identity, peer }: Visitor, message: Extract<ClientMessage, { type: "stop" }>): void {
    const { id, level } = message;
    const devices = this.#selected(message.device);
    if (devices.length === 0) {
      if (message.device !== undefined) peer.send(this.#unknownDevice(id, message.device));
      return;
    }
    const reason = `${level} by ${identity.client}${message.reason === undefined ? "" : `: ${message.reason}`}`;
    for (const device of devices) {
      // The device first; who owns it can wait for the next line.
      device.actuation.send({ kind: "stop", level, reason });
      const effects =
        level === "estop"
          ? this.authority.estop(device.id, reason)
          : this.authority.hold(identity.id, device.id, reason);
      this.#carryOut(effects);
      this.#announce(device, level === "estop" ? "estop" : "stop", reason, identity.client);
      this.#tellState(device);
    }
    if (id !== undefined) peer.send({ type: "ack", id, status: "accepted" });
  }

  #reset({ identity, peer }: Visitor, message: Extract<ClientMessage, { type: "reset" }>): void {
    const { id } = message;
    for (const device of this.#selected(message.device)) {
      if (!this.authority.requestReset(identity.id, device.id)) {
        const reason = `a ${identity.role} may not reset, expected controller or supervisor`;
        peer.send(
          id === undefined
            ? { type: "error", code: WireCode.Role, message: reason }
            : rejection(id, WireCode.Role, reason),
        );
        return;
      }
      device.actuation.send({ kind: "reset" });
      this.#announce(device, "reset", `reset by ${identity.client}`, identity.client);
    }
    if (id !== undefined) peer.send({ type: "ack", id, status: "accepted" });
  }

  /** Reads files of this machine, so it is for supervisors only. Nothing that moves is touched. */
  async #useModel(
    { identity, peer }: Visitor,
    { id, path }: Extract<ClientMessage, { type: "model.use" }>,
  ): Promise<void> {
    const { useModel, log } = this.#options;
    if (identity.role !== "supervisor") {
      const reason = `a ${identity.role} may not change the model, expected supervisor`;
      peer.send(rejection(id, WireCode.Role, reason));
      return;
    }
    if (useModel === undefined) {
      peer.send(rejection(id, WireCode.Unsupported, "this server has no model to change"));
      return;
    }
    log.info({ client: identity.client, path }, "another model package is asked for");
    try {
      await useModel(path);
      peer.send({ type: "ack", id, status: "done" });
    } catch (error) {
      const code = error instanceof BridgeError ? error.code : WireCode.Unsupported;
      peer.send(rejection(id, code, textWithoutCode(error)));
    }
  }

  #onActuation(device: DeskDevice, event: ActuationEvent): void {
    if (event.kind === "mode") {
      const { mode, reason } = event;
      const settled = mode === ActuationMode.Active || mode === ActuationMode.Inactive;
      if (settled || mode === ActuationMode.Latched) {
        this.#carryOut(this.authority.noteLatched(device.id, !settled));
      }
      this.#announce(device, "mode", `${modeName(mode)}: ${reason}`);
      this.#tellState(device);
      return;
    }
    if (event.kind === "driver") return;
    const answer = this.#commands.answer(event);
    if (answer !== undefined) this.#visitors.get(answer.sessionId)?.peer.send(answer.ack);
  }

  #carryOut(effects: readonly AuthorityEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "stop") this.#hold(effect.resource, effect.reason);
      else if (effect.kind === "lease-changed") {
        const { resource, stale } = effect.state;
        const owner = holderOf(effect.state);
        const { reason } = effect;
        this.#broadcast({ type: "lease", device: resource, owner, stale, delegate: null, reason });
      } else {
        const peer = this.#visitors.get(effect.sessionId)?.peer;
        this.close(effect.sessionId, effect.reason);
        peer?.end(WireCode.Closing, effect.reason);
      }
    }
  }

  #hold(deviceId: string, reason: string): void {
    const device = this.#devices.get(deviceId);
    if (device === undefined) return;
    device.actuation.send({ kind: "stop", level: "hold", reason });
    this.#options.log.warn({ device: deviceId, reason }, "device stopped");
    this.#announce(device, "stop", reason);
  }

  #answerLease(
    peer: Peer,
    request: { readonly id: number; readonly device: string },
    outcome: LeaseOutcome,
  ): void {
    const { id, device } = request;
    // The effects first: a new owner hears that the device was stopped before it may move it.
    if (outcome.ok) this.#carryOut(outcome.effects);
    const state = this.authority.leaseState(device);
    const owner = state === undefined ? null : holderOf(state);
    const stale = state?.stale ?? false;
    if (!outcome.ok) {
      peer.send({
        type: "lease",
        id,
        device,
        result: outcome.refusal,
        owner,
        stale,
        delegate: null,
      });
      return;
    }
    const { epoch, sequence } = outcome.lease;
    peer.send({
      type: "lease",
      id,
      device,
      result: "ok",
      lease: { epoch, sequence },
      owner,
      stale,
      delegate: null,
    });
  }

  #selected(deviceId: string | undefined): readonly DeskDevice[] {
    if (deviceId === undefined) return [...this.#devices.values()];
    const device = this.#devices.get(deviceId);
    return device === undefined ? [] : [device];
  }

  #unknownDevice(id: number | undefined, found: string): ServerMessage {
    const expected = [...this.#devices.keys()].join(", ");
    const message = `device is ${found}, expected one of ${expected}`;
    if (id !== undefined) return rejection(id, WireCode.UnknownDevice, message);
    return {
      type: "error",
      code: WireCode.UnknownDevice,
      message,
      path: "device",
      found,
      expected,
    };
  }

  #welcome(identity: SessionIdentity, nowMs: number): WelcomeMessage {
    const { clock, epoch, limits } = this.#options;
    return {
      type: "welcome",
      session: identity.id,
      epoch,
      role: identity.role,
      devices: [...this.#devices.values()].map((device) => device.offer),
      limits,
      keepalive: policyFor({ ...defaultPolicy, ...this.authority.keepalive }),
      share: fullShare,
      serverTimeNs: String(clock.stampNsAt(nowMs)),
      serverMs: nowMs,
    };
  }

  #tellState(device: DeskDevice, peer?: Peer): void {
    const lease = this.authority.leaseState(device.id);
    if (lease === undefined || (peer === undefined && this.#visitors.size === 0)) return;
    const state = device.state(lease, this.authority.isLatched(device.id));
    if (peer === undefined) this.#broadcast(state);
    else peer.send(state);
  }

  #announce(device: DeskDevice, event: EventMessage["event"], reason: string, by?: string): void {
    const who = by === undefined ? {} : { by };
    this.#broadcast({ type: "event", device: device.id, event, reason, ...who });
  }

  #broadcast(message: ServerMessage): void {
    for (const { peer } of this.#visitors.values()) peer.send(message);
  }
}

function rejection(id: number, code: string, reason: string): AckMessage {
  return { type: "ack", id, status: "rejected", code, reason };
}
