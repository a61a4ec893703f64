import { describe, expect, it } from "vitest";
import { systemClock } from "../../../bridge/contract/clock.ts";
import type { StreamTopic } from "../../../bridge/control/messages/stream-requests.ts";
import { StreamHub } from "../../../bridge/control/stream-hub.ts";
import { StreamQueue } from "../../../bridge/control/stream-queue.ts";

/** A socket whose peer reads only when told to. */
class StuckSink {
  bufferedBytes = 0;
  readonly sent: string[] = [];
  readonly #flushed: (() => void)[] = [];

  send(message: string | Uint8Array, onFlushed: () => void): void {
    this.sent.push(typeof message === "string" ? message : `${message.length} bytes`);
    this.bufferedBytes += message.length;
    this.#flushed.push(onFlushed);
  }

  drain(): void {
    this.bufferedBytes = 0;
    for (const flushed of this.#flushed.splice(0)) flushed();
  }
}

const bulk = (mark: number): Uint8Array => new Uint8Array(100_000 + mark);

describe("a client that reads", () => {
  it("gets everything in order", () => {
    const sink = new StuckSink();
    const queue = new StreamQueue(sink);
    queue.subscribe("state");
    for (const text of ["1", "2", "3"]) queue.offer("state", text, 0);
    expect(sink.sent).toEqual(["1", "2", "3"]);
  });

  it("gets no topic it did not ask for, and none after it unsubscribed", () => {
    const sink = new StuckSink();
    const queue = new StreamQueue(sink);
    queue.offer("state", "1", 0);
    queue.subscribe("state");
    queue.unsubscribe("state");
    queue.offer("state", "2", 0);
    expect(sink.sent).toEqual([]);
  });

  it.each([
    { maxRateHz: 10, periodMs: 10, expected: 10 },
    { maxRateHz: 50, periodMs: 10, expected: 50 },
    { maxRateHz: 1000, periodMs: 10, expected: 100 },
    { maxRateHz: 25, periodMs: 20, expected: 25 },
  ])("at $maxRateHz Hz is due $expected times in a second", ({ maxRateHz, periodMs, expected }) => {
    const lost: string[] = [];
    const queue = new StreamQueue(new StuckSink(), (topic) => lost.push(topic));
    queue.subscribe("state", maxRateHz);
    let count = 0;
    for (let nowMs = 1000; nowMs < 2000; nowMs += periodMs) {
      if (!queue.isDue("state", nowMs)) continue;
      queue.offer("state", "x", nowMs);
      count += 1;
    }
    expect(Math.abs(count - expected)).toBeLessThanOrEqual(1);
    expect(lost).toEqual([]);
  });
});

describe("a client that does not read", () => {
  it("gets the newest picture when it reads again, and is told how many it lost", () => {
    const sink = new StuckSink();
    const queue = new StreamQueue(sink);
    queue.subscribe("camera");
    for (const mark of [0, 1, 2, 3]) queue.offer("camera", bulk(mark), mark);
    expect(sink.sent).toEqual(["100000 bytes"]);
    sink.drain();
    const lost = JSON.stringify({ type: "lost", topic: "camera", count: 2 });
    expect(sink.sent).toEqual(["100000 bytes", lost, "100003 bytes"]);
  });

  it("still gets small messages while pictures wait", () => {
    const sink = new StuckSink();
    const queue = new StreamQueue(sink);
    queue.subscribe("camera");
    queue.subscribe("state");
    queue.offer("camera", bulk(0), 0);
    queue.offer("camera", bulk(1), 1);
    queue.offer("state", "state", 1);
    expect(sink.sent).toEqual(["100000 bytes", "state"]);
  });

  it("costs a bounded number of messages", () => {
    const sink = new StuckSink();
    const queue = new StreamQueue(sink);
    queue.subscribe("state");
    sink.bufferedBytes = 10_000_000;
    for (let i = 0; i < 1000; i += 1) queue.offer("state", String(i), i);
    expect(sink.sent).toEqual([]);
    sink.drain();
    queue.offer("state", "last", 1000);
    // 16 are kept; the oldest of them makes room for the last.
    expect(sink.sent).toHaveLength(17);
    expect(sink.sent[0]).toContain('"count":985');
    expect(sink.sent.at(-1)).toBe("last");
  });
});

describe("the hub", () => {
  const state = { device: "d", stampMs: 1, posRad: [0], velRadPerS: [0], setpointRad: [0] };

  it("encodes and sends nothing that nobody wants", () => {
    const hub = new StreamHub(systemClock());
    const unreadable = {
      get device(): string {
        throw new Error("was read");
      },
      ...{ stampMs: 1, posRad: [], velRadPerS: [], setpointRad: [] },
    };
    hub.publish("state", unreadable);
    expect(hub.stats().topics.find(({ topic }) => topic === "state")).toMatchObject({
      publishedCount: 1,
      subscriberCount: 0,
    });
  });

  it("tells its owner when a topic begins and ceases to be wanted", () => {
    const hub = new StreamHub(systemClock());
    const told: [StreamTopic, boolean][] = [];
    hub.onDemand((topic, wanted) => told.push([topic, wanted]));
    const queues = [new StreamQueue(new StuckSink()), new StreamQueue(new StuckSink())] as const;
    for (const queue of queues) {
      queue.subscribe("camera", 10);
      hub.attach(queue);
    }
    hub.detach(queues[0]);
    expect(hub.wants("camera")).toBe(true);
    hub.detach(queues[1]);
    expect(hub.wants("camera")).toBe(false);
    expect(told).toEqual([
      ["camera", true],
      ["camera", false],
    ]);
  });

  it("gives each client its rate and one client's slowness to no other", () => {
    const hub = new StreamHub(systemClock());
    const stuck = new StuckSink();
    stuck.bufferedBytes = 10_000_000;
    const reading = new StuckSink();
    for (const sink of [stuck, reading]) {
      const queue = new StreamQueue(sink);
      queue.subscribe("state");
      hub.attach(queue);
    }
    for (let i = 0; i < 100; i += 1) hub.publish("state", state);
    expect(stuck.sent).toEqual([]);
    expect(reading.sent).toHaveLength(100);
    expect(JSON.parse(reading.sent[99]!)).toEqual({
      type: "data",
      topic: "state",
      seq: 100,
      data: state,
    });
  });

  it("reads arrays before it returns, so that they may be reused", () => {
    const hub = new StreamHub(systemClock());
    const sink = new StuckSink();
    sink.bufferedBytes = 10_000_000;
    const queue = new StreamQueue(sink);
    queue.subscribe("state");
    hub.attach(queue);
    const posRad = [1];
    hub.publish("state", { ...state, posRad });
    posRad[0] = 99;
    sink.drain();
    queue.offer("state", "wake", 1);
    expect(sink.sent[0]).toContain('"posRad":[1]');
  });
});

describe("pictures of the future", () => {
  const topic = "camera.predicted";
  const picture = (aheadMs: number) => ({
    stampMs: 0,
    widthPx: 1,
    heightPx: 1,
    jpeg: new Uint8Array(1),
    aheadMs,
  });

  it("go to those who asked for that horizon, and ask for each in turn", () => {
    let nowMs = 1000;
    const hub = new StreamHub({ ...systemClock(), monotonicMs: () => nowMs });
    const sinks = [400, 800, undefined].map((aheadMs) => {
      const sink = new StuckSink();
      const queue = new StreamQueue(sink);
      queue.subscribe(topic, 10, aheadMs);
      hub.attach(queue);
      return { aheadMs, sink };
    });
    const asked: (number | undefined)[] = [];
    for (let i = 0; i < 6; i += 1) {
      const wantedMs = hub.nextAheadMs(topic);
      asked.push(wantedMs);
      const made = wantedMs ?? 200;
      hub.publish(topic, picture(made), (ms) => (ms ?? 200) === made);
      nowMs += 40;
    }
    expect(asked.slice(0, 3)).toEqual([400, 800, undefined]);
    for (const { sink } of sinks) expect(sink.sent).toHaveLength(2);
  });

  it("are asked for by nobody while nobody is due", () => {
    const hub = new StreamHub(systemClock());
    expect(hub.nextAheadMs(topic)).toBeUndefined();
  });
});
