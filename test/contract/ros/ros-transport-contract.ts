import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { Heartbeats, Thread } from "../../../bridge/contract/heartbeats.ts";
import type { RosTopic, RosTransport } from "../../../bridge/contract/ros-transport.ts";

export interface TransportOptions {
  readonly nodeName: string;
  readonly heartbeats?: Heartbeats;
}

/** Joins one graph: transports opened by the same function find each other. */
export type OpenTransport = (options: TransportOptions) => Promise<RosTransport>;

const topic: RosTopic = {
  name: "/contract/text",
  type: "std_msgs/msg/String",
  qos: { reliability: "reliable", durability: "volatile", depth: 200 },
};

/** Fails after 15 s. Discovery on a busy machine takes some of them. */
export async function until(done: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 15_000;
  while (!done()) {
    if (performance.now() > endMs) throw new Error(`not within 15 s: ${what}`);
    await delay(5);
  }
}

/** A CDR string message. */
export function stringCdr(text: string): Uint8Array {
  const cdr = Buffer.alloc(8 + text.length + 1);
  cdr[1] = 1;
  cdr.writeUInt32LE(text.length + 1, 4);
  cdr.write(text, 8, "latin1");
  return cdr;
}

/** CDR octets of a given length, filled with `value` behind the header. */
function filled(sizeBytes: number, value: number): Buffer {
  const cdr = Buffer.alloc(sizeBytes, value);
  cdr.set([0, 1, 0, 0]);
  return cdr;
}

async function openPair(open: OpenTransport) {
  const one = await open({ nodeName: "one" });
  const two = await open({ nodeName: "two" });
  return {
    one,
    two,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
    },
  };
}

