import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Boolean as BooleanMsg, Double, StringMsg } from "../../../sims/gazebo/messages/basic.ts";
import { WorldControl } from "../../../sims/gazebo/messages/world.ts";
import { decodeDiscovery } from "../../../sims/gazebo/transport/discovery-message.ts";
import { parseEndpoint } from "../../../sims/gazebo/transport/endpoint.ts";
import { GzTransport } from "../../../sims/gazebo/transport/gz-transport.ts";
import type { NetworkSettings } from "../../../sims/gazebo/transport/network-settings.ts";
import { encodeCommand, encodeMessage } from "../../../sims/gazebo/transport/zmtp-frames.ts";
import { greeting, readyCommand } from "../../../sims/gazebo/transport/zmtp-handshake.ts";
import { privateNetwork } from "../../fakes/gazebo-network.ts";
import { seededRandom } from "../../../bridge/core/seeded-random.ts";

const open: GzTransport[] = [];
afterEach(() => {
  for (const transport of open.splice(0)) transport[Symbol.dispose]();
});

async function transportIn(network: NetworkSettings): Promise<GzTransport> {
  const transport = await GzTransport.open(network);
  open.push(transport);
  return transport;
}

const control = { request: WorldControl, response: BooleanMsg } as const;
const call = { ...control, draft: { pause: true }, timeoutMs: 5000 } as const;

describe("two processes in a partition", () => {
  it.each(["publisher", "subscriber"])("meet when the %s comes first", async (first) => {
    const network = privateNetwork();
    const heard: string[] = [];
    const [a, b] = [await transportIn(network), await transportIn(network)];
    const subscribe = (): unknown =>
      b.subscribe("/chat", StringMsg, ({ data }) => heard.push(data));
    if (first === "subscriber") subscribe();
    const publisher = a.advertise("/chat", StringMsg);
    if (first === "publisher") subscribe();
    await vi.waitFor(() => {
      expect(publisher.publish({ data: "hello" })).toBe(1);
    });
    await vi.waitFor(() => {
      expect(heard[0]).toBe("hello");
    });
  });

  it("do not mix up types, topics that share a beginning, or partitions", async () => {
    const network = privateNetwork();
    const heard: string[] = [];
    const [a, b] = [await transportIn(network), await transportIn(network)];
    const stranger = await transportIn({ ...network, partition: `${network.partition}-other` });
    b.subscribe("/chat", StringMsg, ({ data }) => heard.push(data));
    stranger.subscribe("/chat", StringMsg, () => heard.push("stranger"));
    const text = a.advertise("/chat", StringMsg);
    const longer = a.advertise("/chatter", StringMsg);
    const number = (await transportIn(network)).advertise("/chat", Double);
    await vi.waitFor(() => {
      expect(text.publish({ data: "right" })).toBe(1);
    });
    longer.publish({ data: "wrong topic" });
    number.publish({ data: 1 });
    await sleep(100);
    expect(new Set(heard)).toEqual(new Set(["right"]));
  });

  it("end a subscription without ending the others", async () => {
    const network = privateNetwork();
    const heard: string[] = [];
    const [a, b] = [await transportIn(network), await transportIn(network)];
    const publisher = a.advertise("/chat", StringMsg);
    const end = b.subscribe("/chat", StringMsg, () => heard.push("first"));
    b.subscribe("/chat", StringMsg, () => heard.push("second"));
    await vi.waitFor(() => {
      publisher.publish({ data: "" });
      expect(heard).toContain("first");
    });
    end();
    heard.length = 0;
    await vi.waitFor(() => {
      publisher.publish({ data: "" });
      expect(heard).toContain("second");
    });
    expect(heard).not.toContain("first");
  });

  it("show each other their topics", async () => {
    const network = privateNetwork();
    const [a, b] = [await transportIn(network), await transportIn(network)];
    a.advertise("/chat", StringMsg);
    await vi.waitFor(() => {
      expect(b.topics()).toEqual([{ topic: "/chat", type: "gz.msgs.StringMsg" }]);
    });
    a[Symbol.dispose]();
    await vi.waitFor(() => {
      expect(b.topics()).toEqual([]);
    });
  });
});

