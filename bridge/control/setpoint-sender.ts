import {
  FarOrderField,
  farOrderWidth,
  farSetpointWidth,
  type FarDeviceMemory,
} from "../contract/far-device.ts";
import type { Occupant } from "./device-occupant.ts";

/** The actuation thread writes at every tick; a row older than this means it has stopped doing so. */
const setpointStaleMs = 100;
/** Round trips that are remembered while their setpoints are on the way. */
const rememberedSetpoints = 64;

/** What the actuation wants of a device, on its way to the agent: setpoints, stops, power. */
export class SetpointSender {
  readonly #memory: FarDeviceMemory;
  readonly #axisCount: number;
  readonly #ttlMs: number;
  readonly #setpointRow: Float64Array;
  readonly #orderRow = new Float64Array(farOrderWidth);
  readonly #sentStampMs = new Float64Array(rememberedSetpoints);
  #lastSentMs = Number.NaN;
  #resting = true;
  #stopCount = 0;
  #seq = 0;
  #setpointCount = 0;
  #skippedCount = 0;

  /** @param ttlMs a setpoint that is older than this moves nothing at the agent. */
  constructor(memory: FarDeviceMemory, axisCount: number, ttlMs: number) {
    this.#memory = memory;
    this.#axisCount = axisCount;
    this.#ttlMs = ttlMs;
    this.#setpointRow = new Float64Array(farSetpointWidth(axisCount));
  }

  get setpointCount(): number {
    return this.#setpointCount;
  }

  /** Not sent, since the agent had not taken what was sent before. */
  get skippedCount(): number {
    return this.#skippedCount;
  }

  /** For a new agent, which was sent nothing yet. */
  reset(): void {
    this.#lastSentMs = Number.NaN;
    this.#resting = true;
  }

  /** Stamp of a setpoint that was sent; undefined for one that never was, or too long ago. */
  stampOf(seq: number): number | undefined {
    if (seq > this.#seq || this.#seq - seq >= rememberedSetpoints) return undefined;
    return this.#sentStampMs[seq % rememberedSetpoints];
  }

  /** Sends the newest setpoint, if there is a new one; never queues behind an older. // hot path */
  send(occupant: Occupant, nowMs: number): void {
    const stampMs = this.#memory.setpoint.read(this.#setpointRow)
      ? (this.#setpointRow[0] ?? Number.NaN)
      : Number.NaN;
    if (!(nowMs - stampMs < setpointStaleMs)) {
      this.rest(occupant, "no setpoints are made");
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
    const count = this.#axisCount;
    const posRad = new Array<number>(count);
    const velRadPerS = new Array<number>(count);
    for (let index = 0; index < count; index += 1) {
      const at = occupant.offerIndex[index] ?? index;
      posRad[at] = this.#setpointRow[1 + index] ?? 0;
      velRadPerS[at] = this.#setpointRow[1 + count + index] ?? 0;
    }
    const ttlMs = this.#ttlMs;
    occupant.peer.send({ type: "setpoint", seq: this.#seq, stampMs, posRad, velRadPerS, ttlMs });
  }

  /** What the driver orders beside setpoints. */
  obey(occupant: Occupant): void {
    if (!this.#memory.order.read(this.#orderRow)) return;
    const stopCount = this.#orderRow[FarOrderField.stopCount] ?? 0;
    if (stopCount !== this.#stopCount) {
      this.#stopCount = stopCount;
      this.rest(occupant, "stopped by the actuation");
    }
    const enabled = this.#orderRow[FarOrderField.isEnabled] === 1;
    if (enabled === occupant.enabled) return;
    occupant.enabled = enabled;
    if (occupant.offer.modes.includes("limp")) occupant.peer.send({ type: "enable", enabled });
  }

  /** Says once that there is nothing to follow; the agent's own timeout would come to the same. */
  rest(occupant: Occupant, reason: string): void {
    if (this.#resting) return;
    this.#resting = true;
    occupant.peer.send({ type: "stop", reason });
  }
}
