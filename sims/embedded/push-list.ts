/** Pushes at once; more is a mistake of the caller. */
export const maxPushes = 16;
/** Numbers per push: body, force (3), step it ends before. */
const stride = 5;

/** Forces that act on bodies for a while, as numbers, so that they are saved with the state. */
export class PushList {
  /** All pushes; copy it out and in to save and restore. */
  readonly rows = new Float64Array(maxPushes * stride);
  #isIdle = true;

  clear(): void {
    this.rows.fill(0);
    this.#isIdle = false;
  }

  /** After `rows` were written from outside. */
  restored(): void {
    this.#isIdle = false;
  }

  /** False when all places are taken at `stepCount`. */
  add(
    body: number,
    forceN: readonly [number, number, number],
    stepCount: number,
    durationSteps: number,
  ): boolean {
    for (let at = 0; at < this.rows.length; at += stride) {
      if ((this.rows[at + 4] ?? 0) > stepCount) continue;
      this.rows.set([body, ...forceN, stepCount + durationSteps], at);
      return true;
    }
    return false;
  }

  /**
   * Writes the forces that act in step `stepCount`, [body][force 3, torque 3], over those of the step
   * before. // hot path
   */
  write(stepCount: number, appliedForce: Float64Array): void {
    let active = false;
    for (let at = 4; at < this.rows.length; at += stride) {
      if ((this.rows[at] ?? 0) > stepCount) active = true;
    }
    if (!active && this.#isIdle) return;
    appliedForce.fill(0);
    this.#isIdle = !active;
    for (let at = 0; at < this.rows.length; at += stride) {
      if (!((this.rows[at + 4] ?? 0) > stepCount)) continue;
      const force = 6 * (this.rows[at] ?? 0);
      for (let k = 0; k < 3; k += 1) {
        appliedForce[force + k] = (appliedForce[force + k] ?? 0) + (this.rows[at + 1 + k] ?? 0);
      }
    }
  }
}
