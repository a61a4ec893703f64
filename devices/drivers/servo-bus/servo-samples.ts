import type { Telemetry } from "../../../bridge/contract/actuator-driver.ts";
import type { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import type { Servo } from "./servo.ts";
import type { ServoFamily, ServoSample } from "./servo-family.ts";
import type { StatusReply } from "./servo-protocol.ts";

/** What the servos said of themselves, put together into rows. A row is as old as its oldest part. */
export class ServoSamples {
  /** Of the newest row; NaN before the first. */
  stampMs = Number.NaN;
  /** Of the newest answers, axis order. */
  readonly posRad: Float64Array;
  readonly #family: ServoFamily;
  readonly #servos: readonly Servo[];
  readonly #ring: SampleRing;
  /** Position, velocity, effort: a row of the ring. */
  readonly #row: Float64Array;
  readonly #sample: ServoSample = { posRad: 0, velRadPerS: 0, effortNm: 0 };

  constructor(family: ServoFamily, servos: readonly Servo[], ring: SampleRing) {
    this.#family = family;
    this.#servos = servos;
    this.#ring = ring;
    this.#row = new Float64Array(3 * servos.length);
    this.posRad = this.#row.subarray(0, servos.length);
  }

  /** // hot path */
  take(reply: StatusReply, servo: Servo, axis: number, nowMs: number): void {
    if (reply.length !== this.#family.telemetry.count) return;
    servo.sampleMs = nowMs;
    const sample = this.#sample;
    const count = this.#servos.length;
    this.#family.takeTelemetry(servo, reply.bytes, reply.start, sample);
    this.#row[axis] = sample.posRad;
    this.#row[count + axis] = sample.velRadPerS;
    this.#row[2 * count + axis] = sample.effortNm;
  }

  /** When the servo that has been silent for longest told where it is. // hot path */
  oldestMs(): number {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const servo of this.#servos) oldestMs = Math.min(oldestMs, servo.sampleMs);
    return oldestMs;
  }

  /** The row of now, unless none of its parts is newer than the row before. // hot path */
  push(stampMs: number): void {
    if (stampMs <= this.stampMs) return;
    this.stampMs = stampMs;
    this.#ring.push(stampMs, this.#row);
  }

  /** All stand at `posRad`, and were found there just now. */
  restart(posRad: Float64Array, nowMs: number): void {
    this.#row.set(posRad);
    this.#row.fill(0, posRad.length);
    for (const servo of this.#servos) servo.sampleMs = nowMs;
    this.stampMs = nowMs;
    this.#ring.push(nowMs, this.#row);
  }

  /** The newest row; false before the first. // hot path */
  read(out: Telemetry): boolean {
    if (Number.isNaN(this.stampMs)) return false;
    const count = this.#servos.length;
    out.stampMs = this.stampMs;
    for (let index = 0; index < count; index += 1) {
      out.posRad[index] = this.#row[index] ?? 0;
      out.velRadPerS[index] = this.#row[count + index] ?? 0;
      out.effortNm[index] = this.#row[2 * count + index] ?? 0;
    }
    return true;
  }
}
