import { afterAll, beforeAll, expect, it } from "vitest";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import type { PeerEvent } from "../../peers/peer-process.ts";
import { bridgePeer, startPeer, type Discovery } from "../../peers/start-peer.ts";
import { expectSamples, shapeArgs } from "./expect-samples.ts";
import { describePairs, describeStacks, type Pair } from "./pairs.ts";

let network: PeerNetwork;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

type Ends = Pick<Pair, "from" | "to">;
const discoveries: readonly Discovery[] = ["default", "LOCALHOST"];
/** What Fast DDS's peer does not speak is left to Cyclone DDS's. */
const kinds = ["string", "joint", "image"];
const cycloneKinds = ["trajectory", "compressed"];
const count = 10;

describePairs("every sample arrives whole and in order", (pair) => {
  it.each(kinds)("reliable: %s", async (kind) => {
    await deliver(kind, pair);
  });
  it.each(kinds)("best effort: %s, as far as it arrives", async (kind) => {
    await deliverBestEffort(kind, pair);
  });
  if (pair.stack === "Cyclone DDS") {
    it.each(cycloneKinds)("reliable: %s", async (kind) => {
      await deliver(kind, pair);
    });
  }
  it("where both look for others on this machine only", async () => {
    await deliver("joint", pair, "LOCALHOST");
  });
});

it.each(discoveries)("from one bridge to another with %s discovery: image", async (discovery) => {
  await deliver("image", { from: bridgePeer, to: bridgePeer }, discovery);
});

describeStacks("a reliable reader of a best-effort writer", (peer) => {
  it("is not matched, as ROS has it", async () => {
    const options = ["joint", "--topic", "rt/mismatch"];
    await using reliable = startPeer(network, peer, ["echo", ...options]);
    await using bestEffort = startPeer(network, peer, ["echo", ...options, "--be"]);
    await Promise.all([reliable.until("ready"), bestEffort.until("ready")]);
    const publisherArgs = ["pub", ...options, "--be", "--readers", "1"];
    await using publisher = startPeer(network, bridgePeer, publisherArgs);
    await bestEffort.until("sample", 5);
    expect(await publisher.until("matched")).toMatchObject([{ count: 1 }]);
    expect(reliable.all("sample")).toEqual([]);
    expect(reliable.all("matched")).toEqual([]);
  });
});

async function deliver(
  kind: string,
  { from, to }: Ends,
  discovery: Discovery = "default",
): Promise<void> {
  const shared = [kind, "--topic", "rt/pair", "--count", `${count}`, ...shapeArgs];
  await using subscriber = startPeer(network, to, ["echo", ...shared], discovery);
  await subscriber.until("ready");
  const sends = ["--readers", "1", "--rate", "50"];
  await using publisher = startPeer(network, from, ["pub", ...shared, ...sends], discovery);
  await publisher.until("matched");
  expectSamples(kind, await subscriber.until("sample", count), { first: 0, count });
}

/** Some may be missing: a picture is 16 datagrams, and Fast DDS has the kernel's 208 KiB for them. */
async function deliverBestEffort(kind: string, { from, to }: Ends): Promise<void> {
  const shared = [kind, "--topic", "rt/best_effort", "--be", ...shapeArgs];
  await using subscriber = startPeer(network, to, ["echo", ...shared, "--count", `${count}`]);
  await subscriber.until("ready");
  await using publisher = startPeer(network, from, ["pub", ...shared, "--rate", "30"]);
  const samples = await subscriber.until("sample", count);
  await publisher.until("matched");
  let last = -1;
  for (const sample of samples) {
    const first = sequenceOf(kind, sample);
    expect(first).toBeGreaterThan(last);
    expectSamples(kind, [sample], { first, count: 1 });
    last = first;
  }
}

/** Where a kind carries its number: see README.md of the peers. */
function sequenceOf(kind: string, sample: PeerEvent): number {
  if (kind === "joint") return (sample["effort"] as readonly number[])[0] ?? Number.NaN;
  if (kind === "string") return Number((sample["data"] as string).split(" ")[0]);
  const { start } = sample["data"] as { readonly start: string };
  return Buffer.from(start, "hex").readUInt32LE();
}
