/**
 * Joints that follow their position command as a first-order lag, for models that predict latents
 * only: q' = q + gain (command - q), qd' = (q' - q) / step.
 */
export class CommandLag {
  readonly #gains: readonly number[];
  readonly #stepS: number;

  constructor(gain: number | readonly number[], jointCount: number, stepS: number) {
    this.#gains = typeof gain === "number" ? new Array<number>(jointCount).fill(gain) : gain;
    this.#stepS = stepS;
  }

  /**
   * Moves every candidate's joints by one step under its command.
   *
   * @param joints rad and rad/s, [N, 2J]: q of every joint, then qd. Overwritten. // hot path
   */
  step(
    joints: Float32Array,
    actionsRad: ArrayLike<number>,
    step: number,
    horizonSteps: number,
  ): void {
    const count = this.#gains.length;
    for (let row = 0; 2 * row * count < joints.length; row += 1) {
      for (let joint = 0; joint < count; joint += 1) {
        const at = 2 * row * count + joint;
        const before = joints[at] ?? Number.NaN;
        const command = actionsRad[(row * horizonSteps + step) * count + joint] ?? Number.NaN;
        const after = before + (this.#gains[joint] ?? 1) * (command - before);
        joints[at] = after;
        joints[at + count] = (after - before) / this.#stepS;
      }
    }
  }
}
