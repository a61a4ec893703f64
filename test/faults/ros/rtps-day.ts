import type { TopicWriter } from "../../../ros/rtps/topic-endpoints.ts";
import { message, numberOf, topic, World } from "./rtps-world.ts";

export interface DayOptions {
  readonly sampleCount: number;
  /** Simulated. */
  readonly durationMs: number;
  /** A visitor comes, publishes, subscribes, and leaves or falls silent, this often. */
  readonly visitEveryMs: number;
  readonly seed: number;
  /** Called ten times. */
  readonly onProgress?: (report: DayReport) => void;
}

export interface DayReport {
  readonly sentCount: number;
  readonly receivedCount: number;
  /** Of the reliable reader, in its order: each must be one more than the one before. */
  readonly disorderCount: number;
  readonly visitCount: number;
  readonly heapMb: number;
  readonly peerCount: number;
  readonly endpointCount: number;
  readonly receiveBytes: number;
  readonly heldBytes: number;
}

/**
 * A long run on simulated time: one writer and one reader on a wire that loses a hundredth, while others
 * come and go around them.
 */
export class RtpsDay {
  readonly #options: DayOptions;
  readonly #world: World;
  readonly #one;
  readonly #two;
  readonly #writer: TopicWriter;
  #sentCount = 0;
  #receivedCount = 0;
  #disorderCount = 0;
  #visitCount = 0;
  #last = -1;

  constructor(options: DayOptions) {
    this.#options = options;
    this.#world = new World(options.seed, { lossRatio: 0.01, duplicateRatio: 0.01, jitterMs: 0.5 });
    // Sample numbers pass 2^32 on the way, heartbeat counts 2^31.
    const writerPast = {
      sampleCount: 2 ** 32 - Math.floor(options.sampleCount / 2),
      heartbeatCount: 2 ** 31 - Math.floor(options.sampleCount / 2),
    };
    this.#one = this.#world.join("one", { writerPast });
    this.#two = this.#world.join("two");
    this.#writer = this.#one.node.createWriter({ topic: topic({ depth: 200 }) });
    this.#two.node.createReader({
      topic: topic({}),
      onMessage: (cdr) => {
        this.#take(numberOf(cdr));
      },
    });
    this.#world.until(() => this.#writer.matchedCount === 1, 10_000);
    this.#world.scheduler.advance(1000);
  }

  async run(): Promise<DayReport> {
    const { sampleCount, durationMs, visitEveryMs, onProgress } = this.#options;
    const periodMs = durationMs / sampleCount;
    let nextVisitMs = 0;
    for (let number = 0; number < sampleCount; number += 1) {
      this.#writer.publish(message(number, 64));
      this.#sentCount += 1;
      this.#world.scheduler.advance(periodMs);
      // Visitors leave in steps that wait for one another.
      await Promise.resolve();
      if (number * periodMs >= nextVisitMs) {
        nextVisitMs += visitEveryMs;
        this.#visit();
      }
      if ((number + 1) % Math.floor(sampleCount / 10) === 0) onProgress?.(this.report());
    }
    this.#world.scheduler.advance(30_000);
    return this.report();
  }

  report(): DayReport {
    const { peerCount, endpointCount, receiveBytes } = this.#two.node.stats();
    globalThis.gc?.();
    return {
      sentCount: this.#sentCount,
      receivedCount: this.#receivedCount,
      disorderCount: this.#disorderCount,
      visitCount: this.#visitCount,
      heapMb: process.memoryUsage().heapUsed / 1e6,
      peerCount,
      endpointCount,
      receiveBytes,
      heldBytes: this.#one.node.stats().writers[0]?.heldBytes ?? 0,
    };
  }

  #take(number: number): void {
    this.#receivedCount += 1;
    if (number !== this.#last + 1) this.#disorderCount += 1;
    this.#last = number;
  }

  /** Every other visitor is killed instead of leaving. */
  #visit(): void {
    this.#visitCount += 1;
    const visitor = this.#world.join(`visitor_${this.#visitCount}`);
    const { node } = visitor;
    const kept = topic({ durability: "transient_local", depth: 5 });
    const writer = node.createWriter({ topic: { ...kept, name: "/visit" } });
    node.createReader({ topic: topic({}), onMessage: () => undefined });
    for (let number = 0; number < 10; number += 1) writer.publish(message(number, 3000));
    const isKilled = this.#visitCount % 2 === 0;
    this.#world.scheduler.after(2000, () => {
      if (isKilled) visitor.unplug();
      void node[Symbol.asyncDispose]();
    });
  }
}
