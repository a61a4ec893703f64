/** Samples whose latency is kept; later ones are counted only, so a long run stays in its memory. */
const maxLatencies = 1 << 20;

/** Receive statistics of one subscription, in the words of common/statistics.h. */
export class LatencyStatistics {
  readonly #warmUp: number;
  readonly #latencyUs = new Float64Array(maxLatencies);
  #latencyCount = 0;
  #received = 0;
  #first = -1;
  #last = -1;
  #reordered = 0;
  #startMs = 0;
  #endMs = 0;
  #cpu: NodeJS.CpuUsage = { user: 0, system: 0 };

  /** @param warmUp samples that count as received, but not for latency, rate and CPU time. */
  constructor(warmUp: number) {
    this.#warmUp = warmUp;
  }

  add(sequence: number, stampNs: bigint): void {
    this.#endMs = performance.now();
    const latencyUs = Number(process.hrtime.bigint() - stampNs) / 1000;
    if (this.#received === 0) this.#first = sequence;
    if (this.#received === this.#warmUp) {
      this.#startMs = this.#endMs;
      this.#cpu = process.cpuUsage();
    }
    this.#received += 1;
    if (sequence <= this.#last) this.#reordered += 1;
    else this.#last = sequence;
    if (this.#received <= this.#warmUp || this.#latencyCount === maxLatencies) return;
    this.#latencyUs[this.#latencyCount] = latencyUs;
    this.#latencyCount += 1;
  }

  toJson(): object {
    const sorted = this.#latencyUs.subarray(0, this.#latencyCount).sort();
    const quantile = (ratio: number): number =>
      sorted[Math.floor((sorted.length - 1) * ratio)] ?? 0;
    const elapsedMs = this.#endMs - this.#startMs;
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      received: this.#received,
      lost: this.#received === 0 ? 0 : this.#last - this.#first + 1 - this.#received,
      reordered: this.#reordered,
      latencyUsP50: quantile(0.5),
      latencyUsP99: quantile(0.99),
      latencyUsMax: quantile(1),
      rateHz: elapsedMs > 0 ? ((this.#received - this.#warmUp - 1) / elapsedMs) * 1000 : 0,
      cpuRatio: elapsedMs > 0 ? (user + system) / 1000 / elapsedMs : 0,
    };
  }
}
