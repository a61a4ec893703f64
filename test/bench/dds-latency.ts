import process from "node:process";
import { parseArgs } from "node:util";
import { buildCyclonePeer } from "../peers/build.ts";
import { openPeerNetwork, type PeerNetwork } from "../peers/netns.ts";
import { bridgePeer, startPeer, type PeerCommand } from "../peers/start-peer.ts";

/**
 * One-way latency from publish() to the subscriber's callback, by CLOCK_MONOTONIC stamps in the
 * messages: the bridge's transport to and from Cyclone DDS, against Cyclone to Cyclone in the same run.
 * "No worker" is the participant in the caller's own thread: what the wire alone costs.
 * Rounds of all pairs alternate, so a busy moment of the machine falls on all of them; the median of
 * the rounds is printed. Ratios are to the reference pair.
 *
 *     npm run build && node dist/test/bench/dds-latency.js [--rounds 5] [--secs 4]
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    secs: { type: "string", default: "4" },
  },
});
const roundCount = Number(values.rounds);
const durationS = Number(values.secs);

interface Pair {
  readonly name: string;
  readonly publisher: PeerCommand;
  readonly subscriber: PeerCommand;
}

interface Workload {
  readonly name: string;
  readonly kind: string;
  readonly rateHz: number;
  readonly args: readonly string[];
}

interface Round {
  readonly latencyUsP50: number;
  readonly latencyUsP99: number;
  readonly publisherCpuRatio: number;
  readonly lost: number;
}

// At depth 10 a reader that is kept off the processor for 10 ms loses samples to its own history, at
// 1 kHz also Cyclone's of Cyclone's. With room for 200, a lost sample is lost on the wire.
const workloads: readonly Workload[] = [
  {
    name: "JointState, 250 Hz",
    kind: "joint",
    rateHz: 250,
    args: ["--joints", "7", "--depth", "200"],
  },
  {
    name: "JointState, 1 kHz",
    kind: "joint",
    rateHz: 1000,
    args: ["--joints", "7", "--depth", "200"],
  },
  { name: "Image 640x480, 30 Hz", kind: "image", rateHz: 30, args: ["--depth", "4"] },
];

const cyclone = await buildCyclonePeer();
if (cyclone.missing === undefined) await measureAll(cyclone.programs.peer);
else print(`not run: ${cyclone.missing}`);

async function measureAll(cyclonePeer: string): Promise<void> {
  const pairs: readonly Pair[] = [
    { name: "reference: Cyclone -> Cyclone", publisher: [cyclonePeer], subscriber: [cyclonePeer] },
    { name: "bridge -> Cyclone", publisher: bridgePeer, subscriber: [cyclonePeer] },
    { name: "Cyclone -> bridge", publisher: [cyclonePeer], subscriber: bridgePeer },
    {
      name: "bridge, no worker -> Cyclone",
      publisher: [...bridgePeer, "--direct"],
      subscriber: [cyclonePeer],
    },
    {
      name: "Cyclone -> bridge, no worker",
      publisher: [cyclonePeer],
      subscriber: [...bridgePeer, "--direct"],
    },
  ];
  await using network = await openPeerNetwork();
  print(`network: ${network.kind} ${network.reason}; ${roundCount} rounds of ${durationS} s\n`);
  for (const workload of workloads) {
    const rounds = new Map<Pair, Round[]>(pairs.map((pair) => [pair, []]));
    for (let round = 0; round < roundCount; round += 1) {
      for (const pair of pairs) rounds.get(pair)?.push(await measure(network, pair, workload));
    }
    report(workload, rounds);
  }
}

async function measure(network: PeerNetwork, pair: Pair, workload: Workload): Promise<Round> {
  const count = Math.round(workload.rateHz * durationS);
  const shared = [workload.kind, "--topic", "rt/latency", ...workload.args];
  await using subscriber = startPeer(network, pair.subscriber, [
    "stats",
    ...shared,
    ...["--count", `${count}`, "--secs", `${durationS + 10}`],
  ]);
  await subscriber.until("ready");
  await using publisher = startPeer(network, pair.publisher, [
    "pub",
    ...shared,
    ...["--count", `${count}`, "--rate", `${workload.rateHz}`, "--readers", "1"],
  ]);
  const timeoutMs = (durationS + 20) * 1000;
  const [sent] = await publisher.until("sent", 1, timeoutMs);
  const [stats] = await subscriber.until("stats", 1, timeoutMs);
  return {
    latencyUsP50: Number(stats?.["latencyUsP50"]),
    latencyUsP99: Number(stats?.["latencyUsP99"]),
    publisherCpuRatio: Number(sent?.["cpuRatio"]),
    lost: count - Number(stats?.["received"]),
  };
}

function report(workload: Workload, rounds: ReadonlyMap<Pair, readonly Round[]>): void {
  print(`${workload.name}\n${"pair".padEnd(32)} p50 us  ratio   p99 us  ratio  pub CPU  lost`);
  let reference: readonly [number, number] | undefined;
  for (const [pair, taken] of rounds) {
    const p50 = median(taken.map((round) => round.latencyUsP50));
    const p99 = median(taken.map((round) => round.latencyUsP99));
    const cpuPercent = median(taken.map((round) => round.publisherCpuRatio)) * 100;
    const lost = taken.reduce((sum, round) => sum + round.lost, 0);
    reference ??= [p50, p99];
    const cells = [
      p50.toFixed(0).padStart(6),
      (p50 / reference[0]).toFixed(2).padStart(6),
      p99.toFixed(0).padStart(8),
      (p99 / reference[1]).toFixed(2).padStart(6),
      `${cpuPercent.toFixed(1)} %`.padStart(8),
      `${lost}`.padStart(5),
    ];
    print(`${pair.name.padEnd(32)} ${cells.join(" ")}`);
  }
  print("");
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
