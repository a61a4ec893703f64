import process from "node:process";
import { buildGazeboPeer } from "../peers/build.ts";
import { ownGazeboPeer, startGazeboPeer } from "../peers/gazebo/start-gazebo-peer.ts";
import { openPeerNetwork, type PeerNetwork } from "../peers/netns.ts";
import type { PeerEvent } from "../peers/peer-process.ts";

// Joint states of four joints at 1 kHz for 12 s, from Gazebo's own publisher, heard by Gazebo's own
// subscriber (the reference) and by ours: processor time and latency. `npm run build`, then
// `node dist/test/bench/gz-transport.js`. Needs libignition-transport-dev.

/** The first window is warm-up. */
const windows = 4;
const windowCount = 3000;

interface Figures {
  readonly cpuPercent: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly gaps: number;
}

async function measure(
  network: PeerNetwork,
  source: readonly [string, ...string[]],
  sink: readonly [string, ...string[]],
): Promise<Figures> {
  const partition = `bench-${process.pid}-${sink.length}-${source.length}`;
  const every = ["--report-every", `${windowCount}`];
  await using subscriber = startGazeboPeer(network, partition, sink, [
    "stats",
    "/joints",
    ...every,
  ]);
  await subscriber.until("ready");
  await using publisher = startGazeboPeer(network, partition, source, ["pub", "/joints"]);
  await publisher.until("ready");
  const reports = (await subscriber.until("stats", windows, 60_000)).slice(1);
  const mean = (field: string): number =>
    reports.reduce((sum, report: PeerEvent) => sum + Number(report[field]), 0) / reports.length;
  return {
    cpuPercent: mean("cpuPercent"),
    p50Ms: mean("p50Ms"),
    p99Ms: mean("p99Ms"),
    gaps: Number(reports.at(-1)?.["gaps"]),
  };
}

const gazebo = await buildGazeboPeer();
if (gazebo.missing !== undefined) {
  process.stdout.write(`not run: ${gazebo.missing}\n`);
} else {
  const theirs = [gazebo.programs.peer] as const;
  await using network = await openPeerNetwork();
  const reference = await measure(network, theirs, theirs);
  const rows = [
    ["Gazebo hears Gazebo", reference],
    ["we hear Gazebo", await measure(network, theirs, ownGazeboPeer)],
    ["Gazebo hears us", await measure(network, ownGazeboPeer, theirs)],
    ["we hear us", await measure(network, ownGazeboPeer, ownGazeboPeer)],
  ] as const;
  for (const [name, figures] of rows) {
    const ratio = (field: keyof Figures): string =>
      `${figures[field].toFixed(3)} (x${(figures[field] / reference[field]).toFixed(2)})`;
    process.stdout.write(
      `${name.padEnd(20)} subscriber's core % ${ratio("cpuPercent")}   p50 ms ${ratio("p50Ms")}   ` +
        `p99 ms ${ratio("p99Ms")}   gaps ${figures.gaps}\n`,
    );
  }
}
