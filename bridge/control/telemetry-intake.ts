import type { FarDeviceMemory } from "../contract/far-device.ts";
import type { TelemetryMessage } from "./device-messages.ts";
import type { Occupant } from "./device-occupant.ts";
import type { SetpointSender } from "./setpoint-sender.ts";

/** What the joints do, as an agent tells it, brought onto our clock and into the order of our axes. */
export class TelemetryIntake {
  readonly #memory: FarDeviceMemory;
  readonly #axisCount: number;
  readonly #sender: SetpointSender;
  readonly #row: Float64Array;
  #lastStampMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #disorderCount = 0;
  #batteryRatio = Number.NaN;
  #setpointToTelemetryMs = Number.NaN;

  constructor(memory: FarDeviceMemory, axisCount: number, sender: SetpointSender) {
    this.#memory = memory;
    this.#axisCount = axisCount;
    this.#sender = sender;
    this.#row = new Float64Array(3 * axisCount);
  }

  get count(): number {
    return this.#count;
  }

  /** Came late or twice, and was not used. */
  get disorderCount(): number {
    return this.#disorderCount;
  }

  /** NaN while it is not known. */
  get batteryRatio(): number {
    return this.#batteryRatio;
  }

  /** From a setpoint's making to the telemetry that names it; NaN before the first. */
  get setpointToTelemetryMs(): number {
    return this.#setpointToTelemetryMs;
  }

  /** False for what was told before. // hot path */
  take(occupant: Occupant, message: TelemetryMessage, arrivedMs: number): boolean {
    if (message.seq <= occupant.telemetrySeq) {
      this.#disorderCount += 1;
      return false;
    }
    occupant.telemetrySeq = message.seq;
    occupant.heardMs = arrivedMs;
    this.#count += 1;
    this.#batteryRatio = message.batteryRatio ?? Number.NaN;
    this.#push(occupant, message, arrivedMs);
    return true;
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
    const count = this.#axisCount;
    for (let index = 0; index < count; index += 1) {
      const at = occupant.offerIndex[index] ?? index;
      this.#row[index] = message.posRad[at] ?? 0;
      this.#row[count + index] = message.velRadPerS[at] ?? 0;
      this.#row[2 * count + index] = message.effortNm?.[at] ?? 0;
    }
    this.#memory.telemetry.push(stampMs, this.#row);
    const { setpointSeq } = message;
    if (setpointSeq === undefined) return;
    const sentMs = this.#sender.stampOf(setpointSeq);
    if (sentMs !== undefined) this.#setpointToTelemetryMs = arrivedMs - sentMs;
  }
}
