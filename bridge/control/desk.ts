import type { Actuation } from "../contract/actuation.ts";
import type { Clock } from "../contract/clock.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { Aim } from "../core/aim.ts";
import { noAudit, type AuditLog } from "../core/audit.ts";
import type { SessionIdentity } from "../core/authority-outcome.ts";
import { Authority } from "../core/authority.ts";
import type { KeepalivePolicy } from "../core/keepalive.ts";
import { fullShare } from "../core/roles.ts";
import { ActuationNews } from "./actuation-news.ts";
import { CommandDoor } from "./command-door.ts";
import type { DeskCounts } from "./desk-counters.ts";
import { DeskDevice, holderOf, type ReadJoints } from "./desk-device.ts";
import { DeskFloor } from "./desk-floor.ts";
import { LeaseDoor } from "./lease-door.ts";
import { WireCode, type ClientMessage } from "./messages.ts";
import { ModelDoor, type ModelDoorOptions } from "./model-door.ts";
import { OpenCommands } from "./open-commands.ts";
import type { LeaseHolder, WelcomeMessage, WireLimits } from "./server-messages.ts";
import { StopDoor } from "./stop-door.ts";
import { Visitor, Visitors, type Peer } from "./visitor.ts";

export interface ControlDeskOptions extends ModelDoorOptions {
  readonly actuations: readonly Actuation[];
  readonly epoch: string;
  readonly clock: Clock;
  readonly limits: WireLimits;
  readonly keepalive?: Partial<KeepalivePolicy>;
  /** What has to be known afterwards; left out: nothing is kept. */
  readonly audit?: AuditLog;
  /** Where the devices stand: for gestures, poses and moves that take a given time. */
  readonly readJoints?: ReadJoints;
  /** How to look somewhere with a device; undefined for one that cannot. */
  readonly aim?: (device: DeviceDescription) => Aim | undefined;
}

/** Who holds a device, for /healthz. */
export interface AuthoritySummary {
  readonly device: string;
  readonly owner: LeaseHolder | null;
  readonly stale: boolean;
  readonly latched: boolean;
  readonly sequence: number;
}

/**
 * Sessions, authority and actuation brought together: every request is judged here, and only what
 * was accepted reaches `Actuation.send`. Knows nothing of sockets.
 */
export class ControlDesk {
  readonly authority: Authority;
  readonly #options: ControlDeskOptions;
  readonly #visitors = new Visitors();
  readonly #floor: DeskFloor;
  readonly #leases: LeaseDoor;
  readonly #commands: CommandDoor;
  readonly #stops: StopDoor;
  readonly #models: ModelDoor;

