import { DriverLink } from "../contract/actuator-driver.ts";
import type { AxisLimits, DeviceDescription } from "../contract/device.ts";
import {
  FarHealth,
  FarOrderField,
  farOrderWidth,
  farSetpointWidth,
  type FarDeviceMemory,
} from "../contract/far-device.ts";
import type { AgentStatus } from "../core/agent-status.ts";
import { matchOffer, type OfferedAxis } from "../core/match-offer.ts";
import { PeerClock } from "../core/peer-clock.ts";
import { telemetryProblem } from "./device-telemetry.ts";
import {
  DeviceCode,
  type DeviceOfferMessage,
  type DeviceServerMessage,
  type TelemetryMessage,
} from "./device-messages.ts";

/** A device that an agent may move, as the composition root lends it. */
export interface DeviceLink {
  readonly device: DeviceDescription;
  /** The driver in the actuation thread is at its other side. */
  readonly memory: FarDeviceMemory;
  /** Tells the actuation what the device allows, before anything else of it. */
  tighten(axes: readonly AxisLimits[], reason: string): void;
}

/** The other end of an agent's session. */
export interface AgentPeer {
  readonly session: string;
  readonly client: string;
  /** Bytes wait to be sent: what is sent now would come late. */
  readonly congested: boolean;
  send(message: DeviceServerMessage): void;
  /** The session is over; nothing more is sent. */
  end(code: DeviceCode, reason: string): void;
}

export interface DeviceSeatLimits {
  /** A setpoint that is older than this moves nothing at the agent. */
  readonly setpointTtlMs: number;
  /** An agent that is silent for so long is lost. */
  readonly telemetryTimeoutMs: number;
}
export const defaultSeatLimits: DeviceSeatLimits = { setpointTtlMs: 150, telemetryTimeoutMs: 500 };

interface Occupant {
  readonly peer: AgentPeer;
  readonly offer: DeviceOfferMessage;
  /** For each axis of the device, where it stands in the arrays of the wire. */
  readonly offerIndex: readonly number[];
  readonly clock: PeerClock;
  heardMs: number;
  telemetrySeq: number;
  enabled: boolean;
}

/** The actuation thread writes at every tick; a row older than this means it has stopped doing so. */
const setpointStaleMs = 100;
/** Round trips that are remembered while their setpoints are on the way. */
const rememberedSetpoints = 64;

/**
 * The one place from which a device is moved by an agent: who sits there, what they are sent, what
 * they tell, and when they count as gone. Has no timers and no sockets: `pump` is called at
 * `rateHz`, `watch` a few times per timeout.
 */
export class DeviceSeat {
  readonly #link: DeviceLink;
  readonly #limits: DeviceSeatLimits;
  readonly #health: FarHealth;
  readonly #setpointRow: Float64Array;
  readonly #orderRow = new Float64Array(farOrderWidth);
  readonly #telemetryRow: Float64Array;
  readonly #sentStampMs = new Float64Array(rememberedSetpoints);
  #occupant: Occupant | undefined;
  #state: { readonly link: DriverLink; readonly reason: string };
  #lastSentMs = Number.NaN;
  #lastStampMs = Number.NEGATIVE_INFINITY;
  #resting = true;
  #stopCount = 0;
  #seq = 0;
  #setpointCount = 0;
  #skippedCount = 0;
  #telemetryCount = 0;
  #disorderCount = 0;
  #sessionCount = 0;
  #batteryRatio = Number.NaN;
  #setpointToTelemetryMs = Number.NaN;

