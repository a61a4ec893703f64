import type { AgentAxis, DeviceReading } from "../../client/device-agent.ts";

/** Angles of a `deviceorientation` event, degrees (W3C DeviceOrientation Event, section 4.1). */
export interface Orientation {
  /** About the vertical, counter-clockwise seen from above: 0 to 360. */
  readonly alpha: number;
  /** About the phone's long edge's normal: lying flat 0, upright 90. */
  readonly beta: number;
  /** About its long edge: -90 to 90. */
  readonly gamma: number;
}

const radians = Math.PI / 180;
/** Velocities are differences of a noisy sensor: smoothed over about this long. */
const smoothingMs = 80;

/**
 * A phone in the hand as a mount: the first event is home, its turns from there are those of the joints
 * of the same name, and joints it has not stay at home. For show: nothing drives it but the person who looks at the screen.
 */
export class HeldPhone {
  readonly #axes: readonly AgentAxis[];
  readonly #homeRad: readonly number[];
  readonly #posRad: number[];
  readonly #velRadPerS: number[];
  #first: Orientation | undefined;
  #lastMs: number | undefined;

  constructor(axes: readonly AgentAxis[], homeRad: readonly number[]) {
    this.#axes = axes;
    this.#homeRad = homeRad;
    this.#posRad = [...homeRad];
    this.#velRadPerS = axes.map(() => 0);
  }

  /** Where the joints are now; undefined before the first event. */
  get reading(): DeviceReading | undefined {
    if (this.#first === undefined) return undefined;
    return { posRad: [...this.#posRad], velRadPerS: [...this.#velRadPerS] };
  }

  turned(now: Orientation, nowMs: number): void {
    const first = (this.#first ??= now);
    const dtMs = Math.max(1, nowMs - (this.#lastMs ?? nowMs));
    this.#lastMs = nowMs;
    const turnedRad: Readonly<Record<string, number>> = {
      yaw: wrapped(now.alpha - first.alpha) * radians,
      // Upright to flat is nose down, which REP 103 has positive.
      pitch: (first.beta - now.beta) * radians,
      roll: (now.gamma - first.gamma) * radians,
    };
    for (const [index, { name, lowerRad, upperRad }] of this.#axes.entries()) {
      const turned = turnedRad[name];
      if (turned === undefined) continue;
      const pos = Math.min(Math.max((this.#homeRad[index] ?? 0) + turned, lowerRad), upperRad);
      const rate = ((pos - (this.#posRad[index] ?? 0)) / dtMs) * 1000;
      const share = 1 - Math.exp(-dtMs / smoothingMs);
      const before = this.#velRadPerS[index] ?? 0;
      this.#velRadPerS[index] = before + (rate - before) * share;
      this.#posRad[index] = pos;
    }
  }
}

/** Degrees in -180 to 180. */
function wrapped(degrees: number): number {
  return ((((degrees + 180) % 360) + 360) % 360) - 180;
}
