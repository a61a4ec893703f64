import { describe } from "vitest";
import { buildCyclonePeer, buildFastPeer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { bridgePeer, type PeerCommand } from "../../peers/start-peer.ts";

/** Who sends to whom. One of them is the bridge. */
export interface Pair {
  /** e.g. `from the bridge to Cyclone DDS`. */
  readonly name: string;
  readonly from: PeerCommand;
  readonly to: PeerCommand;
  readonly stack: Stack;
}
export type Stack = "Cyclone DDS" | "Fast DDS";

const cyclone = await buildCyclonePeer();
const fast = await buildFastPeer();

/** The suite once per independent stack; skipped by name where its packages are missing. */
export function describeStacks(
  title: string,
  suite: (peer: PeerCommand, stack: Stack) => void,
): void {
  describePeer(`${title}, with Cyclone DDS`, cyclone, ({ peer }) => {
    suite([peer], "Cyclone DDS");
  });
  describePeer(`${title}, with Fast DDS`, fast, ({ peer }) => {
    suite([peer], "Fast DDS");
  });
}

/** The suite once per stack and direction. */
export function describePairs(title: string, suite: (pair: Pair) => void): void {
  describeStacks(title, (peer, stack) => {
    const pairs: readonly Pair[] = [
      { name: `from the bridge to ${stack}`, from: bridgePeer, to: peer, stack },
      { name: `from ${stack} to the bridge`, from: peer, to: bridgePeer, stack },
    ];
    describe.each(pairs)("$name", suite);
  });
}
