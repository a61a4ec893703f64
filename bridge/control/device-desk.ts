import { randomUUID } from "node:crypto";
import type { Clock } from "../contract/clock.ts";
import type { Log } from "../contract/log.ts";
import type { AgentStatus } from "../core/agent-status.ts";
import { noAudit, type AuditActor, type AuditEvent, type AuditLog } from "../core/audit.ts";
import type { AgentPeer } from "./device-occupant.ts";
import { DeviceSeat, type DeviceLink } from "./device-seat.ts";
import {
  DeviceCode,
  deviceProtocol,
  type DeviceOfferMessage,
  type DeviceRequest,
  type DeviceServerMessage,
} from "./device-messages.ts";

export interface DeviceDeskOptions {
  readonly links: readonly DeviceLink[];
  readonly clock: Clock;
  readonly log: Log;
  /** Left out: nothing is kept. */
  readonly audit?: AuditLog;
}

/** An agent as the desk knows it: an `AgentPeer` that has not been given a session yet. */
export interface AgentSocket extends Omit<AgentPeer, "session"> {
  /** Key id of a paired agent, or how it was admitted without one. */
  readonly subject: string;
}

const watchPeriodMs = 100;
const syncPeriodMs = 1000;
/** The first answers come quickly, so that stamps can be compared before anything moves. */
const firstSyncsMs = [0, 60, 120, 180, 300, 500];

/**
 * The agents that move devices: sessions, one seat per device, and the timers that send setpoints and
 * notice silence. On the main thread on purpose: when that stalls, nothing is sent, and agents hold
 * by the expiry of what they were sent last.
 */
export class DeviceDesk implements Disposable {
  readonly #options: DeviceDeskOptions;
  readonly #seats: readonly DeviceSeat[];
  readonly #sessions = new Map<string, AgentSession>();
  readonly #watching: NodeJS.Timeout;

  constructor(options: DeviceDeskOptions) {
    this.#options = options;
    this.#seats = options.links.map((link) => new DeviceSeat(link));
    this.#watching = setInterval(() => {
      // After the sockets were read: telemetry that waited while this thread was busy counts first.
      setImmediate(() => {
        for (const seat of this.#seats) seat.watch(options.clock.monotonicMs());
      });
    }, watchPeriodMs);
  }

  /** Ids of the devices that agents may offer. */
  get devices(): readonly string[] {
    return this.#seats.map((seat) => seat.device.id);
  }

  /** Somebody was let in. Returns the session, which `handle` and `close` take. */
  open(socket: AgentSocket): string {
    const { clock, log } = this.#options;
    const session = randomUUID();
    const peer: AgentPeer = {
      session,
      client: socket.client,
      get congested() {
        return socket.congested;
      },
      send: (message: DeviceServerMessage) => {
        socket.send(message);
      },
      end: (code: DeviceCode, reason: string) => {
        log.warn({ session, client: socket.client, code, reason }, "device agent ended");
        this.#forget(session, `${code}: ${reason}`);
        socket.end(code, reason);
      },
    };
    const { client, subject } = socket;
    const actor: AuditActor = { session, role: "device", client, subject };
    this.#sessions.set(session, { peer, actor, seat: undefined, timers: [] });
    this.#record({ kind: "session.opened", by: actor });
    log.info({ session, client: socket.client }, "device agent connected");
    peer.send({
      type: "welcome",
      protocol: deviceProtocol,
      session,
      devices: this.#seats.map(({ device: { id, profile, axes, homeRad } }) => ({
        id,
        profile,
        axes: axes.map((axis) => ({
          name: axis.name,
          lowerRad: axis.lowerRad,
          upperRad: axis.upperRad,
          maxVelocityRadPerS: axis.maxVelocityRadPerS,
          maxAccelerationRadPerS2: axis.maxAccelerationRadPerS2,
          maxJerkRadPerS3: axis.maxJerkRadPerS3,
          continuous: axis.continuous === true,
        })),
        homeRad,
      })),
      serverMs: clock.monotonicMs(),
    });
    return session;
  }

  /** @param arrivedMs monotonic ms at which the message came in. */
  handle(session: string, message: DeviceRequest, arrivedMs: number): void {
    const agent = this.#sessions.get(session);
    switch (message.type) {
      case "telemetry":
        agent?.seat?.telemetry(session, message, arrivedMs);
        return;
      case "sync":
        agent?.seat?.synced(session, message, arrivedMs);
        return;
      case "offer":
        if (agent !== undefined) this.#offer(agent, message, arrivedMs);
        return;
      case "hello":
        agent?.peer.end(DeviceCode.Offer, "hello came twice, expected once and first");
        return;
      default:
        message satisfies never;
    }
  }

  /** Something came that could not be understood: an agent that moves a device must not do that. */
  fail(session: string, reason: string): void {
    const agent = this.#sessions.get(session);
    if (agent?.seat?.isOf(session) === true) agent.seat.fail(session, DeviceCode.Telemetry, reason);
    else agent?.peer.end(DeviceCode.Telemetry, reason);
  }

  /** The socket is gone. Safe to repeat. */
  close(session: string, reason: string): void {
    const agent = this.#sessions.get(session);
    if (agent === undefined) return;
    this.#forget(session, reason);
    agent.seat?.leave(session, reason);
    this.#options.log.info({ session, client: agent.peer.client, reason }, "device agent gone");
  }

  status(): readonly AgentStatus[] {
    return this.#seats.map((seat) => seat.status());
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watching);
    for (const session of [...this.#sessions.keys()]) this.close(session, "server is closing");
  }

  #offer(agent: AgentSession, offer: DeviceOfferMessage, nowMs: number): void {
    const { clock, log } = this.#options;
    const { peer } = agent;
    if (agent.seat !== undefined) {
      peer.end(DeviceCode.Offer, "offer came twice, expected once in a session");
      return;
    }
    const seat = this.#seats.find(({ device }) => device.id === offer.device);
    if (seat === undefined) {
      const expected = this.devices.join(", ");
      peer.end(DeviceCode.Offer, `device is ${offer.device}, expected ${expected}`);
      return;
    }
    const verdict = seat.take(peer, offer, nowMs);
    if (!verdict.ok) {
      peer.end(verdict.code, verdict.reason);
      return;
    }
    log.info(
      { device: offer.device, client: peer.client, model: offer.model ?? "" },
      "device agent moves a device",
    );
    this.#record({
      kind: "device.registered",
      device: offer.device,
      by: agent.actor,
      model: offer.model ?? "",
    });
    agent.seat = seat;
    const ask = (): void => {
      seat.askTime(clock.monotonicMs());
    };
    agent.timers = [
      ...firstSyncsMs.map((delayMs) => setTimeout(ask, delayMs)),
      setInterval(ask, syncPeriodMs),
      setInterval(() => {
        seat.pump(clock.monotonicMs());
      }, 1000 / seat.rateHz),
    ];
  }

  /** Once, whoever ends it: the agent, its seat, or this server. */
  #forget(session: string, reason: string): void {
    const agent = this.#sessions.get(session);
    if (agent === undefined) return;
    for (const timer of agent.timers) clearTimeout(timer);
    this.#sessions.delete(session);
    this.#record({ kind: "session.closed", by: agent.actor, reason });
  }

  #record(event: AuditEvent): void {
    const { clock, audit = noAudit } = this.#options;
    audit.append({ ...event, atNs: String(clock.stampNsAt(clock.monotonicMs())) });
  }
}

interface AgentSession {
  readonly peer: AgentPeer;
  readonly actor: AuditActor;
  seat: DeviceSeat | undefined;
  timers: NodeJS.Timeout[];
}
