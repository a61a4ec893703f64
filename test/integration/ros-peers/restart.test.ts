import { afterAll, beforeAll, expect, it } from "vitest";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import type { PeerEvent, PeerProcess } from "../../peers/peer-process.ts";
import { bridgePeer, startPeer } from "../../peers/start-peer.ts";
import { describePairs, describeStacks } from "./pairs.ts";

let network: PeerNetwork;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

/** Instead of the 10 s and 20 s of the stacks, so that a test need not wait for them. */
const leaseS = 2;
const leased = ["--lease", `${leaseS}`];
const leaseTimeoutMs = leaseS * 1000 + 8000;

describePairs("when a publisher", ({ from, to }) => {
  it("leaves, its reader is told; another one is heard", async () => {
    const options = ["joint", "--topic", "rt/leaving", ...leased];
    await using reader = startPeer(network, to, ["echo", ...options, "--lease", "30"]);
    await reader.until("ready");
    await using first = startPeer(network, from, publication(options, { joints: 2 }));
    await reader.until("sample", isFrom({ joints: 2 }));
    await reader.until("matched", (event) => event["count"] === 1);
    await first[Symbol.asyncDispose]();
    // Well before any lease could have run out.
    await reader.until("matched", (event) => event["count"] === 0, 1500);
    await using second = startPeer(network, from, publication(options, { joints: 3 }));
    await second.until("ready");
    await reader.until("sample", isFrom({ joints: 3 }));
  });

  it("is killed, the next is heard at once and the dead one forgotten by its lease", async () => {
    const options = ["joint", "--topic", "rt/killed", ...leased];
    await using reader = startPeer(network, to, ["echo", ...options]);
    await reader.until("ready");
    await using first = startPeer(network, from, publication(options, { joints: 2 }));
    await reader.until("sample", isFrom({ joints: 2 }));
    await first.kill();
    await using second = startPeer(network, from, publication(options, { joints: 3 }));
    await second.until("ready");
    await reader.until("sample", isFrom({ joints: 3 }));
    await reader.until("matched", (event) => event["count"] === 2);
    await untilCount(reader, 1);
  });
});

describePairs("when a reader", ({ from, to }) => {
  it("is killed, the writer still serves the other one, in order and without loss", async () => {
    const options = ["joint", "--topic", "rt/reader_killed", ...leased];
    const stays = ["stats", ...options, "--count", "1500", "--depth", "100"];
    await using staying = startPeer(network, to, stays);
    await using killed = startPeer(network, to, ["echo", ...options]);
    await Promise.all([staying.until("ready"), killed.until("ready")]);
    const sends = ["--readers", "2", "--rate", "500", "--count", "1500", "--depth", "100"];
    await using publisher = startPeer(network, from, ["pub", ...options, ...sends]);
    await killed.until("sample", 100);
    await killed.kill();
    const [stats] = await staying.until("stats");
    expect(stats).toMatchObject({ received: 1500, lost: 0, reordered: 0 });
    await publisher.until("sent");
  });
});

describeStacks("a lease", (peer) => {
  it("that runs out unmatches a killed reader from the bridge's writer", async () => {
    const options = ["joint", "--topic", "rt/lease", ...leased];
    await using reader = startPeer(network, peer, ["echo", ...options]);
    await using publisher = startPeer(network, bridgePeer, publication(options, { joints: 2 }));
    await reader.until("sample");
    await publisher.until("matched");
    await reader.kill();
    await untilCount(publisher, 0);
  });
});

describeStacks("two bridges on one host", (peer) => {
  it("are both heard, and both hear", async () => {
    const options = ["joint", "--topic", "rt/two"];
    await using reader = startPeer(network, peer, ["echo", ...options]);
    await reader.until("ready");
    await using first = startPeer(network, bridgePeer, publication(options, { joints: 2 }));
    await first.until("ready");
    await using second = startPeer(network, bridgePeer, publication(options, { joints: 3 }));
    await second.until("ready");
    await reader.until("sample", isFrom({ joints: 2 }));
    await reader.until("sample", isFrom({ joints: 3 }));
    await using third = startPeer(network, bridgePeer, ["echo", ...options]);
    await using fourth = startPeer(network, bridgePeer, ["echo", ...options]);
    await using publisher = startPeer(network, peer, publication(options, { joints: 4 }));
    await publisher.until("ready");
    for (const joints of [2, 3, 4]) {
      await third.until("sample", isFrom({ joints }));
      await fourth.until("sample", isFrom({ joints }));
    }
  });
});

describePairs("domains", ({ from, to }) => {
  it("keep to themselves", async () => {
    const options = ["joint", "--topic", "rt/domains"];
    const elsewhere = ["--domain", `${network.domainId + 1}`];
    await using here = startPeer(network, to, ["echo", ...options]);
    await using there = startPeer(network, to, ["echo", ...options, ...elsewhere]);
    await Promise.all([here.until("ready"), there.until("ready")]);
    const sends = publication([...options, ...elsewhere], { joints: 2 });
    await using publisher = startPeer(network, from, sends);
    await publisher.until("ready");
    await there.until("sample", 50);
    expect(here.all("sample")).toEqual([]);
    expect(here.all("matched")).toEqual([]);
  });
});

interface Marked {
  /** Which publisher it was: each sends another number of joints. */
  readonly joints: number;
}

function publication(options: readonly string[], { joints }: Marked): string[] {
  return ["pub", ...options, "--readers", "1", "--rate", "50", "--joints", `${joints}`];
}

function isFrom({ joints }: Marked): (sample: PeerEvent) => boolean {
  return (sample) => (sample["name"] as readonly string[]).length === joints;
}

/** Until the newest news of matches is `count`. */
async function untilCount(peer: PeerProcess, count: number): Promise<void> {
  const isNewest = (event: PeerEvent): boolean =>
    event["count"] === count && peer.all("matched").at(-1) === event;
  await peer.until("matched", isNewest, leaseTimeoutMs);
}