describe("services", () => {
  it("answer many calls at once, each with its own reply", async () => {
    const network = privateNetwork();
    const [a, b] = [await transportIn(network), await transportIn(network)];
    a.serve("/control", control, async ({ multiStep }) => {
      await sleep(multiStep % 7);
      return { data: multiStep % 2 === 0 };
    });
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        b.request("/control", { ...call, draft: { multiStep: i } }),
      ),
    );
    expect(replies.map((reply) => reply?.data)).toEqual(
      Array.from({ length: 100 }, (_, i) => i % 2 === 0),
    );
  });

  it.each([
    ["gives nothing", () => undefined],
    [
      "throws",
      () => {
        throw new Error("out of order");
      },
    ],
  ])("tell the caller when the handler %s", async (_, handler) => {
    const network = privateNetwork();
    const [a, b] = [await transportIn(network), await transportIn(network)];
    a.serve("/control", control, handler);
    await expect(b.request("/control", call)).rejects.toThrow(/answered with failure/);
  });

  it("say why there is no answer", async () => {
    const network = privateNetwork();
    const [a, b] = [await transportIn(network), await transportIn(network)];
    const soon = { ...call, timeoutMs: 300 };
    await expect(b.request("/control", soon)).rejects.toThrow(
      /\[sim\/transport\].*nobody offers it/,
    );
    a.serve("/control", { request: StringMsg, response: BooleanMsg }, () => ({ data: true }));
    await expect(b.request("/control", soon)).rejects.toThrow(/offered as gz\.msgs\.StringMsg/);
    a.serve("/slow", control, async () => {
      await sleep(1000);
      return { data: true };
    });
    await expect(b.request("/slow", soon)).rejects.toThrow(/sent and nothing came back/);
  });

  it("are found again after the server's restart", async () => {
    const network = privateNetwork();
    const client = await transportIn(network);
    for (let i = 0; i < 3; i += 1) {
      const server = await transportIn(network);
      server.serve("/control", control, () => ({ data: true }));
      // A call that meets the old server as it goes fails at once, and is not sent twice.
      await vi.waitFor(async () => {
        expect((await client.request("/control", call))?.data).toBe(true);
      });
      server[Symbol.dispose]();
    }
  });

  it("fail at once when the server goes away with the request", async () => {
    const network = privateNetwork();
    const [server, client] = [await transportIn(network), await transportIn(network)];
    server.serve("/control", control, async () => {
      setTimeout(() => {
        server[Symbol.dispose]();
      }, 10);
      await sleep(10_000);
      return { data: true };
    });
    await expect(client.request("/control", call)).rejects.toThrow(/went away/);
  });
});

describe("hostile input", () => {
  it("does not disturb a running stream", async () => {
    const network = privateNetwork();
    const heard: string[] = [];
    const [a, b] = [await transportIn(network), await transportIn(network)];
    const publisher = a.advertise("/chat", StringMsg);
    a.serve("/control", control, () => ({ data: true }));
    b.subscribe("/chat", StringMsg, ({ data }) => heard.push(data));
    await vi.waitFor(() => {
      expect(publisher.publish({ data: "0" })).toBe(1);
    });
    const endpoints = await endpointsOf(network);
    expect(endpoints.length).toBeGreaterThanOrEqual(2);
    const attack = Promise.all([
      throwDatagrams(network),
      ...endpoints.map(async (port) => {
        await throwFrames(port);
      }),
    ]);
    heard.length = 0;
    for (let i = 0; i < 200; i += 1) {
      publisher.publish({ data: `${i}` });
      await sleep(2);
    }
    await attack;
    await vi.waitFor(() => {
      expect(heard).toHaveLength(200);
    });
    expect((await b.request("/control", call))?.data).toBe(true);
    expect(a.stats().droppedDatagramCount).toBeGreaterThan(1000);
  });
});

/** Ports of the PUB and ROUTER sockets that are advertised. */
async function endpointsOf(network: NetworkSettings): Promise<number[]> {
  const ports = new Set<number>();
  for (const port of [network.messagePort, network.servicePort]) {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    await new Promise<void>((resolve) => socket.bind(port, "0.0.0.0", resolve));
    socket.addMembership(network.multicastGroup, network.address);
    socket.on("message", (datagram) => {
      const address = decodeDiscovery(datagram)?.advertisement?.address;
      const endpoint = parseEndpoint(address ?? "");
      if (endpoint !== undefined) ports.add(endpoint.port);
    });
    await vi.waitFor(() => {
      expect(ports.size).toBeGreaterThanOrEqual(port === network.messagePort ? 1 : 2);
    }, 3000);
    socket.close();
  }
  return [...ports];
}

async function throwDatagrams(network: NetworkSettings): Promise<void> {
  const random = seededRandom(7);
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, network.address, resolve));
  socket.setMulticastInterface(network.address);
  for (let i = 0; i < 4000; i += 1) {
    const body = Buffer.from(
      Array.from({ length: Math.floor(random() * 80) }, () => Math.floor(random() * 256)),
    );
    const length = Buffer.alloc(2);
    length.writeUInt16LE(random() < 0.8 ? body.length : 9);
    socket.send(Buffer.concat([length, body]), network.messagePort, network.multicastGroup);
    if (i % 50 === 0) await sleep(2);
  }
  socket.close();
}

async function throwFrames(port: number): Promise<void> {
  const random = seededRandom(port);
  const noise = (length: number): Buffer =>
    Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
  const shaken = (type: "SUB" | "ROUTER"): Buffer =>
    Buffer.concat([greeting(), encodeCommand(readyCommand(type))]);
  for (let i = 0; i < 60; i += 1) {
    const start = [Buffer.alloc(0), greeting(), shaken("SUB"), shaken("ROUTER")][i % 4];
    const rest = i % 8 < 4 ? noise(300) : encodeMessage([noise(20), noise(3), noise(0)]);
    await new Promise<void>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.on("close", () => {
        resolve();
      });
      socket.resume();
      socket.write(Buffer.concat([start ?? Buffer.alloc(0), rest]));
      setTimeout(() => socket.destroy(), 5);
    });
  }
}
