import { DriverLink } from "../contract/actuator-driver.ts";
import type { AxisLimits, DeviceDescription } from "../contract/device.ts";
import { FarHealth, type FarDeviceMemory } from "../contract/far-device.ts";
import type { AgentStatus } from "../core/agent-status.ts";
import { matchOffer, type OfferedAxis } from "../core/match-offer.ts";
import { PeerClock } from "../core/peer-clock.ts";
import type { AgentPeer, Occupant } from "./device-occupant.ts";
import { telemetryProblem } from "./device-telemetry.ts";
import { DeviceCode, type DeviceOfferMessage, type TelemetryMessage } from "./device-messages.ts";
import { SetpointSender } from "./setpoint-sender.ts";
import { TelemetryIntake } from "./telemetry-intake.ts";

/** A device that an agent may move, as the composition root lends it. */
export interface DeviceLink {
  readonly device: DeviceDescription;
  /** The driver in the actuation thread is at its other side. */
  readonly memory: FarDeviceMemory;
  /** Tells the actuation what the device allows, before anything else of it. */
  tighten(axes: readonly AxisLimits[], reason: string): void;
}

export interface DeviceSeatLimits {
  /** A setpoint that is older than this moves nothing at the agent. */
  readonly setpointTtlMs: number;
  /** An agent that is silent for so long is lost. */
  readonly telemetryTimeoutMs: number;
}
export const defaultSeatLimits: DeviceSeatLimits = { setpointTtlMs: 150, telemetryTimeoutMs: 500 };

/**
 * The one place from which a device is moved by an agent: who sits there, what they are sent, what
 * they tell, and when they count as gone. Has no timers and no sockets: `pump` is called at
 * `rateHz`, `watch` a few times per timeout.
 */
export class DeviceSeat {
  readonly #link: DeviceLink;
  readonly #limits: DeviceSeatLimits;
  readonly #health: FarHealth;
  readonly #sender: SetpointSender;
  readonly #intake: TelemetryIntake;
  #occupant: Occupant | undefined;
  #state: { readonly link: DriverLink; readonly reason: string };
  #sessionCount = 0;

  constructor(link: DeviceLink, limits: DeviceSeatLimits = defaultSeatLimits) {
    const count = link.device.axes.length;
    this.#link = link;
    this.#limits = limits;
    this.#health = new FarHealth(link.memory.health);
    this.#sender = new SetpointSender(link.memory, count, limits.setpointTtlMs);
    this.#intake = new TelemetryIntake(link.memory, count, this.#sender);
    this.#state = { link: DriverLink.Opening, reason: "no agent has offered this device yet" };
    this.#health.set(this.#state.link, this.#state.reason);
  }

  get device(): DeviceDescription {
    return this.#link.device;
  }

  /** Setpoints per second that the agent asked for; 0 while there is none. */
  get rateHz(): number {
    return this.#occupant?.offer.setpointRateHz ?? 0;
  }

  isOf(session: string): boolean {
    return this.#occupant?.peer.session === session;
  }

