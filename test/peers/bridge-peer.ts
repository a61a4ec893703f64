import process from "node:process";
import { parseArgs } from "node:util";
import type { RosQos, RosTransport } from "../../bridge/contract/ros-transport.ts";
import { messageReader, messageWriter } from "../../ros/messages/codec.ts";
import { findKind, type BridgeKind } from "./bridge-kinds.ts";
import { LatencyStatistics } from "./latency-statistics.ts";
import { openBridgeTransport } from "./open-bridge-transport.ts";

/**
 * The bridge's own transport and codec behind the peers' command line, so that a test may put it on
 * either side of any pair. Runs from dist/, inside a PeerNetwork: see README.md.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    topic: { type: "string", default: "rt/test" },
    be: { type: "boolean", default: false },
    tl: { type: "boolean", default: false },
    localhost: { type: "boolean", default: false },
    depth: { type: "string", default: "10" },
    domain: { type: "string", default: "0" },
    rate: { type: "string", default: "10" },
    count: { type: "string", default: "0" },
    secs: { type: "string", default: "30" },
    readers: { type: "string", default: "0" },
    linger: { type: "string", default: "1" },
    joints: { type: "string", default: "4" },
    points: { type: "string", default: "3" },
    bytes: { type: "string", default: "921600" },
  },
});
const [mode, kindName = ""] = positionals;
const shape = {
  joints: Number(values.joints),
  points: Number(values.points),
  bytes: Number(values.bytes),
};
const wantedCount = Number(values.count) || Number.POSITIVE_INFINITY;
const endMs = performance.now() + Number(values.secs) * 1000;
const qos: RosQos = {
  reliability: values.be ? "best_effort" : "reliable",
  durability: values.tl ? "transient_local" : "volatile",
  depth: Number(values.depth),
};
let stopping = false;
for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => (stopping = true));

await using transport = await openBridgeTransport({
  domainId: Number(values.domain),
  discoveryRange: values.localhost ? "LOCALHOST" : "SUBNET",
});
const kind = findKind(kindName);
const topic = { name: values.topic.replace(/^rt/, ""), type: kind.type, qos };
if (mode === "pub") await publish(transport, kind);
else await subscribe(transport, kind);

async function publish(to: RosTransport, { type, make }: BridgeKind): Promise<void> {
  const publisher = to.advertise(topic);
  const encode = messageWriter(type);
  say("ready");
  while (publisher.matchedCount < Number(values.readers)) {
    if (stopping || performance.now() > endMs) {
      process.stderr.write(`${publisher.matchedCount} of ${values.readers} readers matched\n`);
      process.exitCode = 3;
      return;
    }
    await sleep(2);
  }
  say("matched", { count: publisher.matchedCount });
  const periodMs = 1000 / Number(values.rate);
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  let sent = 0;
  while (!stopping && sent < wantedCount && performance.now() < endMs) {
    const waitMs = startMs + sent * periodMs - performance.now();
    if (waitMs > 0) {
      await sleep(waitMs);
      continue;
    }
    publisher.publish(encode(make(shape, { sequence: sent, stampNs: process.hrtime.bigint() })));
    sent += 1;
  }
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(startCpu);
  const cpuRatio = (user + system) / 1000 / elapsedMs;
  say("sent", { count: sent, failed: 0, rateHz: (sent / elapsedMs) * 1000, cpuRatio });
  const lingerEndMs = performance.now() + Number(values.linger) * 1000;
  while (!stopping && performance.now() < lingerEndMs) await sleep(10);
}

async function subscribe(
  from: RosTransport,
  { type, readMark, toJson }: BridgeKind,
): Promise<void> {
  const decode = messageReader(type);
  const statistics = new LatencyStatistics();
  let received = 0;
  from.subscribe(topic, (cdr) => {
    if (received >= wantedCount) return;
    received += 1;
    const message = decode(cdr);
    if (mode === "echo") {
      say("sample", toJson(message));
    } else {
      const { sequence, stampNs } = readMark(message);
      statistics.add(sequence, stampNs);
    }
  });
  say("ready");
  while (!stopping && received < wantedCount && performance.now() < endMs) await sleep(10);
  if (mode !== "echo") say("stats", statistics.toJson());
}

function say(event: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
