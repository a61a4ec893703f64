import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import type { RosTopic } from "../../bridge/contract/ros-transport.ts";
import { findKind, type BridgeKind } from "./bridge-kinds.ts";
import { bridgeOptions } from "./bridge-options.ts";
import { LatencyStatistics } from "./latency-statistics.ts";
import {
  openBridgeTransport,
  openDirectTransport,
  type PeerTransport,
} from "./open-bridge-transport.ts";

/**
 * The bridge's own transport and codec behind the peers' command line, so that a test may put it on
 * either side of any pair. Runs from dist/, inside a PeerNetwork: see README.md.
 */
const options = bridgeOptions();
const endMs = performance.now() + options.seconds * 1000;
/** The reader may need a moment more to match us: as in common/arguments.h. */
const settleMs = 300;
/** Between two looks at the clock while sending as fast as possible. */
const batch = 32;

let stopping = false;
for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => (stopping = true));

await using transport = await (options.direct ? openDirectTransport : openBridgeTransport)(options);
reportMemory(transport);
const kind = findKind(options.kind);
const topic: RosTopic = {
  name: options.topic.replace(/^rt/, ""),
  type: kind.type,
  qos: options.qos,
};
if (options.mode === "pub") await publish(transport, kind);
else await subscribe(transport, kind);

async function publish(to: PeerTransport, { make, encode }: BridgeKind): Promise<void> {
  const publisher = to.advertise(topic);
  say("ready");
  while (publisher.matchedCount < options.readers) {
    if (stopping || performance.now() > endMs) {
      process.stderr.write(`${publisher.matchedCount} of ${options.readers} readers matched\n`);
      process.exitCode = 3;
      return;
    }
    await delay(2);
  }
  reportMatches(() => publisher.matchedCount, -1);
  if (options.readers > 0) await delay(settleMs);
  let measuredFromMs = performance.now();
  let measuredFromCpu = process.cpuUsage();
  await paced((sequence) => {
    if (sequence === options.warmUp) {
      measuredFromMs = performance.now();
      measuredFromCpu = process.cpuUsage();
    }
    const mark = { sequence, stampNs: process.hrtime.bigint() };
    publisher.publish(encode(make(options.shape, mark)));
  }).then((count) => {
    const elapsedMs = performance.now() - measuredFromMs;
    const { user, system } = process.cpuUsage(measuredFromCpu);
    say("sent", {
      count,
      failed: 0,
      rateHz: ((count - options.warmUp) / elapsedMs) * 1000,
      cpuRatio: (user + system) / 1000 / elapsedMs,
    });
  });
  const lingerEndMs = performance.now() + options.lingerS * 1000;
  while (!stopping && performance.now() < lingerEndMs) await delay(10);
}

/** Calls `send` with 0, 1, 2 … at the rate wanted; late ones follow at once. Returns how many. */
async function paced(send: (sequence: number) => void): Promise<number> {
  const periodMs = options.rateHz > 0 ? 1000 / options.rateHz : 0;
  const startMs = performance.now();
  let sent = 0;
  while (!stopping && sent < options.count && performance.now() < endMs) {
    const waitMs = startMs + sent * periodMs - performance.now();
    if (waitMs > 0) {
      await delay(waitMs);
      continue;
    }
    send(sent);
    sent += 1;
    // A turn of the event loop, without which no socket would ever be read.
    if (sent % batch === 0) await new Promise(setImmediate);
  }
  return sent;
}

async function subscribe(
  from: PeerTransport,
  { decode, readMark, toJson }: BridgeKind,
): Promise<void> {
  const statistics = new LatencyStatistics(options.warmUp);
  let received = 0;
  const subscription = from.subscribe(topic, (cdr) => {
    if (received >= options.count) return;
    received += 1;
    const message = decode(cdr);
    if (options.mode === "echo") {
      say("sample", toJson(message));
    } else {
      const { sequence, stampNs } = readMark(message);
      statistics.add(sequence, stampNs);
    }
  });
  say("ready");
  reportMatches(() => subscription.matchedCount ?? 0, 0);
  while (!stopping && received < options.count && performance.now() < endMs) await delay(10);
  if (options.mode !== "echo") say("stats", statistics.toJson());
}

/** Says how many are matched whenever they are not `known`. */
function reportMatches(count: () => number, known: number): void {
  const report = (): void => {
    if (count() === known) return;
    known = count();
    say("matched", { count: known });
  };
  report();
  setInterval(report, 20).unref();
}

/** What is in use after a collection; the peer must run with --expose-gc. */
function reportMemory(of: PeerTransport): void {
  if (options.memoryPeriodMs === 0) return;
  setInterval(() => {
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    const usedBytes = heapUsed + external;
    say("memory", { rssBytes: rss, usedBytes, malformedCount: of.malformedCount });
  }, options.memoryPeriodMs).unref();
}

function say(event: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}
