import process from "node:process";
import { parseArgs } from "node:util";
import { buildCyclonePeer, buildFastPeer } from "../peers/build.ts";
import { openPeerNetwork, type PeerNetwork } from "../peers/netns.ts";
import { bridgePeer } from "../peers/start-peer.ts";
import { highestRate, measure, type Load, type Pair, type Round } from "./dds-pairs.ts";

/**
 * One-way latency from publish() to the subscriber's callback by CLOCK_MONOTONIC stamps in the messages,
 * processor time, and the highest rates without loss: the bridge's transport against Cyclone DDS and
 * Fast DDS, with Cyclone DDS to itself as the unit. "Direct" is the participant in the caller's own
 * thread: what the wire alone costs.
 *
 * Rounds of all pairs alternate, so a busy moment of the machine falls on all of them; the median of the
 * rounds is printed. Reliable, both ends with room for the stalls of a busy machine: what is lost then is
 * lost on the wire.
 *
 *     npm run bench:dds -- [--rounds 5] [--secs 4] [--warm-up 4] [--rates] [--direct]
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    secs: { type: "string", default: "4" },
    "warm-up": { type: "string", default: "4" },
    rates: { type: "boolean", default: false },
    direct: { type: "boolean", default: false },
  },
});
const roundCount = Number(values.rounds);
const seconds = Number(values.secs);
const warmUpS = Number(values["warm-up"]);

const loads: readonly (Load & { readonly name: string })[] = [
  { name: "JointState of 7, 1 kHz", kind: "joint", rateHz: 1000, seconds, warmUpS, depth: 200 },
  { name: "Image 640x480, 30 Hz", kind: "image", rateHz: 30, seconds, warmUpS: 1, depth: 4 },
];
const jointLadderHz = [2000, 5000, 10_000, 15_000, 20_000, 30_000, 40_000, 60_000];
const imageLadderHz = [30, 60, 100, 150, 200, 300, 400];

const cyclone = await buildCyclonePeer();
const fast = await buildFastPeer();
if (cyclone.programs === undefined) print(`not run: ${cyclone.missing}`);
else await measureAll(pairsWith(cyclone.programs.peer, fast.programs?.peer));

/** The unit first. */
function pairsWith(cyclonePeer: string, fastPeer: string | undefined): readonly Pair[] {
  const [cycloneEnd, direct] = [[cyclonePeer], [...bridgePeer, "--direct"]] as const;
  const pairs: Pair[] = [
    { name: "unit: Cyclone -> Cyclone", publisher: cycloneEnd, subscriber: cycloneEnd },
    { name: "bridge -> Cyclone", publisher: bridgePeer, subscriber: cycloneEnd },
    { name: "Cyclone -> bridge", publisher: cycloneEnd, subscriber: bridgePeer },
  ];
  if (fastPeer !== undefined) {
    pairs.push({ name: "bridge -> Fast DDS", publisher: bridgePeer, subscriber: [fastPeer] });
    pairs.push({ name: "Fast DDS -> bridge", publisher: [fastPeer], subscriber: bridgePeer });
  }
  if (values.direct) {
    pairs.push({ name: "bridge, direct -> Cyclone", publisher: direct, subscriber: cycloneEnd });
    pairs.push({ name: "Cyclone -> bridge, direct", publisher: cycloneEnd, subscriber: direct });
  }
  return pairs;
}

async function measureAll(pairs: readonly Pair[]): Promise<void> {
  await using network = await openPeerNetwork();
  print(`network: ${network.kind} ${network.reason}; ${roundCount} rounds of ${seconds} s\n`);
  for (const load of loads) {
    const rounds = new Map<Pair, Round[]>(pairs.map((pair) => [pair, []]));
    for (let round = 0; round < roundCount; round += 1) {
      for (const pair of pairs) rounds.get(pair)?.push(await measure(network, pair, load));
    }
    reportRounds(load.name, rounds);
  }
  if (values.rates) await reportRates(network, pairs);
}

function reportRounds(title: string, rounds: ReadonlyMap<Pair, readonly Round[]>): void {
  print(`${title}\n${row("pair", "p50 us", "p99 us", "CPU pub %", "CPU sub %", "lost")}`);
  let unit: Round | undefined;
  for (const [pair, taken] of rounds) {
    const middle = medianRound(taken);
    unit ??= middle;
    print(
      row(
        pair.name,
        withRatio(middle.latencyUsP50, unit.latencyUsP50, 0),
        withRatio(middle.latencyUsP99, unit.latencyUsP99, 0),
        withRatio(middle.publisherCpuRatio * 100, unit.publisherCpuRatio * 100, 1),
        withRatio(middle.subscriberCpuRatio * 100, unit.subscriberCpuRatio * 100, 1),
        `${middle.lost}`,
      ),
    );
  }
  print("");
}

async function reportRates(network: PeerNetwork, pairs: readonly Pair[]): Promise<void> {
  const [short, long] = [
    { seconds: 1, warmUpS: 1 },
    { seconds: 1.5, warmUpS: 0.5 },
  ] as const;
  print(`highest rate without loss\n${row("pair", "JointState/s", "Image/s")}`);
  for (const pair of pairs) {
    const joint = { kind: "joint", depth: 2000, ...short } as const;
    const image = { kind: "image", depth: 20, ...long } as const;
    const jointHz = await highestRate(network, pair, joint, jointLadderHz);
    const imageHz = await highestRate(network, pair, image, imageLadderHz);
    print(row(pair.name, `${jointHz}`, `${imageHz}`));
  }
}

/** Medians of each figure; the losses of all rounds. */
function medianRound(rounds: readonly Round[]): Round {
  const of = (read: (round: Round) => number): number =>
    rounds.map(read).sort((a, b) => a - b)[rounds.length >> 1] ?? Number.NaN;
  return {
    latencyUsP50: of((round) => round.latencyUsP50),
    latencyUsP99: of((round) => round.latencyUsP99),
    publisherCpuRatio: of((round) => round.publisherCpuRatio),
    subscriberCpuRatio: of((round) => round.subscriberCpuRatio),
    rateHz: of((round) => round.rateHz),
    lost: rounds.reduce((sum, round) => sum + round.lost, 0),
  };
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(28) + cells.map((cell) => cell.padStart(15)).join("");
}

function withRatio(value: number, unit: number, digits: number): string {
  return `${value.toFixed(digits)} x${(value / unit).toFixed(2)}`.padStart(13);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
