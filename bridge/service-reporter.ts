import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { actuationStatusWidth, type Actuation } from "./contract/actuation.ts";
import type { Clock } from "./contract/clock.ts";
import { Thread, type Heartbeats } from "./contract/heartbeats.ts";
import type { RosTransport, RosTransportStats } from "./contract/ros-transport.ts";
import type { SupervisedModel } from "./contract/world-model.ts";
import type { AuthoritySummary } from "./control/desk.ts";
import type { PredictionLoopStats } from "./core/prediction-loop.ts";
import type { ScoreSnapshot } from "./core/prediction-score.ts";
import { RecentQuantiles } from "./core/recent-quantiles.ts";
import type { ServiceSnapshot } from "./core/service-status.ts";

/** A thread beats many times a second; silence for this long is a stall, not a busy moment. */
const silentLimitMs = 2000;

export interface ServiceReporterOptions {
  readonly version: string;
  readonly driver: string;
  readonly clock: Clock;
  readonly heartbeats: Heartbeats;
  /** The threads of this run beside main. */
  readonly threads: readonly Thread[];
  readonly actuation: Actuation;
  readonly model: SupervisedModel;
  readonly ros: RosTransport | undefined;
  readonly loop: () => PredictionLoopStats;
  readonly score: () => ScoreSnapshot;
  readonly lookaheadMs: () => number;
  readonly authority: () => readonly AuthoritySummary[];
  readonly clientCount: () => number;
  readonly simulator: () => ServiceSnapshot["simulator"];
  readonly agents: () => ServiceSnapshot["agents"];
  readonly injectedFaults: readonly string[];
}

function processorS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const noStats: RosTransportStats = { peerCount: 0, malformedCount: 0, topics: [] };

/** Gathers what the parts count into one snapshot, and keeps the faults they have reported. */
export class ServiceReporter implements Disposable {
  readonly inferMs = new RecentQuantiles();
  readonly #options: ServiceReporterOptions;
  readonly #startMs: number;
  readonly #faults = new Map<string, string>();
  readonly #eventLoopDelay = monitorEventLoopDelay({ resolution: 10 });
  readonly #actuationRow = new Float64Array(actuationStatusWidth);
  #rosStats = noStats;

  constructor(options: ServiceReporterOptions) {
    this.#options = options;
    this.#startMs = options.clock.monotonicMs();
    this.#eventLoopDelay.enable();
  }

  /** @param part replaces what was said of the same part before. */
  fault(part: string, text: string): void {
    this.#faults.set(part, `${part}: ${text}`);
  }

  /** Asks the ROS host for its counters; the snapshot shows the last ones known. */
  async refresh(): Promise<void> {
    this.#rosStats = (await this.#options.ros?.stats()) ?? noStats;
  }

  snapshot(): ServiceSnapshot {
    const { actuation, clock, ros, authority } = this.#options;
    const nowMs = clock.monotonicMs();
    const [held] = authority();
    actuation.readStatus(this.#actuationRow);
    return {
      version: this.#options.version,
      uptimeS: (nowMs - this.#startMs) / 1000,
      nowMs,
      deviceId: actuation.device.id,
      deviceProfile: actuation.device.profile,
      driver: this.#options.driver,
      model: this.#options.model.description,
      modelStatus: this.#options.model.status,
      loop: { ...this.#options.loop() },
      score: this.#options.score(),
      lookaheadMs: this.#options.lookaheadMs(),
      inferMs: { p50: this.inferMs.at(0.5), p99: this.inferMs.at(0.99) },
      actuation: this.#actuationRow.slice(),
      ros: ros === undefined ? undefined : { info: ros.info, stats: this.#rosStats },
      authority: {
        owner: held?.owner?.client ?? null,
        stale: held?.stale ?? false,
        latched: held?.latched ?? false,
        clientCount: this.#options.clientCount(),
      },
      simulator: this.#options.simulator(),
      agents: this.#options.agents(),
      eventLoopDelayMsP99: this.#eventLoopDelay.percentile(99) / 1e6,
      processorS: processorS(),
      residentBytes: process.memoryUsage.rss(),
      injectedFaults: this.#options.injectedFaults,
      faults: [...this.#faults.values(), ...this.#silentThreads(nowMs)],
    };
  }

  #silentThreads(nowMs: number): string[] {
    const { heartbeats, threads } = this.#options;
    return threads.flatMap((thread) => {
      const ageMs = heartbeats.ageMs(thread, nowMs);
      if (ageMs <= silentLimitMs) return [];
      const name = Object.entries(Thread).find(([, slot]) => slot === thread)?.[0] ?? "unknown";
      return [`${name.toLowerCase()} thread: not heard of for ${Math.round(ageMs)} ms`];
    });
  }

  [Symbol.dispose](): void {
    this.#eventLoopDelay.disable();
  }
}
