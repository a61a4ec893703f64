import type { EndpointQos } from "../params/qos.ts";
import { LivelinessKind } from "../params/qos.ts";
import type { Scheduler } from "../transport/scheduler.ts";
import { SilenceWatch } from "../transport/silence-watch.ts";

/**
 * What a writer promised beside its samples: one within every deadline, and, where liveliness is by topic, a
 * sign of life within every lease. Both begin with the first sample. Automatic liveliness is the
 * participant's to assert: see discovery/liveliness.ts.
 */
export class WriterPromises {
  deadlineMissedCount = 0;
  livelinessLostCount = 0;
  readonly #deadline: SilenceWatch | undefined;
  readonly #liveliness: SilenceWatch | undefined;
  #isAlive = false;

  /** @param onBroken told once per missed deadline, and once when liveliness is lost. */
  constructor(
    qos: EndpointQos,
    scheduler: Scheduler,
    onBroken: (kind: "deadline-missed" | "liveliness-lost", totalCount: number) => void,
  ) {
    if (Number.isFinite(qos.deadlineMs)) {
      this.#deadline = new SilenceWatch(scheduler, qos.deadlineMs, () => {
        this.deadlineMissedCount += 1;
        onBroken("deadline-missed", this.deadlineMissedCount);
      });
    }
    if (qos.livelinessKind === LivelinessKind.ByTopic && Number.isFinite(qos.livelinessLeaseMs)) {
      this.#liveliness = new SilenceWatch(scheduler, qos.livelinessLeaseMs, () => {
        if (!this.#isAlive) return;
        this.#isAlive = false;
        this.livelinessLostCount += 1;
        onBroken("liveliness-lost", this.livelinessLostCount);
      });
    }
  }

  /** // hot path */
  onWrite(): void {
    this.#deadline?.heard();
    this.onAssert();
  }

  onAssert(): void {
    this.#isAlive = true;
    this.#liveliness?.heard();
  }

  close(): void {
    this.#deadline?.stop();
    this.#liveliness?.stop();
  }
}