  constructor(options: ControlDeskOptions) {
    this.#options = options;
    const devices = options.actuations.map((actuation) => deskDevice(actuation, options));
    const { epoch, clock, log, audit = noAudit, keepalive } = options;
    this.authority = new Authority({
      epoch,
      resources: devices.map(({ id }) => id),
      ...(keepalive === undefined ? {} : { keepalive }),
    });
    this.#floor = new DeskFloor({
      authority: this.authority,
      devices: new Map(devices.map((device) => [device.id, device])),
      visitors: this.#visitors,
      clock,
      log,
      audit,
      endSession: (sessionId, reason) => {
        this.end(sessionId, WireCode.Closing, reason);
      },
    });
    const open = new OpenCommands();
    this.#leases = new LeaseDoor(this.#floor);
    this.#commands = new CommandDoor(this.#floor, open);
    this.#stops = new StopDoor(this.#floor);
    this.#models = new ModelDoor(options);
    const news = new ActuationNews(this.#floor, open);
    for (const device of devices) {
      device.actuation.onEvent((event) => {
        news.note(device, event);
      });
    }
  }

  get sessionCount(): number {
    return this.#visitors.count;
  }

  get counts(): DeskCounts {
    return this.#floor.counters;
  }

  open(identity: SessionIdentity, peer: Peer): void {
    const { clock, log } = this.#options;
    const nowMs = clock.monotonicMs();
    const visitor = new Visitor(identity, peer);
    this.close(identity.id, "its id was opened again");
    this.#floor.carryOut(this.authority.openSession(identity, nowMs), visitor.actor);
    this.#visitors.add(visitor);
    peer.send(this.#welcome(identity, nowMs));
    for (const device of this.#floor.devices.values()) this.#floor.tellState(device, visitor);
    const { id: session, role, client } = identity;
    this.#floor.record({ kind: "session.opened", by: visitor.actor });
    log.info({ session, role, client }, "client connected");
  }

  /** The peer is gone: what it moved stops now. Safe to repeat. */
  close(sessionId: string, reason: string): void {
    const visitor = this.#visitors.remove(sessionId);
    if (visitor === undefined) return;
    this.#floor.carryOut(this.authority.closeSession(sessionId, reason), visitor.actor);
    this.#floor.record({ kind: "session.closed", by: visitor.actor, reason });
    this.#options.log.info({ session: sessionId, reason }, "client gone");
  }

  /** Ends a session from this side: what it moved stops, and its peer is told. */
  end(sessionId: string, code: WireCode, reason: string): void {
    const peer = this.#visitors.find(sessionId)?.peer;
    this.close(sessionId, reason);
    peer?.end(code, reason);
  }

  /** Every session of a key ends, e.g. because it was revoked. */
  endSubject(subject: string, reason: string): void {
    for (const { identity } of this.#visitors.of(subject)) {
      this.end(identity.id, WireCode.Closing, reason);
    }
  }

  /** @param arrivedMs monotonic ms at which the message came in: expiry never counts from later. */
  handle(sessionId: string, message: ClientMessage, arrivedMs: number): void {
    const visitor = this.#visitors.find(sessionId);
    if (visitor === undefined || this.#wasAnswered(visitor, message, arrivedMs)) return;
    switch (message.type) {
      case "checkin":
        this.authority.checkIn(sessionId, arrivedMs);
        return;
      case "sync":
        this.#sync(visitor, message, arrivedMs);
        return;
      case "lease.acquire":
      case "lease.take":
      case "lease.retain":
      case "lease.return":
      case "lease.delegate":
      case "lease.revoke":
        this.#leases.handle(visitor, message, arrivedMs);
        return;
      case "command":
        this.#commands.handle(visitor, message, arrivedMs);
        return;
      case "stop":
        this.#stops.stop(visitor, message);
        return;
      case "reset":
        this.#stops.reset(visitor, message);
        return;
      case "model.use":
        void this.#models.handle(visitor, message);
        return;
      case "hello":
        visitor.reject(undefined, WireCode.Hello, "hello came twice, expected once and first");
        return;
      default:
        message satisfies never;
    }
  }

  /** The device stops, and no command moves it until `resume`. Stop and reset stay allowed. */
  suspend(deviceId: string, reason: string): void {
    this.#floor.carryOut(this.authority.suspend(deviceId, reason));
  }

  /** Commands are judged again; nothing moves by it. */
  resume(deviceId: string): void {
    this.authority.resume(deviceId);
  }

  /** Lets silence take effect. Called a few times per check-in period. */
  tick(): void {
    this.#floor.carryOut(this.authority.tick(this.#options.clock.monotonicMs()));
  }

  /** The state of every device to every session. */
  broadcastState(): void {
    for (const device of this.#floor.devices.values()) this.#floor.tellState(device);
  }

  summary(): readonly AuthoritySummary[] {
    return [...this.#floor.devices.keys()].flatMap((device) => {
      const lease = this.authority.leaseState(device);
      if (lease === undefined) return [];
      const { stale, sequence } = lease;
      const latched = this.authority.isLatched(device);
      return [{ device, owner: holderOf(lease), stale, latched, sequence }];
    });
  }

  /** Every session ends; devices they moved stop. */
  shutDown(reason: string): void {
    for (const sessionId of this.#visitors.ids) this.end(sessionId, WireCode.Closing, reason);
  }

  /** A retry gets the first answer. Stops are never answered from memory. */
  #wasAnswered(visitor: Visitor, message: ClientMessage, arrivedMs: number): boolean {
    if (!("id" in message) || message.type === "stop") return false;
    const recalled = visitor.answers.recall(message.id, fingerprintOf(message), arrivedMs);
    if (recalled === "new") return false;
    if (recalled === "reused") {
      const reason = `id ${message.id} was used for another request, expected a new one`;
      visitor.peer.send({
        type: "error",
        code: WireCode.IdReused,
        message: reason,
        id: message.id,
      });
    } else if (recalled.answer !== undefined) visitor.peer.send(recalled.answer);
    return true;
  }

  #sync(
    { peer, offset }: Visitor,
    message: Extract<ClientMessage, { type: "sync" }>,
    arrivedMs: number,
  ): void {
    const { t0Ms, previous } = message;
    if (previous !== undefined) offset.noteExchange(previous, arrivedMs);
    offset.noteRequest(t0Ms, arrivedMs);
    const t2Ms = this.#options.clock.monotonicMs();
    peer.send({ type: "sync", t0Ms, t1Ms: arrivedMs, t2Ms, clock: offset.estimate(arrivedMs) });
  }

  #welcome(identity: SessionIdentity, nowMs: number): WelcomeMessage {
    const { clock, epoch, limits } = this.#options;
    return {
      type: "welcome",
      session: identity.id,
      epoch,
      role: identity.role,
      devices: [...this.#floor.devices.values()].map((device) => device.offer),
      limits,
      keepalive: this.authority.policyOf(identity.id),
      share: identity.share ?? fullShare,
      serverTimeNs: String(clock.stampNsAt(nowMs)),
      serverMs: nowMs,
    };
  }
}

function deskDevice(actuation: Actuation, options: ControlDeskOptions): DeskDevice {
  const aim = options.aim?.(actuation.device);
  const { readJoints } = options;
  return new DeskDevice(actuation, {
    ...(aim === undefined ? {} : { aim }),
    ...(readJoints === undefined ? {} : { readJoints }),
  });
}

/** What makes two requests of one session the same. */
function fingerprintOf(message: ClientMessage): string {
  const device = "device" in message ? (message.device ?? "") : "";
  if (message.type !== "command") return `${message.type} ${device}`;
  return `${message.kind} ${device} ${message.seq}`;
}
