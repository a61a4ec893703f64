import { afterAll, beforeAll, expect, it } from "vitest";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import { bridgePeer, startPeer, type PeerCommand } from "../../peers/start-peer.ts";
import { expectSamples } from "./expect-samples.ts";
import { describePairs, type Pair } from "./pairs.ts";

let network: PeerNetwork;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

/** Of every 10 datagrams the bridge sends or receives one is lost; discovery's too. */
const lossRatio = 0.1;
const image = { count: 20, rateHz: 10 };
const joint = { count: 1000, rateHz: 500 };

// Transient local, and a history with room for all: nothing may be missing, whenever the two matched.
describePairs("with 10 % loss in and out, everything arrives once and in order", (pair) => {
  it.each([1, 2, 3])(
    `${joint.count} JointStates, seed %d`,
    async (seed) => {
      const args = ["joint", "--topic", "rt/loss", "--tl", "--depth", `${joint.count}`];
      const taken = await transfer(pair, seed, ["stats", ...args], joint);
      expect(taken).toMatchObject([{ received: joint.count, lost: 0, reordered: 0 }]);
    },
    40_000,
  );

  it(`${image.count} pictures of 640x480`, async () => {
    const args = ["image", "--topic", "rt/loss", "--tl", "--depth", `${image.count}`];
    const taken = await transfer(pair, 4, ["echo", ...args], image);
    expectSamples("image", taken, { first: 0, count: image.count });
  }, 40_000);
});

async function transfer(
  { from, to }: Pair,
  seed: number,
  [mode, ...args]: readonly [mode: "echo" | "stats", ...args: string[]],
  { count, rateHz }: { readonly count: number; readonly rateHz: number },
) {
  const ends = ["--count", `${count}`, "--secs", "30"];
  await using subscriber = startPeer(network, lossy(to, seed), [mode, ...args, ...ends]);
  await subscriber.until("ready");
  const sends = ["--readers", "1", "--rate", `${rateHz}`, "--linger", "30"];
  await using publisher = startPeer(network, lossy(from, seed), [
    "pub",
    ...args,
    ...ends,
    ...sends,
  ]);
  await publisher.until("sent", 1, 35_000);
  return mode === "echo"
    ? await subscriber.until("sample", count, 35_000)
    : await subscriber.until("stats", 1, 35_000);
}

/** Only the bridge's link can lose on purpose; what it loses, the other end never gets or never said. */
function lossy(peer: PeerCommand, seed: number): PeerCommand {
  if (peer !== bridgePeer) return peer;
  return [...peer, "--loss", `${lossRatio}`, "--seed", `${seed}`];
}
