import process from "node:process";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Header } from "../../../ros/messages/message-types.ts";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import { startPeer } from "../../peers/start-peer.ts";
import { expectSamples, shapeArgs } from "./expect-samples.ts";
import { describePairs } from "./pairs.ts";

let network: PeerNetwork;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

const joinerCount = 20;
/** As many at once, so that the writer serves new readers while others still ask. */
const atOnce = 5;
const depth = 5;
const sentCount = 12;

describePairs("who joins a writer late", ({ from, to, stack }) => {
  it(`gets what it kept, oldest first, if transient local: ${joinerCount} of ${joinerCount}`, async () => {
    const options = ["joint", "--topic", "rt/late", "--tl", "--depth", `${depth}`, ...shapeArgs];
    const sends = ["--count", `${sentCount}`, "--rate", "200", "--linger", "60", "--secs", "60"];
    await using publisher = startPeer(network, from, ["pub", ...options, ...sends]);
    await publisher.until("sent");
    const join = async (): Promise<void> => {
      await using subscriber = startPeer(network, to, ["echo", ...options]);
      const samples = await subscriber.until("sample", depth);
      expectSamples("joint", samples, { first: sentCount - depth, count: depth });
    };
    for (let joined = 0; joined < joinerCount; joined += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, join));
    }
  }, 60_000);

  // Fast DDS's own writer resends old samples to no volatile reader; Cyclone DDS 0.10 does if asked.
  it(`gets nothing old from ${stack} or the bridge if volatile`, async () => {
    const options = ["joint", "--topic", "rt/late_volatile", "--depth", "50", ...shapeArgs];
    const sends = ["--tl", "--rate", "50", "--secs", "20"];
    await using publisher = startPeer(network, from, ["pub", ...options, ...sends]);
    await publisher.until("matched");
    await new Promise((resolve) => setTimeout(resolve, 500));
    const startNs = process.hrtime.bigint();
    await using subscriber = startPeer(network, to, ["echo", ...options]);
    for (const { header } of await subscriber.until("sample", 3)) {
      const { stamp } = header as Header;
      const sentNs = BigInt(stamp.sec) * 1_000_000_000n + BigInt(stamp.nanosec);
      expect(sentNs).toBeGreaterThan(startNs);
    }
  });
});
