/** How far the joints are from their setpoints over a run, and a hash of both. */
export class TrackingError {
  readonly #axisCount: number;
  readonly #bits = new Float64Array(1);
  readonly #words = new Uint32Array(this.#bits.buffer);
  #squares = 0;
  #count = 0;
  #maxRad = 0;
  #low = 0x811c_9dc5;
  #high = 0x0100_0193;

  constructor(axisCount: number) {
    this.#axisCount = axisCount;
  }

  get rmsRad(): number {
    return Math.sqrt(this.#squares / Math.max(1, this.#count));
  }
  get maxRad(): number {
    return this.#maxRad;
  }

  /** 64 bits of FNV-1a, word by word. */
  get digest(): string {
    return [this.#high, this.#low].map((word) => word.toString(16).padStart(8, "0")).join("");
  }

  /** @param setpointRow position, velocity. // hot path */
  add(setpointRow: Float64Array, jointPosRad: Float64Array): void {
    for (let axis = 0; axis < this.#axisCount; axis += 1) {
      const setpoint = setpointRow[axis] ?? 0;
      const joint = jointPosRad[axis] ?? 0;
      const error = Math.abs(joint - setpoint);
      this.#squares += error * error;
      this.#count += 1;
      if (error > this.#maxRad) this.#maxRad = error;
      this.#hash(setpoint);
      this.#hash(joint);
    }
  }

  #hash(value: number): void {
    this.#bits[0] = value;
    this.#low = Math.imul(this.#low ^ (this.#words[0] ?? 0), 0x0100_0193) >>> 0;
    this.#high = Math.imul(this.#high ^ (this.#words[1] ?? 0) ^ this.#low, 0x0100_0193) >>> 0;
  }
}