  constructor(link: DeviceLink, limits: DeviceSeatLimits = defaultSeatLimits) {
    const count = link.device.axes.length;
    this.#link = link;
    this.#limits = limits;
    this.#health = new FarHealth(link.memory.health);
    this.#setpointRow = new Float64Array(farSetpointWidth(count));
    this.#telemetryRow = new Float64Array(3 * count);
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
    this.#lastSentMs = Number.NaN;
    this.#resting = true;
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
    if (message.seq <= occupant.telemetrySeq) {
      this.#disorderCount += 1;
      return;
    }
    occupant.telemetrySeq = message.seq;
    occupant.heardMs = arrivedMs;
    this.#telemetryCount += 1;
    this.#batteryRatio = message.batteryRatio ?? Number.NaN;
    this.#push(occupant, message, arrivedMs);
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
    this.#obey(occupant);
    if (this.#state.link !== DriverLink.Up) {
      this.#rest(occupant, this.#state.reason);
      return;
    }
    const stampMs = this.#link.memory.setpoint.read(this.#setpointRow)
      ? (this.#setpointRow[0] ?? Number.NaN)
      : Number.NaN;
    if (!(nowMs - stampMs < setpointStaleMs)) {
      this.#rest(occupant, "no setpoints are made");
      return;
    }
    if (stampMs === this.#lastSentMs) return;
    if (occupant.peer.congested) {
      this.#skippedCount += 1;
      return;
    }
    this.#lastSentMs = stampMs;
    this.#resting = false;
    this.#seq += 1;
    this.#setpointCount += 1;
    this.#sentStampMs[this.#seq % rememberedSetpoints] = stampMs;
    const count = this.device.axes.length;
    const posRad = new Array<number>(count);
    const velRadPerS = new Array<number>(count);
    for (let index = 0; index < count; index += 1) {
      const at = occupant.offerIndex[index] ?? index;
      posRad[at] = this.#setpointRow[1 + index] ?? 0;
      velRadPerS[at] = this.#setpointRow[1 + count + index] ?? 0;
    }
    const ttlMs = this.#limits.setpointTtlMs;
    occupant.peer.send({ type: "setpoint", seq: this.#seq, stampMs, posRad, velRadPerS, ttlMs });
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
      setpointToTelemetryMs: this.#setpointToTelemetryMs,
      batteryRatio: this.#batteryRatio,
      setpointCount: this.#setpointCount,
      skippedCount: this.#skippedCount,
      telemetryCount: this.#telemetryCount,
      disorderCount: this.#disorderCount,
      sessionCount: this.#sessionCount,
    };
  }

  #push(occupant: Occupant, message: TelemetryMessage, arrivedMs: number): void {
    const { offsetMs } = occupant.clock;
    // Without its clock known, a sample is as old as its arrival; never is one from the future.
    const stampMs =
      offsetMs === undefined ? arrivedMs : Math.min(message.stampMs + offsetMs, arrivedMs);
    if (stampMs <= this.#lastStampMs) {
      this.#disorderCount += 1;
      return;
    }
    this.#lastStampMs = stampMs;
    const count = this.device.axes.length;
    for (let index = 0; index < count; index += 1) {
      const at = occupant.offerIndex[index] ?? index;
      this.#telemetryRow[index] = message.posRad[at] ?? 0;
      this.#telemetryRow[count + index] = message.velRadPerS[at] ?? 0;
      this.#telemetryRow[2 * count + index] = message.effortNm?.[at] ?? 0;
    }
    this.#link.memory.telemetry.push(stampMs, this.#telemetryRow);
    const { setpointSeq } = message;
    if (setpointSeq === undefined || setpointSeq > this.#seq) return;
    if (this.#seq - setpointSeq >= rememberedSetpoints) return;
    this.#setpointToTelemetryMs =
      arrivedMs - (this.#sentStampMs[setpointSeq % rememberedSetpoints] ?? Number.NaN);
  }

  #indexOf(name: string): number {
    return this.device.axes.findIndex((axis) => axis.name === name);
  }

  /** What the driver orders beside setpoints. */
  #obey(occupant: Occupant): void {
    if (!this.#link.memory.order.read(this.#orderRow)) return;
    const stopCount = this.#orderRow[FarOrderField.stopCount] ?? 0;
    if (stopCount !== this.#stopCount) {
      this.#stopCount = stopCount;
      this.#rest(occupant, "stopped by the actuation");
    }
    const enabled = this.#orderRow[FarOrderField.isEnabled] === 1;
    if (enabled === occupant.enabled) return;
    occupant.enabled = enabled;
    if (occupant.offer.modes.includes("limp")) occupant.peer.send({ type: "enable", enabled });
  }

  /** Says once that there is nothing to follow; the agent's own timeout would come to the same. */
  #rest(occupant: Occupant, reason: string): void {
    if (this.#resting) return;
    this.#resting = true;
    occupant.peer.send({ type: "stop", reason });
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