/** What every `RosTransport` promises. `open` is called several times at once. */
export function describeRosTransportContract(name: string, open: OpenTransport): void {
  describe(`RosTransport contract: ${name}`, () => {
    it("carries messages of any size from one node to the other, unchanged and in order", async () => {
      await using pair = await openPair(open);
      const received: Uint8Array[] = [];
      pair.two.subscribe(topic, (cdr) => received.push(cdr));
      const publisher = pair.one.advertise(topic);
      await until(() => publisher.matchedCount === 1, "matched");
      const sent = Array.from({ length: 50 }, (_, index) =>
        filled(index === 25 ? 300_000 : 8 + 4 * index, index),
      );
      for (const cdr of sent) publisher.publish(cdr);
      await until(() => received.length === sent.length, "all messages");
      expect(received.every((cdr, index) => sent[index]?.equals(cdr))).toBe(true);
      expect(sent[0]?.length, "the caller keeps his bytes").toBe(8);
    });

    it("copies at publish: what the caller does with his buffer afterwards changes nothing", async () => {
      await using pair = await openPair(open);
      const received: Uint8Array[] = [];
      pair.two.subscribe(topic, (cdr) => received.push(cdr));
      const publisher = pair.one.advertise(topic);
      await until(() => publisher.matchedCount === 1, "matched");
      const cdr = filled(100_000, 7);
      publisher.publish(cdr);
      cdr.fill(9);
      await until(() => received.length === 1, "the message");
      expect(filled(100_000, 7).equals(received[0] ?? Buffer.alloc(0))).toBe(true);
    });

    it("gives a late reader the kept messages of a transient-local topic, and none of a volatile one", async () => {
      await using pair = await openPair(open);
      const latched: RosTopic = {
        ...topic,
        name: "/contract/latched",
        qos: { reliability: "reliable", durability: "transient_local", depth: 3 },
      };
      const kept = pair.one.advertise(latched);
      const fleeting = pair.one.advertise(topic);
      for (let number = 1; number <= 5; number += 1) {
        kept.publish(filled(8, number));
        fleeting.publish(filled(8, number));
      }
      const latchedValues: (number | undefined)[] = [];
      const volatileValues: (number | undefined)[] = [];
      pair.two.subscribe(latched, (cdr) => latchedValues.push(cdr[4]));
      pair.two.subscribe(topic, (cdr) => volatileValues.push(cdr[4]));
      await until(() => latchedValues.length >= 3 && fleeting.matchedCount === 1, "kept messages");
      fleeting.publish(filled(8, 6));
      await until(() => volatileValues.length > 0, "the new message");
      expect(latchedValues).toEqual([3, 4, 5]);
      expect(volatileValues).toEqual([6]);
    });

    it("matches a best-effort reader with a reliable writer, not the other way round", async () => {
      await using pair = await openPair(open);
      const bestEffort: RosTopic = { ...topic, qos: { ...topic.qos, reliability: "best_effort" } };
      const other = { ...bestEffort, name: "/contract/other" };
      let count = 0;
      pair.two.subscribe(bestEffort, () => (count += 1));
      pair.two.subscribe({ ...topic, name: other.name }, () => undefined);
      const strict = pair.one.advertise(topic);
      const loose = pair.one.advertise(other);
      await until(() => strict.matchedCount === 1, "matched");
      expect(loose.matchedCount).toBe(0);
      strict.publish(filled(16, 1));
      await until(() => count === 1, "the message");
    });

    it("tells what went through", async () => {
      await using pair = await openPair(open);
      let count = 0;
      pair.two.subscribe(topic, () => (count += 1));
      const publisher = pair.one.advertise(topic);
      await until(() => publisher.matchedCount === 1, "matched");
      for (let index = 0; index < 20; index += 1) publisher.publish(filled(100, index));
      await until(() => count === 20, "all messages");
      const sender = await pair.one.stats();
      expect(sender.peerCount).toBeGreaterThanOrEqual(1);
      expect(sender.topics).toMatchObject([{ name: topic.name, sentCount: 20, matchedCount: 1 }]);
      expect((await pair.two.stats()).topics).toMatchObject([
        { name: topic.name, receivedCount: 20 },
      ]);
    });

    it("refuses what can be no message, where the caller stands, and goes on", async () => {
      await using pair = await openPair(open);
      let count = 0;
      pair.two.subscribe(topic, () => (count += 1));
      const publisher = pair.one.advertise(topic);
      await until(() => publisher.matchedCount === 1, "matched");
      for (const cdr of [Buffer.alloc(0), Buffer.alloc(3), Buffer.from("no cdr at all")]) {
        expect(() => {
          publisher.publish(cdr);
        }, cdr.toString("hex")).toThrow("[ros/type]");
      }
      publisher.publish(filled(8, 1));
      await until(() => count === 1, "the message after them");
    });

    it("refuses names ROS 2 does not allow, where the caller stands", async () => {
      await using one = await open({ nodeName: "one" });
      expect(() => one.advertise({ ...topic, name: "relative" })).toThrow("[ros/type]");
      expect(() => one.subscribe({ ...topic, type: "String" }, () => undefined)).toThrow(
        "[ros/type]",
      );
    });

    it("stops a closed subscription and drops the match", async () => {
      await using pair = await openPair(open);
      const subscription = pair.two.subscribe(topic, () => undefined);
      const publisher = pair.one.advertise(topic);
      await until(() => publisher.matchedCount === 1, "matched");
      subscription.close();
      subscription.close();
      await until(() => publisher.matchedCount === 0, "unmatched");
    });

    it("keeps the newest `depth` messages while the owner's thread is busy", async () => {
      await using pair = await openPair(open);
      const shallow: RosTopic = { ...topic, qos: { ...topic.qos, depth: 5 } };
      const numbers: number[] = [];
      pair.two.subscribe(shallow, (cdr) => numbers.push(cdr[4] ?? -1));
      const publisher = pair.one.advertise(shallow);
      await until(() => publisher.matchedCount === 1, "matched");
      for (let number = 0; number < 100; number += 1) {
        publisher.publish(filled(8, number));
        // Not awaited: this thread, which all transports share, takes nothing until it is done.
        const endMs = performance.now() + 2;
        while (performance.now() < endMs);
      }
      await until(() => numbers.at(-1) === 99, "the newest");
      expect(numbers.length, "depth in flight, and as many waiting").toBeLessThanOrEqual(10);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    });

    it("beats its heart", async () => {
      const heartbeats = new Heartbeats();
      await using one = await open({ nodeName: "one", heartbeats });
      expect(one.info.domainId).toBeGreaterThanOrEqual(0);
      await until(() => heartbeats.ageMs(Thread.Ros, monotonicMs()) < 500, "a beat");
      const firstMs = monotonicMs() - heartbeats.ageMs(Thread.Ros, monotonicMs());
      await until(
        () => monotonicMs() - heartbeats.ageMs(Thread.Ros, monotonicMs()) > firstMs + 1,
        "the next beat",
      );
    });

    it("closes, twice if need be, and then refuses", async () => {
      const one = await open({ nodeName: "one" });
      const publisher = one.advertise(topic);
      await one[Symbol.asyncDispose]();
      await one[Symbol.asyncDispose]();
      publisher.publish(filled(8, 1));
      expect(() => one.advertise(topic)).toThrow("[ros/transport]");
      await expect(one.stats()).rejects.toThrow("[ros/transport]");
    });
  });
}
