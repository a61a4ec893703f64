import type { EndpointQos } from "../params/qos.ts";
import type { Scheduler } from "../transport/scheduler.ts";
import { SilenceWatch } from "../transport/silence-watch.ts";
import type { WriterProxy } from "./writer-proxy.ts";

export interface ExpectationEvents {
  onDeadlineMissed(totalCount: number): void;
  onLivelinessChanged(counts: {
    readonly aliveCount: number;
    readonly notAliveCount: number;
  }): void;
}

interface Lease {
  isAlive: boolean;
  readonly watch: SilenceWatch;
}

/**
 * What a reader may expect of its writers: a sample within every deadline, from the first on and while a
 * writer is matched; and a sign of life within the lease each of them offered (DDS 1.4, 2.2.3.7 and 2.2.3.11).
 */
export class ReaderExpectations {
  deadlineMissedCount = 0;
  readonly #scheduler: Scheduler;
  readonly #events: ExpectationEvents;
  readonly #deadline: SilenceWatch | undefined;
  /** Writers with a finite lease. */
  readonly #leases = new Map<WriterProxy, Lease>();

  constructor(qos: EndpointQos, scheduler: Scheduler, events: ExpectationEvents) {
    this.#scheduler = scheduler;
    this.#events = events;
    if (Number.isFinite(qos.deadlineMs)) {
      this.#deadline = new SilenceWatch(scheduler, qos.deadlineMs, () => {
        this.deadlineMissedCount += 1;
        events.onDeadlineMissed(this.deadlineMissedCount);
      });
    }
  }

  get aliveCount(): number {
    let count = 0;
    for (const lease of this.#leases.values()) count += lease.isAlive ? 1 : 0;
    return count;
  }

  get notAliveCount(): number {
    return this.#leases.size - this.aliveCount;
  }

  /** // hot path */
  onSample(): void {
    this.#deadline?.heard();
  }

  onMatch(proxy: WriterProxy): void {
    const leaseMs = proxy.writer.qos.livelinessLeaseMs;
    if (!Number.isFinite(leaseMs)) return;
    const watch = new SilenceWatch(this.#scheduler, leaseMs, () => {
      this.#set(lease, false);
    });
    const lease: Lease = { isAlive: true, watch };
    this.#leases.set(proxy, lease);
    watch.heard();
    proxy.onSign = () => {
      watch.heard();
      this.#set(lease, true);
    };
    this.#tell();
  }

  /** @param options.matchedCount writers left. */
  onUnmatch(proxy: WriterProxy, options: { readonly matchedCount: number }): void {
    if (options.matchedCount === 0) this.#deadline?.stop();
    const lease = this.#leases.get(proxy);
    if (lease === undefined) return;
    lease.watch.stop();
    this.#leases.delete(proxy);
    this.#tell();
  }

  close(): void {
    this.#deadline?.stop();
    for (const { watch } of this.#leases.values()) watch.stop();
    this.#leases.clear();
  }

  #set(lease: Lease, isAlive: boolean): void {
    if (lease.isAlive === isAlive) return;
    lease.isAlive = isAlive;
    this.#tell();
  }

  #tell(): void {
    const { aliveCount, notAliveCount } = this;
    this.#events.onLivelinessChanged({ aliveCount, notAliveCount });
  }
}
