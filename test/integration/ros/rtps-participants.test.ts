import { createSocket } from "node:dgram";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../../bridge/contract/log.ts";
import type { RosQos, RosTopic } from "../../../bridge/contract/ros-transport.ts";
import { openParticipant, type Participant } from "../../../ros/rtps/participant.ts";
import { metatrafficPort } from "../../../ros/rtps/wire/protocol.ts";

/** A domain that test runs beside this one are unlikely to use. */
const domainId = 100 + (process.pid % 100);

function topic(name: string, qos: Partial<RosQos> = {}): RosTopic {
  return {
    name: `/rtps_test/${name}`,
    type: "std_msgs/msg/String",
    qos: { reliability: "reliable", durability: "volatile", depth: 10, ...qos },
  };
}

async function open(nodeName: string, more: { fragmentBytes?: number } = {}): Promise<Participant> {
  return await openParticipant({ domainId, range: "LOCALHOST", nodeName, namespace: "/", ...more });
}

async function until(done: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!done()) {
    if (performance.now() > endMs) throw new Error(`not within 10 s: ${what}`);
    await delay(2);
  }
}

function message(number: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let index = 4; index < sizeBytes; index += 1) bytes[index] = (index * 31 + number) & 0xff;
  bytes.writeUInt32BE(0x00010000, 0);
  bytes.writeUInt32LE(number, 4);
  return bytes;
}

describe("two participants on loopback", () => {
  it("find each other and exchange messages both ways", async () => {
    await using one = await open("one");
    await using two = await open("two");
    const heard: string[] = [];
    const pairs = [one, two].map((node, index) => {
      const from = topic(`both_${index}`);
      const other = index === 0 ? two : one;
      other.createReader({ topic: from, onMessage: (cdr) => heard.push(`${index}:${cdr.length}`) });
      return node.createWriter({ topic: from });
    });
    await until(() => pairs.every((writer) => writer.matchedCount === 1), "both matched");
    for (const writer of pairs) writer.publish(message(1, 100));
    await until(() => heard.length === 2, "both heard");
    expect(heard.sort()).toEqual(["0:100", "1:100"]);
  });

  it.each([{ fragmentBytes: 60_000 }, { fragmentBytes: 1344 }])(
    "carry pictures of 921,636 octets in fragments of $fragmentBytes",
    async ({ fragmentBytes }) => {
      await using one = await open("one", { fragmentBytes });
      await using two = await open("two");
      const received: Buffer[] = [];
      two.createReader({
        topic: topic("image"),
        onMessage: (cdr) => received.push(Buffer.from(cdr)),
      });
      const writer = one.createWriter({ topic: topic("image") });
      await until(() => writer.matchedCount === 1, "matched");
      const sent = Array.from({ length: 5 }, (_, number) => message(number, 921_636));
      for (const bytes of sent) {
        writer.publish(bytes);
        await delay(30);
      }
      await until(() => received.length === sent.length, "all pictures");
      expect(received.every((bytes, index) => bytes.equals(sent[index]!))).toBe(true);
    },
  );

  it("give a late joiner what a transient-local writer kept, in order", async () => {
    await using one = await open("one");
    const kept = topic("kept", { durability: "transient_local", depth: 3 });
    const writer = one.createWriter({ topic: kept });
    for (let number = 0; number < 10; number += 1) writer.publish(message(number, 50));
    await using two = await open("two");
    const numbers: number[] = [];
    two.createReader({
      topic: kept,
      onMessage: (cdr) => numbers.push(Buffer.from(cdr).readUInt32LE(4)),
    });
    await until(() => numbers.length >= 3, "history");
    writer.publish(message(10, 50));
    await until(() => numbers.length >= 4, "the next");
    expect(numbers).toEqual([7, 8, 9, 10]);
  });

  it("notice at once when the other closes a writer, and when it leaves", async () => {
    await using one = await open("one");
    const reader = one.createReader({ topic: topic("leave"), onMessage: () => undefined });
    const two = await open("two");
    const writer = two.createWriter({ topic: topic("leave") });
    await until(() => reader.matchedCount === 1, "matched");
    writer.close();
    await until(() => reader.matchedCount === 0, "unmatched");
    expect(one.stats().peerCount).toBe(1);
    two.createWriter({ topic: topic("leave") });
    await until(() => reader.matchedCount === 1, "matched again");
    await two[Symbol.asyncDispose]();
    await until(() => one.stats().peerCount === 0, "gone");
    expect(reader.matchedCount).toBe(0);
  });

  it("free their ports on disposal, which may be repeated", async () => {
    const first = await open("first");
    const ports = [...first.link.metatraffic, ...first.link.userTraffic];
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await using second = await open("second");
    expect([...second.link.metatraffic, ...second.link.userTraffic]).toEqual(ports);
  });

  it("do not hear another domain", async () => {
    await using one = await open("one");
    await using other = await openParticipant({
      domainId: domainId + 1,
      range: "LOCALHOST",
      nodeName: "other",
      namespace: "/",
    });
    await using two = await open("two");
    await until(() => one.stats().peerCount > 0 && two.stats().peerCount > 0, "own domain");
    await delay(300);
    expect(other.stats().peerCount).toBe(0);
  });

  it("are alone with discovery OFF", async () => {
    const off = { domainId, range: "OFF", namespace: "/" } as const;
    await using one = await openParticipant({ ...off, nodeName: "one" });
    await using two = await open("two");
    await using three = await open("three");
    await until(() => two.stats().peerCount > 0 && three.stats().peerCount > 0, "the others");
    await delay(300);
    expect(one.stats().peerCount).toBe(0);
  });

  it("bind loopback only", async () => {
    await using one = await open("one");
    const addresses = [...one.link.metatraffic, ...one.link.userTraffic].map((at) => at.address);
    expect(new Set(addresses)).toEqual(new Set(["127.0.0.1"]));
    expect(one.link.metatraffic[0]!.port).toBeGreaterThanOrEqual(metatrafficPort(domainId, 0));
  });
});

