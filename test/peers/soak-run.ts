import type { PeerNetwork } from "./netns.ts";
import type { PeerProcess } from "./peer-process.ts";
import { measuredBridgePeer, startPeer, type PeerCommand } from "./start-peer.ts";

export interface SoakOptions {
  readonly network: PeerNetwork;
  readonly peer: PeerCommand;
  /** Which end the bridge is, in a process of its own with the transport in a worker. */
  readonly bridge: "publisher" | "subscriber";
  readonly count: number;
  readonly rateHz: number;
}

export interface SoakReport {
  readonly received: number;
  readonly lost: number;
  readonly reordered: number;
  /** Of the bridge's process, all threads: after a fifth of the samples, at most after that, at the end. */
  readonly rssBytes: { readonly early: number; readonly most: number; readonly last: number };
  /** Of its main thread, after collections. */
  readonly usedBytes: { readonly early: number; readonly last: number };
}

/** Many JointStates between the bridge and another stack, and what the bridge's memory did meanwhile. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { network, peer, bridge, count, rateHz } = options;
  const seconds = count / rateHz;
  const timeoutMs = seconds * 2000 + 30_000;
  const shared = ["joint", "--topic", "rt/soak", "--depth", "2000", "--count", `${count}`];
  const watched = ["--memory", `${Math.max(100, Math.round(seconds * 20))}`];
  const own = (end: "publisher" | "subscriber"): readonly string[] =>
    bridge === end ? watched : [];
  const command = (end: "publisher" | "subscriber"): PeerCommand =>
    bridge === end ? measuredBridgePeer : peer;
  const ends = ["--secs", `${timeoutMs / 1000}`];
  await using subscriber = startPeer(network, command("subscriber"), [
    "stats",
    ...[...shared, ...ends, ...own("subscriber")],
  ]);
  await subscriber.until("ready");
  await using publisher = startPeer(network, command("publisher"), [
    "pub",
    ...[...shared, ...ends, ...own("publisher")],
    ...["--readers", "1", "--rate", `${rateHz}`, "--linger", "2"],
  ]);
  await publisher.until("sent", 1, timeoutMs);
  const [stats] = await subscriber.until("stats", 1, timeoutMs);
  return {
    received: Number(stats?.["received"]),
    lost: Number(stats?.["lost"]),
    reordered: Number(stats?.["reordered"]),
    ...memoryOf(bridge === "publisher" ? publisher : subscriber),
  };
}

function memoryOf(bridge: PeerProcess): Pick<SoakReport, "rssBytes" | "usedBytes"> {
  const series = (name: string): number[] => bridge.all("memory").map((each) => Number(each[name]));
  const [rss, used] = [series("rssBytes"), series("usedBytes")];
  const early = Math.floor(rss.length / 5);
  return {
    rssBytes: {
      early: rss[early] ?? Number.NaN,
      most: Math.max(...rss.slice(early)),
      last: rss.at(-1) ?? Number.NaN,
    },
    usedBytes: { early: used[early] ?? Number.NaN, last: used.at(-1) ?? Number.NaN },
  };
}