  /** Sits down, if the seat is free and the offer fits. Nothing moves by it. */
  take(
    peer: AgentPeer,
    offer: DeviceOfferMessage,
    nowMs: number,
  ):
    | { readonly ok: true }
    | { readonly ok: false; readonly code: DeviceCode; readonly reason: string } {
    this.watch(nowMs);
    const other = this.#occupant;
    if (other !== undefined) {
      const reason = `${this.device.id} is moved by ${other.peer.client}, expected nobody: one agent per device`;
      return { ok: false, code: DeviceCode.Taken, reason };
    }
    if (!offer.modes.includes("hold")) {
      return { ok: false, code: DeviceCode.Offer, reason: "modes lack hold, expected it" };
    }
    const match = matchOffer(this.device, offer.axes.map(asLimits));
    if (!match.ok) return { ok: false, code: DeviceCode.Offer, reason: match.reason };
    this.#occupant = {
      peer,
      offer,
      offerIndex: match.offerIndex,
      clock: new PeerClock(),
      heardMs: nowMs,
      telemetrySeq: -1,
      enabled: true,
    };
    this.#sessionCount += 1;
    this.#sender.reset();
    this.#link.tighten(match.limits, `offered by ${peer.client}`);
    this.#say(DriverLink.Opening, `${peer.client} has not sent telemetry yet`);
    peer.send({
      type: "accepted",
      device: this.device.id,
      axes: offer.axes.map(({ name }) => {
        const limits = match.limits[this.#indexOf(name)];
        if (limits === undefined) throw new Error("an accepted axis has no limits");
        return { name, ...limits };
      }),
      homeRad: offer.axes.map(({ name }) => this.device.homeRad[this.#indexOf(name)] ?? 0),
      setpointRateHz: offer.setpointRateHz,
      ttlMs: this.#limits.setpointTtlMs,
      telemetryTimeoutMs: this.#limits.telemetryTimeoutMs,
    });
    return { ok: true };
  }

  /** What the joints do. What cannot be is a fault of the device and ends the session. // hot path */
  telemetry(session: string, message: TelemetryMessage, arrivedMs: number): void {
    const occupant = this.#occupant;
    if (occupant?.peer.session !== session) return;
    const problem = telemetryProblem(occupant.offer, message);
    if (problem !== undefined) {
      this.fail(session, DeviceCode.Telemetry, problem);
      return;
    }
    if (!this.#intake.take(occupant, message, arrivedMs)) return;
    const { faults = [] } = message;
    if (faults.length === 0) this.#say(DriverLink.Up, "");
    else this.#say(DriverLink.Fault, `${occupant.peer.client} reports ${faults.join(", ")}`);
  }

  /** Answer to our question for the agent's clock. */
  synced(
    session: string,
    sync: { readonly t0Ms: number; readonly t1Ms: number; readonly t2Ms: number },
    arrivedMs: number,
  ): void {
    const occupant = this.#occupant;
    if (occupant?.peer.session !== session || sync.t0Ms > arrivedMs) return;
    const { clock } = occupant;
    clock.add(sync.t0Ms, sync.t1Ms, sync.t2Ms, arrivedMs);
    const { offsetMs, uncertaintyMs, roundTripMs } = clock;
    if (offsetMs === undefined) return;
    occupant.peer.send({ type: "clock", offsetMs, uncertaintyMs, roundTripMs });
  }

  askTime(nowMs: number): void {
    this.#occupant?.peer.send({ type: "sync", t0Ms: nowMs });
  }

  /** Sends the newest setpoint, if there is a new one; never queues behind an older. // hot path */
  pump(nowMs: number): void {
    const occupant = this.#occupant;
    if (occupant === undefined) return;
    this.#sender.obey(occupant);
    if (this.#state.link === DriverLink.Up) this.#sender.send(occupant, nowMs);
    else this.#sender.rest(occupant, this.#state.reason);
  }

  /** Lets silence take effect. */
  watch(nowMs: number): void {
    const occupant = this.#occupant;
    if (occupant === undefined) return;
    const silentMs = nowMs - occupant.heardMs;
    if (silentMs < this.#limits.telemetryTimeoutMs) return;
    const reason = `${occupant.peer.client} has sent no telemetry for ${silentMs.toFixed(0)} ms`;
    this.#expel(DriverLink.Lost, DeviceCode.Silent, reason);
  }

  /** The session is over, whoever ended it. */
  leave(session: string, reason: string): void {
    const occupant = this.#occupant;
    if (occupant?.peer.session !== session) return;
    this.#occupant = undefined;
    this.#say(DriverLink.Lost, `${occupant.peer.client} is gone: ${reason}`);
  }

  /** Something came that no sound device sends. */
  fail(session: string, code: DeviceCode, reason: string): void {
    const occupant = this.#occupant;
    if (occupant?.peer.session !== session) return;
    this.#expel(DriverLink.Fault, code, `${occupant.peer.client}: ${reason}`);
  }

  status(): AgentStatus {
    const clock = this.#occupant?.clock;
    return {
      device: this.device.id,
      client: this.#occupant?.peer.client ?? null,
      ...this.#state,
      roundTripMs: clock?.roundTripMs ?? Number.NaN,
      clockUncertaintyMs: clock?.uncertaintyMs ?? Number.NaN,
      setpointToTelemetryMs: this.#intake.setpointToTelemetryMs,
      batteryRatio: this.#intake.batteryRatio,
      setpointCount: this.#sender.setpointCount,
      skippedCount: this.#sender.skippedCount,
      telemetryCount: this.#intake.count,
      disorderCount: this.#intake.disorderCount,
      sessionCount: this.#sessionCount,
    };
  }

  #indexOf(name: string): number {
    return this.device.axes.findIndex((axis) => axis.name === name);
  }

  #expel(link: DriverLink, code: DeviceCode, reason: string): void {
    const occupant = this.#occupant;
    if (occupant === undefined) return;
    this.#occupant = undefined;
    this.#say(link, reason);
    occupant.peer.end(code, reason);
  }

  #say(link: DriverLink, reason: string): void {
    if (link === this.#state.link && reason === this.#state.reason) return;
    this.#state = { link, reason };
    this.#health.set(link, reason);
  }
}

/** What an offer leaves out does not limit. */
function asLimits(axis: DeviceOfferMessage["axes"][number]): OfferedAxis {
  const { maxJerkRadPerS3 = Number.POSITIVE_INFINITY, continuous = false } = axis;
  return { ...axis, maxJerkRadPerS3, continuous };
}
