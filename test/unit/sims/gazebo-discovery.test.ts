import { describe, expect, it } from "vitest";
import { Discovery } from "../../../sims/gazebo/transport/discovery.ts";
import {
  decodeDiscovery,
  DiscoveryType,
  encodeDiscovery,
  Scope,
  type Advertisement,
  type DiscoveryMessage,
} from "../../../sims/gazebo/transport/discovery-message.ts";
import { networkSettings } from "../../../sims/gazebo/transport/network-settings.ts";
import { isSameMessage, typeName } from "../../../sims/gazebo/transport/release.ts";
import { qualifiedName, topicInPartition } from "../../../sims/gazebo/transport/topic-names.ts";

const clock: Advertisement = {
  topic: "@/p@/clock",
  address: "tcp://127.0.0.1:5555",
  processUuid: "them",
  nodeUuid: "node",
  scope: Scope.All,
  message: { ctrl: "unused", type: "gz.msgs.Clock" },
};

interface Rig {
  readonly discovery: Discovery;
  readonly sent: DiscoveryMessage[];
  readonly events: string[];
  readonly hear: (message: Partial<DiscoveryMessage>, nowMs?: number, from?: string) => void;
}

function rig(address = "127.0.0.1"): Rig {
  const sent: DiscoveryMessage[] = [];
  const events: string[] = [];
  const discovery = new Discovery({
    processUuid: "us",
    address,
    send: (datagram) => {
      const message = decodeDiscovery(datagram);
      if (message !== undefined) sent.push(message);
    },
    onAdvertised: ({ topic, address: at }) => events.push(`+${topic} ${at}`),
    onGone: ({ topic, address: at }) => events.push(`-${topic} ${at}`),
    onConnection: ({ topic }, isNew) => events.push(`${isNew ? "new" : "end"} ${topic}`),
  });
  return {
    discovery,
    sent,
    events,
    hear: (message, nowMs = 0, from = "127.0.0.1") => {
      const whole = { type: DiscoveryType.Advertise, processUuid: "them", ...message };
      discovery.receive(encodeDiscovery(whole), from, nowMs);
    },
  };
}

describe("discovery", () => {
  it("tells of a publisher when it is heard, and when it says that it is gone", () => {
    const { hear, events, discovery } = rig();
    hear({ advertisement: clock });
    expect([...discovery.advertisements()]).toEqual([clock]);
    hear({ type: DiscoveryType.Unadvertise, advertisement: clock });
    expect(events).toEqual([
      "+@/p@/clock tcp://127.0.0.1:5555",
      "-@/p@/clock tcp://127.0.0.1:5555",
    ]);
  });

  it.each([
    [
      "3.1 s of silence",
      (r: Rig) => {
        r.discovery.tick(3101);
      },
    ],
    [
      "its BYE",
      (r: Rig) => {
        r.hear({ type: DiscoveryType.Bye });
      },
    ],
  ])("forgets everything of a process after %s", (_, end) => {
    const r = rig();
    r.hear({ advertisement: clock });
    r.hear({ advertisement: { ...clock, topic: "@/p@/other" } });
    end(r);
    expect(r.events.slice(2)).toHaveLength(2);
    expect([...r.discovery.advertisements()]).toEqual([]);
  });

  it("keeps a process that only sends heartbeats", () => {
    const { hear, discovery } = rig();
    hear({ advertisement: clock }, 0);
    hear({ type: DiscoveryType.Heartbeat }, 2900);
    discovery.tick(5000);
    expect([...discovery.advertisements()]).toHaveLength(1);
  });

  it("lets go of the old address when a publisher comes back with another", () => {
    const { hear, events } = rig();
    hear({ advertisement: clock });
    hear({ advertisement: { ...clock, address: "tcp://127.0.0.1:6666" } });
    expect(events.slice(1)).toEqual([
      "-@/p@/clock tcp://127.0.0.1:5555",
      "+@/p@/clock tcp://127.0.0.1:6666",
    ]);
  });

  it("sends a heartbeat a second, with every topic of ours", () => {
    const { discovery, sent } = rig();
    discovery.advertise({ ...clock, processUuid: "us" });
    sent.length = 0;
    for (let nowMs = 0; nowMs < 3000; nowMs += 200) discovery.tick(nowMs);
    expect(sent.map(({ type }) => type)).toEqual(
      Array.from({ length: 3 }, () => [DiscoveryType.Heartbeat, DiscoveryType.Advertise]).flat(),
    );
  });

  it("answers who asks for a topic of ours, and nobody else", () => {
    const { discovery, sent, hear } = rig();
    discovery.advertise({ ...clock, processUuid: "us" });
    sent.length = 0;
    hear({ type: DiscoveryType.Subscribe, topic: "@/p@/other" });
    hear({ type: DiscoveryType.Subscribe, topic: "@/q@/clock" });
    expect(sent).toEqual([]);
    hear({ type: DiscoveryType.Subscribe, topic: "@/p@/clock" });
    expect(sent).toMatchObject([{ type: DiscoveryType.Advertise, processUuid: "us" }]);
  });

  it("registers with a publisher by the name of its process", () => {
    const { discovery, sent } = rig();
    discovery.register(clock, "our-node");
    expect(sent).toMatchObject([
      {
        type: DiscoveryType.NewConnection,
        advertisement: { topic: clock.topic, nodeUuid: "our-node", message: { ctrl: "them" } },
      },
    ]);
  });

  it("tells of subscribers that mean us", () => {
    const { hear, events } = rig();
    const subscriber = { ...clock, address: "" };
    hear({
      type: DiscoveryType.NewConnection,
      advertisement: { ...subscriber, message: { ctrl: "us", type: "x" } },
    });
    hear({
      type: DiscoveryType.NewConnection,
      advertisement: { ...subscriber, message: { ctrl: "somebody", type: "x" } },
    });
    expect(events).toEqual(["new @/p@/clock"]);
  });

  it.each([
    ["an address that is a name", { address: "tcp://example.org:80" }, "127.0.0.1"],
    ["an address that is no TCP one", { address: "ipc:///tmp/x" }, "127.0.0.1"],
    ["port 0", { address: "tcp://127.0.0.1:0" }, "127.0.0.1"],
    [
      "an address outside the machine, while we stay on loopback",
      { address: "tcp://192.0.2.1:80" },
      "127.0.0.1",
    ],
    ["a topic of its own process only", { scope: Scope.Process }, "127.0.0.1"],
    ["a topic of another host only", { scope: Scope.Host }, "192.0.2.1"],
  ])("does not believe %s", (_, change, from) => {
    const { hear, events, discovery } = rig();
    hear({ advertisement: { ...clock, ...change } }, 0, from);
    expect(events).toEqual([]);
    expect(discovery.droppedCount).toBe(1);
  });

  it.each([
    ["too short", Buffer.from([1])],
    [
      "a length that does not fit",
      Buffer.concat([encodeDiscovery({ type: 4, processUuid: "x" }), Buffer.from([0])]),
    ],
    ["another version", Buffer.from("060010091a027878", "hex")],
    ["no process", Buffer.from("020010 0a".replace(" ", ""), "hex")],
    ["noise", Buffer.from("0500ffffffffff", "hex")],
  ])("drops a datagram that is %s", (_, datagram) => {
    const { discovery, events } = rig();
    discovery.receive(datagram, "127.0.0.1", 0);
    expect(discovery.droppedCount).toBe(1);
    expect(events).toEqual([]);
  });

  it("keeps a bounded number of processes and topics, whoever sends", () => {
    const { hear, discovery } = rig();
    for (let i = 0; i < 400; i += 1) {
      for (let j = 0; j < 20; j += 1) {
        hear({ processUuid: `p${i}`, advertisement: { ...clock, nodeUuid: `n${j}` } });
      }
    }
    expect([...discovery.advertisements()]).toHaveLength(4096);
    expect(discovery.droppedCount).toBeGreaterThan(0);
    // What silence frees can be used again.
    discovery.tick(4000);
    hear({ processUuid: "late", advertisement: clock }, 4000);
    expect([...discovery.advertisements()]).toHaveLength(1);
  });

  it("does not hear itself", () => {
    const { hear, events } = rig();
    hear({ processUuid: "us", advertisement: clock });
    expect(events).toEqual([]);
  });
});

