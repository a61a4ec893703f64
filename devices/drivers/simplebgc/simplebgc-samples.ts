import type { Telemetry } from "../../../bridge/contract/actuator-driver.ts";
import type { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { radOf, type SimplebgcMount } from "./simplebgc-mounts.ts";

/** The board's angles as rows of telemetry. It tells no joint speeds, so they are differences, and no efforts. */
export class SimplebgcSamples {
  /** Of the newest row; NaN before the first. */
  stampMs = Number.NaN;
  /** Axis order. */
  readonly posRad: Float64Array;
  readonly #mounts: readonly SimplebgcMount[];
  readonly #ring: SampleRing;
  readonly #row: Float64Array;

  constructor(mounts: readonly SimplebgcMount[], ring: SampleRing) {
    this.#mounts = mounts;
    this.#ring = ring;
    this.#row = new Float64Array(3 * mounts.length);
    this.posRad = this.#row.subarray(0, mounts.length);
  }

  /** @param angles the board's units and order. // hot path */
  push(angles: Float64Array, nowMs: number): void {
    const count = this.#mounts.length;
    const elapsedS = (nowMs - this.stampMs) / 1000;
    for (let index = 0; index < count; index += 1) {
      const mount = this.#mounts[index];
      if (mount === undefined) continue;
      const posRad = radOf(mount, angles[mount.boardAxis] ?? 0);
      const before = this.#row[index] ?? 0;
      this.#row[count + index] = elapsedS < 1 ? (posRad - before) / elapsedS : 0;
      this.#row[index] = posRad;
    }
    this.stampMs = nowMs;
    this.#ring.push(nowMs, this.#row);
  }

  /** The newest row; false before the first. // hot path */
  read(out: Telemetry): boolean {
    if (Number.isNaN(this.stampMs)) return false;
    const count = this.#mounts.length;
    out.stampMs = this.stampMs;
    for (let index = 0; index < count; index += 1) {
      out.posRad[index] = this.#row[index] ?? 0;
      out.velRadPerS[index] = this.#row[count + index] ?? 0;
      out.effortNm[index] = 0;
    }
    return true;
  }
}
