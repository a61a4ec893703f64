import type { PeerNetwork } from "../peers/netns.ts";
import { startPeer, type PeerCommand } from "../peers/start-peer.ts";

export interface Pair {
  readonly name: string;
  readonly publisher: PeerCommand;
  readonly subscriber: PeerCommand;
}

export interface Load {
  readonly kind: "joint" | "image";
  readonly rateHz: number;
  readonly seconds: number;
  /** Of the same load before anything is measured: a service runs for hours, its compiler for seconds. */
  readonly warmUpS: number;
  /** Keep-last depth of both ends. */
  readonly depth: number;
}

export interface Round {
  readonly latencyUsP50: number;
  readonly latencyUsP99: number;
  /** Of one core. */
  readonly publisherCpuRatio: number;
  readonly subscriberCpuRatio: number;
  /** What the publisher reached. */
  readonly rateHz: number;
  readonly lost: number;
}

/** One run of one pair: its own two processes, from discovery to the last sample. */
export async function measure(network: PeerNetwork, pair: Pair, load: Load): Promise<Round> {
  const warmUp = Math.round(load.rateHz * load.warmUpS);
  const count = warmUp + Math.round(load.rateHz * load.seconds);
  const lastsS = load.warmUpS + load.seconds + 3;
  const shared = [load.kind, "--topic", "rt/bench", "--joints", "7"];
  const counts = ["--depth", `${load.depth}`, "--count", `${count}`, "--warm-up", `${warmUp}`];
  const ends = ["--secs", `${lastsS}`];
  await using subscriber = startPeer(network, pair.subscriber, [
    "stats",
    ...[...shared, ...counts, ...ends],
  ]);
  await subscriber.until("ready");
  await using publisher = startPeer(network, pair.publisher, [
    "pub",
    ...[...shared, ...counts, ...ends],
    ...["--rate", `${load.rateHz}`, "--readers", "1"],
  ]);
  const timeoutMs = (lastsS + 20) * 1000;
  const [sent] = await publisher.until("sent", 1, timeoutMs);
  const [stats] = await subscriber.until("stats", 1, timeoutMs);
  return {
    latencyUsP50: Number(stats?.["latencyUsP50"]),
    latencyUsP99: Number(stats?.["latencyUsP99"]),
    publisherCpuRatio: Number(sent?.["cpuRatio"]),
    subscriberCpuRatio: Number(stats?.["cpuRatio"]),
    rateHz: Number(sent?.["rateHz"]),
    lost: count - Number(stats?.["received"]),
  };
}

/** The highest rate of a rising ladder at which nothing is lost and the publisher keeps up; 0 if none. */
export async function highestRate(
  network: PeerNetwork,
  pair: Pair,
  load: Omit<Load, "rateHz">,
  ladderHz: readonly number[],
): Promise<number> {
  let reachedHz = 0;
  for (const rateHz of ladderHz) {
    const round = await measure(network, pair, { ...load, rateHz });
    if (round.lost > 0 || round.rateHz < 0.95 * rateHz) break;
    reachedHz = rateHz;
  }
  return reachedHz;
}
