import type { DatagramLink } from "../transport/link.ts";
import type { Scheduler } from "../transport/scheduler.ts";

/** Something with datagrams to send, one at a time. */
export interface PacedJob {
  /** Hands one datagram to the link; returns its octets, or 0 when there is nothing left. */
  sendNext(): number;
}

// A stock Linux receiver has a socket buffer of 208 KiB (net.core.rmem_default): a 640x480 picture sent
// at once overruns it. With 130 kB per 200 us nothing is lost on loopback.
const burstBytes = 130_000;
const burstMs = 0.2;
const backlogLimitBytes = 256 * 1024;

/**
 * Shares one link between all writers and resends of a participant: round robin, in bursts a receiver
 * can take. While the link is idle `schedule` sends at once, in the caller's turn.
 */
export class Pacer {
  readonly #link: DatagramLink;
  readonly #scheduler: Scheduler;
  readonly #jobs = new Set<PacedJob>();
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
    if (nowMs - this.#burstStartMs >= burstMs) {
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