describe("a participant that is to be reached at another address of this machine too", () => {
  it("listens at both, on the same ports, and is found", async () => {
    await using one = await openParticipant({
      domainId,
      range: "LOCALHOST",
      interfaces: ["127.0.0.2"],
      nodeName: "one",
      namespace: "/",
    });
    const [first, second] = one.link.metatraffic;
    expect([first!.address, second!.address]).toEqual(["127.0.0.1", "127.0.0.2"]);
    expect(second!.port).toBe(first!.port);
    await using two = await open("two");
    await until(() => two.stats().peerCount === 1 && one.stats().peerCount === 1, "found");
  });
});

describe("an address that appears at run time", () => {
  it("is announced and used, and is taken back when it goes", async () => {
    // 127.0.0.x stands for network cards: chosen by name, so nothing leaves the machine.
    let present = ["127.0.0.2"];
    await using one = await openParticipant({
      domainId,
      range: "SUBNET",
      interfaces: ["127.0.0.2", "127.0.0.3"],
      listAddresses: () => present,
      addressCheckMs: 20,
      nodeName: "one",
      namespace: "/",
    });
    const log: string[] = [];
    const info = (fields: Readonly<Record<string, unknown>>, sentence: string): void => {
      if (sentence === "participant moved") log.push(String(fields["address"]));
    };
    await using two = await openParticipant({
      domainId,
      range: "LOCALHOST",
      nodeName: "two",
      namespace: "/",
      log: { ...silentLog, info },
    });
    const received: number[] = [];
    const onMessage = (cdr: Uint8Array): void => void received.push(cdr.length);
    one.createReader({ topic: topic("moved"), onMessage });
    const writer = two.createWriter({ topic: topic("moved") });
    await until(() => writer.matchedCount === 1, "matched");
    const addresses = (): string => one.link.metatraffic.map((at) => at.address).join();
    expect(addresses()).toBe("127.0.0.2");
    present = ["127.0.0.2", "127.0.0.3"];
    await until(() => addresses() === "127.0.0.2,127.0.0.3", "two addresses");
    present = ["127.0.0.3"];
    await until(() => log.length > 0, "the other has heard");
    expect([addresses(), log]).toEqual(["127.0.0.3", ["127.0.0.3"]]);
    writer.publish(message(1, 100));
    await until(() => received.length === 1, "a message at the new address");
    expect(writer.matchedCount).toBe(1);
  });
});

describe("a domain that does not exist", () => {
  it.each([-1, 233, 1.5])("such as %d is refused", async (wrong) => {
    const options = { range: "LOCALHOST", nodeName: "x", namespace: "/" } as const;
    await expect(openParticipant({ domainId: wrong, ...options })).rejects.toThrow(
      `[ros/transport] domain is ${wrong}, expected a whole number from 0 to 232`,
    );
  });
});

describe("the last domain", () => {
  it("has room for participants up to port 65535, and says so beyond", async () => {
    const options = { domainId: 232, range: "OFF", namespace: "/" } as const;
    const nodes: Participant[] = [];
    try {
      const fill = async (): Promise<void> => {
        for (let index = 0; index < 70; index += 1) {
          nodes.push(await openParticipant({ ...options, nodeName: `node_${index}` }));
        }
      };
      await expect(fill()).rejects.toThrow(/no free pair of UDP ports from 65410 to 65535/);
      expect(nodes.length).toBeGreaterThan(50);
    } finally {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
    }
  });
});

describe("a participant at which junk is thrown through its socket", () => {
  it("counts it and lives", async () => {
    await using one = await open("one");
    const socket = createSocket("udp4");
    const port = one.link.metatraffic[0]!.port;
    for (const junk of ["hello", "RTPS", `RTPS\x02\x02${"\0".repeat(14)}\x15\x05\xff\xff`]) {
      socket.send(Buffer.from(junk, "latin1"), port, "127.0.0.1");
    }
    await until(() => one.stats().malformedCount === 3, "three counted");
    socket.close();
  });
});
