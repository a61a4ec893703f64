/** Receive statistics of one subscription, in the words of common/statistics.h. */
export class LatencyStatistics {
  readonly #latencyUs: number[] = [];
  #first = -1;
  #last = -1;
  #reordered = 0;
  #startMs = 0;
  #endMs = 0;
  #cpu: NodeJS.CpuUsage = { user: 0, system: 0 };

  get received(): number {
    return this.#latencyUs.length;
  }

  add(sequence: number, stampNs: bigint): void {
    this.#endMs = performance.now();
    if (this.received === 0) {
      this.#startMs = this.#endMs;
      this.#first = sequence;
      this.#cpu = process.cpuUsage();
    }
    this.#latencyUs.push(Number(process.hrtime.bigint() - stampNs) / 1000);
    if (sequence <= this.#last) this.#reordered += 1;
    else this.#last = sequence;
  }

  toJson(): object {
    const sorted = this.#latencyUs.sort((a, b) => a - b);
    const quantile = (ratio: number): number =>
      sorted[Math.floor((sorted.length - 1) * ratio)] ?? 0;
    const elapsedMs = this.#endMs - this.#startMs;
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      received: this.received,
      lost: this.received === 0 ? 0 : this.#last - this.#first + 1 - this.received,
      reordered: this.#reordered,
      latencyUsP50: quantile(0.5),
      latencyUsP99: quantile(0.99),
      latencyUsMax: quantile(1),
      rateHz: elapsedMs > 0 ? ((this.received - 1) / elapsedMs) * 1000 : 0,
      cpuRatio: elapsedMs > 0 ? (user + system) / 1000 / elapsedMs : 0,
    };
  }
}