describe("names", () => {
  it("put the partition in front", () => {
    expect(qualifiedName("p", "/clock")).toBe("@/p@/clock");
    expect(qualifiedName("host:user", "clock")).toBe("@/host:user@/clock");
    expect(topicInPartition("p", "@/p@/world/desk")).toBe("/world/desk");
    expect(topicInPartition("p", "@/pq@/clock")).toBeUndefined();
  });

  it.each(["a b", "/a//b", "@/x", "~/x", "a:=b", ""])("refuse %j", (topic) => {
    expect(() => qualifiedName("p", topic)).toThrow(/^\[config\/invalid\]/);
  });

  it("have the prefix of the release", () => {
    expect(typeName("fortress", { name: "Double" })).toBe("ignition.msgs.Double");
    expect(typeName("jetty", { name: "Double" })).toBe("gz.msgs.Double");
    expect(isSameMessage("ignition.msgs.Model", "gz.msgs.Model")).toBe(true);
    expect(isSameMessage("gz.msgs.Model", "gz.msgs.Pose")).toBe(false);
  });
});

describe("network settings", () => {
  it.each([
    ["fortress", { IGN_PARTITION: "i", GZ_PARTITION: "g" }, "i"],
    ["garden", { IGN_PARTITION: "i", GZ_PARTITION: "g" }, "g"],
    ["garden", { IGN_PARTITION: "i" }, "i"],
    ["harmonic", { IGN_PARTITION: "i", GZ_PARTITION: "g" }, "g"],
  ] as const)("of %s take the partition from %j", (release, environment, partition) => {
    expect(networkSettings({ release }, environment).partition).toBe(partition);
  });

  it("prefer the configuration, and stay on loopback unasked", () => {
    const environment = { GZ_PARTITION: "g", GZ_IP: "192.0.2.7" };
    const wishes = { release: "ionic", partition: "mine", address: "127.0.0.2" } as const;
    expect(networkSettings(wishes, environment)).toMatchObject({
      partition: "mine",
      address: "127.0.0.2",
      multicastGroup: "239.255.0.7",
      messagePort: 10317,
      servicePort: 10318,
    });
    expect(networkSettings({ release: "ionic" }, environment).address).toBe("192.0.2.7");
    expect(networkSettings({ release: "ionic" }, {}).address).toBe("127.0.0.1");
  });

  it.each([
    [{ GZ_IP: "gazebo.local" }, "IPv4"],
    [{ GZ_PARTITION: "a@b" }, "partition"],
    [{ GZ_DISCOVERY_MSG_PORT: "70000" }, "port"],
  ])("refuse %j", (environment, says) => {
    expect(() => networkSettings({ release: "harmonic" }, environment)).toThrow(says);
  });
});
