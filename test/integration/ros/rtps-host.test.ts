import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { Heartbeats, Thread } from "../../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import type { RosEvent, RosTopic } from "../../../bridge/contract/ros-transport.ts";
import { openRtpsTransport, type RtpsTransport } from "../../../ros/rtps-transport.ts";

const cdrHeader = Buffer.from([0, 1, 0, 0]);
const domainId = 100 + ((process.pid + 50) % 100);
const workerEntry = new URL("../../../dist/ros/rtps-host-worker.js", import.meta.url);
const topic: RosTopic = {
  name: "/rtps_host_test/text",
  type: "std_msgs/msg/String",
  qos: { reliability: "reliable", durability: "volatile", depth: 200 },
};

async function open(nodeName: string, more: { heartbeats?: Heartbeats; domainId?: number } = {}) {
  return await openRtpsTransport({
    workerEntry,
    domainId,
    discoveryRange: "LOCALHOST",
    staticPeers: [],
    interfaces: [],
    nodeName,
    namespace: "/",
    heartbeats: new Heartbeats(),
    log: silentLog,
    ...more,
  });
}

async function until(done: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!done()) {
    if (performance.now() > endMs) throw new Error(`not within 10 s: ${what}`);
    await delay(2);
  }
}

async function openPair(): Promise<
  AsyncDisposable & { readonly one: RtpsTransport; readonly two: RtpsTransport }
> {
  const one = await open("one");
  const two = await open("two");
  return {
    one,
    two,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
    },
  };
}

describe("the RTPS host", () => {
  it("tells its owner when a subscription asks for more than a publisher offers", async () => {
    await using pair = await openPair();
    const events: RosEvent[] = [];
    pair.one.onEvent((event) => events.push(event));
    pair.one.advertise({ ...topic, qos: { ...topic.qos, reliability: "best_effort" } });
    pair.two.subscribe(topic, () => undefined);
    await until(() => events.length > 0, "told");
    expect(events).toEqual([
      {
        kind: "incompatible-qos",
        topic: topic.name,
        side: "publisher",
        policies: ["RELIABILITY"],
        peer: "two",
      },
    ]);
  });

  it("carries messages of any size from one thread to the other, unchanged and in order", async () => {
    await using pair = await openPair();
    const { one, two } = pair;
    const received: Uint8Array[] = [];
    two.subscribe(topic, (cdr) => received.push(cdr));
    const publisher = one.advertise(topic);
    await until(() => publisher.matchedCount === 1, "matched");
    const sent = Array.from({ length: 50 }, (_, index) =>
      Buffer.concat([cdrHeader, Buffer.alloc(index === 25 ? 300_000 : 4 + 4 * index, index)]),
    );
    for (const cdr of sent) publisher.publish(cdr);
    await until(() => received.length === sent.length, "all messages");
    expect(received.every((cdr, index) => sent[index]!.equals(cdr))).toBe(true);
    expect(sent[0]!.length, "the caller keeps his bytes").toBe(8);
  });

  it("tells what went through", async () => {
    await using pair = await openPair();
    const { one, two } = pair;
    let count = 0;
    two.subscribe(topic, () => (count += 1));
    const publisher = one.advertise(topic);
    await until(() => publisher.matchedCount === 1, "matched");
    for (let index = 0; index < 20; index += 1) publisher.publish(Buffer.alloc(100));
    await until(() => count === 20, "all messages");
    const sender = await one.stats();
    expect(sender.peerCount).toBe(1);
    expect(sender.topics).toMatchObject([
      { name: topic.name, sentCount: 20, sentBytes: 2000, matchedCount: 1, lostCount: 0 },
    ]);
    expect((await two.stats()).topics).toMatchObject([
      { name: topic.name, receivedCount: 20, receivedBytes: 2000, droppedCount: 0 },
    ]);
  });

  it("says what it is and where it listens", async () => {
    await using one = await open("one");
    expect(one.info).toMatchObject({ transport: "rtps", domainId, discoveryRange: "LOCALHOST" });
    expect(one.info.addresses).toHaveLength(2);
    expect(one.info.addresses.every((at) => at.startsWith("127.0.0.1:"))).toBe(true);
  });

  it("beats its heart", async () => {
    const heartbeats = new Heartbeats();
    await using one = await open("one", { heartbeats });
    expect(one.info.transport).toBe("rtps");
    await until(() => heartbeats.ageMs(Thread.Ros, monotonicMs()) < 100, "a beat");
    const firstMs = monotonicMs() - heartbeats.ageMs(Thread.Ros, monotonicMs());
    await until(
      () => monotonicMs() - heartbeats.ageMs(Thread.Ros, monotonicMs()) > firstMs + 1,
      "the next beat",
    );
  });

  it("stops a closed subscription and drops the match", async () => {
    await using pair = await openPair();
    const { one, two } = pair;
    const subscription = two.subscribe(topic, () => undefined);
    const publisher = one.advertise(topic);
    await until(() => publisher.matchedCount === 1, "matched");
    subscription.close();
    subscription.close();
    await until(() => publisher.matchedCount === 0, "unmatched");
  });

  it("keeps the newest `depth` messages while the owner's thread is busy", async () => {
    await using pair = await openPair();
    const { one, two } = pair;
    const shallow: RosTopic = { ...topic, qos: { ...topic.qos, depth: 5 } };
    const numbers: number[] = [];
    two.subscribe(shallow, (cdr) => numbers.push(cdr[4] ?? -1));
    const publisher = one.advertise(shallow);
    await until(() => publisher.matchedCount === 1, "matched");
    for (let number = 0; number < 100; number += 1) {
      publisher.publish(Buffer.concat([cdrHeader, Buffer.alloc(4, number)]));
      // Not awaited: this thread, which both transports share, takes nothing until it is done.
      const endMs = performance.now() + 2;
      while (performance.now() < endMs);
    }
    await until(() => numbers.at(-1) === 99, "the newest");
    // `depth` in flight and `depth` waiting; a few more where the host was late and this thread was not.
    expect(numbers.length).toBeLessThan(30);
    const [stats] = (await two.stats()).topics;
    expect(stats!.receivedCount).toBe(numbers.length + stats!.droppedCount);
  });

  it("refuses names ROS 2 does not allow, where the caller stands", async () => {
    await using one = await open("one");
    expect(() => one.advertise({ ...topic, name: "relative" })).toThrow("[ros/type]");
    expect(() => one.subscribe({ ...topic, type: "String" }, () => undefined)).toThrow(
      "[ros/type]",
    );
  });

  it("closes at once, twice if need be, and then refuses", async () => {
    const one = await open("one");
    const publisher = one.advertise(topic);
    await one[Symbol.asyncDispose]();
    await one[Symbol.asyncDispose]();
    expect(await one.exited).toBeUndefined();
    publisher.publish(Buffer.alloc(8));
    expect(() => one.advertise(topic)).toThrow("[ros/transport]");
    await expect(one.stats()).rejects.toThrow("[ros/transport]");
  });
});
