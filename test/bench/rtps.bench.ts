import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, bench, describe } from "vitest";
import { Heartbeats } from "../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import type { RosTopic } from "../../bridge/contract/ros-transport.ts";
import { openParticipant } from "../../ros/rtps/participant.ts";
import { openRtpsTransport } from "../../ros/rtps-transport.ts";

/**
 * One way from `publish` to the reader's callback, one message at a time, beside a bare UDP datagram of
 * the same size between two sockets of this process. A picture is 16 datagrams for both.
 */
const jointStateBytes = 356;
const pictureBytes = 640 * 480 * 3 + 60;
const datagramBytes = 60_000;
const domainId = 100 + (process.pid % 100);
const closing: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const close of closing) await close();
});

/** Sends one message and waits until it has arrived. */
type OneWay = (message: Uint8Array) => Promise<void>;

async function openDatagrams(): Promise<OneWay> {
  const [from, to] = [await openSocket(), await openSocket()];
  const { port } = to.address();
  let missing = 0;
  let arrived: () => void = () => undefined;
  to.on("message", (datagram) => {
    missing -= datagram.length;
    if (missing <= 0) arrived();
  });
  return async (message) => {
    missing = message.length;
    await new Promise<void>((resolve) => {
      arrived = resolve;
      for (let start = 0; start < message.length; start += datagramBytes) {
        from.send(message.subarray(start, start + datagramBytes), port, "127.0.0.1");
      }
    });
  };
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket({
    type: "udp4",
    lookup: (address, _options, done) => {
      done(null, address, 4);
    },
  });
  const listening = once(socket, "listening");
  socket.bind(0, "127.0.0.1");
  await listening;
  socket.setRecvBufferSize(4 * 1024 * 1024);
  closing.push(async () => {
    socket.close();
    await once(socket, "close");
  });
  return socket;
}

function topic(name: string, reliability: "reliable" | "best_effort"): RosTopic {
  const qos = { reliability, durability: "volatile", depth: 10 } as const;
  return { name: `/rtps_bench/${name}`, type: "std_msgs/msg/String", qos };
}

async function openParticipants(reliability: "reliable" | "best_effort"): Promise<OneWay> {
  const options = { domainId, range: "LOCALHOST", namespace: "/" } as const;
  const from = await openParticipant({ ...options, nodeName: "from" });
  const to = await openParticipant({ ...options, nodeName: "to" });
  closing.push(async () => {
    await from[Symbol.asyncDispose]();
    await to[Symbol.asyncDispose]();
  });
  let arrived: () => void = () => undefined;
  to.createReader({
    topic: topic(reliability, reliability),
    onMessage: () => {
      arrived();
    },
  });
  const writer = from.createWriter({ topic: topic(reliability, reliability) });
  while (writer.matchedCount === 0) await delay(5);
  return async (message) => {
    await new Promise<void>((resolve) => {
      arrived = resolve;
      writer.publish(message);
    });
  };
}

/** Main thread → host worker → wire → host worker → main thread. */
async function openHosts(): Promise<OneWay> {
  const open = async (nodeName: string) =>
    await openRtpsTransport({
      workerEntry: new URL("../../dist/ros/rtps-host-worker.js", import.meta.url),
      domainId,
      discoveryRange: "LOCALHOST",
      staticPeers: [],
      interfaces: [],
      nodeName,
      namespace: "/",
      heartbeats: new Heartbeats(),
      log: silentLog,
    });
  const [from, to] = [await open("host_from"), await open("host_to")];
  closing.push(async () => {
    await from[Symbol.asyncDispose]();
    await to[Symbol.asyncDispose]();
  });
  let arrived: () => void = () => undefined;
  to.subscribe(topic("host", "reliable"), () => {
    arrived();
  });
  const publisher = from.advertise(topic("host", "reliable"));
  while (publisher.matchedCount === 0) await delay(5);
  return async (message) => {
    await new Promise<void>((resolve) => {
      arrived = resolve;
      publisher.publish(message);
    });
  };
}

const datagrams = await openDatagrams();
const reliable = await openParticipants("reliable");
const bestEffort = await openParticipants("best_effort");
const hosts = await openHosts();

describe.each([
  { what: `a JointState of ${jointStateBytes} B`, bytes: jointStateBytes, seconds: 2 },
  { what: `a picture of ${pictureBytes} B`, bytes: pictureBytes, seconds: 3 },
])("one way, $what", ({ bytes, seconds }) => {
  const message = Buffer.alloc(bytes, 1);
  const options = { time: seconds * 1000, warmupTime: 300 };

  bench(
    "bare UDP (reference)",
    async () => {
      await datagrams(message);
    },
    options,
  );
  bench(
    "participant to participant, reliable",
    async () => {
      await reliable(message);
    },
    options,
  );
  bench(
    "participant to participant, best effort",
    async () => {
      await bestEffort(message);
    },
    options,
  );
  bench(
    "main to main over two host workers, reliable",
    async () => {
      await hosts(message);
    },
    options,
  );
});
