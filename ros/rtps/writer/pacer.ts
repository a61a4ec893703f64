import type { DatagramLink } from "../transport/link.ts";
import type { Scheduler } from "../transport/scheduler.ts";

/** Something with datagrams to send, one at a time. */
export interface PacedJob {
  /** Hands one datagram to the link; returns its octets, or 0 when there is nothing left. */
  sendNext(): number;
}

// A stock Linux receiver has a socket buffer of 208 KiB (net.core.rmem_default): a 640x480 picture sent
// at once overruns it. With 130 kB per 200 us nothing is lost on loopback, even by Fast DDS, which keeps
// that buffer. Cyclone DDS asks for more and takes 130 kB per 60 us: 1.3 ms a picture instead of 2.5.
const burstBytes = 130_000;
const shortestBurstMs = 0.06;
const longestBurstMs = 0.2;
/** After this long without a complaint a little more is dared. */
const relaxMs = 10_000;
const backlogLimitBytes = 256 * 1024;

/**
 * Shares one link between all writers and resends of a participant: round robin, in bursts a receiver
 * can take. Receivers that lose parts of large samples slow it down, for a while. While the link is idle `schedule` sends at once, in the caller's turn.
 */
export class Pacer {
  readonly #link: DatagramLink;
  readonly #scheduler: Scheduler;
  readonly #jobs = new Set<PacedJob>();
  #burstMs = shortestBurstMs;
  #slowSinceMs = 0;
  #burstStartMs = Number.NEGATIVE_INFINITY;
  #burstSentBytes = 0;
  #roomBytes = 0;
  #waiting = false;
  #running = false;
  #closed = false;

  constructor(link: DatagramLink, scheduler: Scheduler) {
    this.#link = link;
    this.#scheduler = scheduler;
  }

  /** Sends what `job` has, now or as soon as its turn comes. Scheduling it twice is once. // hot path */
  schedule(job: PacedJob): void {
    this.#jobs.add(job);
    if (!this.#waiting && !this.#running) this.#run();
  }

  /** A receiver asks for parts of a large sample again: it could not take them as fast as they came. */
  slowDown(): void {
    this.#burstMs = Math.min(longestBurstMs, 2 * this.#burstMs);
    this.#slowSinceMs = this.#scheduler.nowMs();
  }

  /** Forgets `job`, whatever it had left. */
  cancel(job: PacedJob): void {
    this.#jobs.delete(job);
  }

  close(): void {
    this.#closed = true;
    this.#jobs.clear();
  }

  #run(): void {
    this.#running = true;
    while (this.#jobs.size > 0 && this.#maySend()) {
      for (const job of this.#jobs) {
        const sentBytes = job.sendNext();
        if (sentBytes === 0) this.#jobs.delete(job);
        this.#burstSentBytes += sentBytes;
        // The next datagram is taken to be as large as this one.
        this.#roomBytes = burstBytes - this.#burstSentBytes - sentBytes;
        if (this.#roomBytes < 0) break;
      }
    }
    this.#running = false;
    if (this.#jobs.size > 0) this.#wait();
  }

  /** Whether the present burst has room, or a new one may begin. */
  #maySend(): boolean {
    const nowMs = this.#scheduler.nowMs();
    if (this.#burstMs > shortestBurstMs && nowMs - this.#slowSinceMs >= relaxMs) {
      this.#burstMs = Math.max(shortestBurstMs, this.#burstMs / 1.5);
      this.#slowSinceMs = nowMs;
    }
    if (nowMs - this.#burstStartMs >= this.#burstMs) {
      this.#burstStartMs = nowMs;
      this.#burstSentBytes = 0;
      this.#roomBytes = 0;
    }
    return this.#roomBytes >= 0 && this.#link.backlogBytes < backlogLimitBytes;
  }

  #wait(): void {
    this.#waiting = true;
    this.#scheduler.soon(() => {
      this.#waiting = false;
      if (!this.#closed) this.#run();
    });
  }
}
