import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Header } from "../../../ros/messages/message-types.ts";
import { buildCyclonePeer, buildFastPeer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import {
  bridgePeer,
  expectSamples,
  shapeArgs,
  startPeer,
  type Discovery,
  type PeerCommand,
} from "./pairs.ts";

const cyclone = await buildCyclonePeer();
const fast = await buildFastPeer();
const discoveries: readonly Discovery[] = ["default", "LOCALHOST"];

let network: PeerNetwork;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

describe.each(discoveries)(
  "with %s discovery, every sample arrives whole and in order",
  (discovery) => {
    describePeer("Cyclone DDS", cyclone, ({ peer }) => {
      it.each(["joint", "trajectory", "compressed"])("from the bridge: %s", async (kind) => {
        await deliver({ kind, from: bridgePeer, to: [peer], discovery });
      });
      it.each(["joint", "trajectory", "compressed", "image"])("to the bridge: %s", async (kind) => {
        await deliver({ kind, from: [peer], to: bridgePeer, discovery });
      });
      it("from the bridge, best effort: compressed", async () => {
        await deliverBestEffort({ from: bridgePeer, to: [peer] }, discovery);
      });
      it("to the bridge, best effort: compressed", async () => {
        await deliverBestEffort({ from: [peer], to: bridgePeer }, discovery);
      });
    });

    describePeer("Fast DDS", fast, ({ peer }) => {
      it("from the bridge: joint", async () => {
        await deliver({ kind: "joint", from: bridgePeer, to: [peer], discovery });
      });
      it("to the bridge: joint", async () => {
        await deliver({ kind: "joint", from: [peer], to: bridgePeer, discovery });
      });
    });

    it("from one bridge to another: image", async () => {
      await deliver({ kind: "image", from: bridgePeer, to: bridgePeer, discovery });
    });
  },
);

describe("a reader that joins late", () => {
  describePeer("of the bridge's transient-local writer, on Cyclone DDS", cyclone, ({ peer }) => {
    it("gets the last samples, oldest first", async () => {
      await joinLate({ from: bridgePeer, to: [peer] });
    });
    it("gets nothing old if it asks for volatile", async () => {
      await joinLateVolatile({ from: bridgePeer, to: [peer] });
    });
  });
  describePeer("of the bridge's transient-local writer, on Fast DDS", fast, ({ peer }) => {
    it("gets the last samples, oldest first", async () => {
      await joinLate({ from: bridgePeer, to: [peer] });
    });
  });
  describePeer("of Cyclone's transient-local writer, on the bridge", cyclone, ({ peer }) => {
    it("gets the last samples, oldest first", async () => {
      await joinLate({ from: [peer], to: bridgePeer });
    });
    it("gets nothing old if it asks for volatile", async () => {
      await joinLateVolatile({ from: [peer], to: bridgePeer });
    });
  });
  describePeer("of Fast DDS's transient-local writer, on the bridge", fast, ({ peer }) => {
    it("gets the last samples, oldest first", async () => {
      await joinLate({ from: [peer], to: bridgePeer });
    });
  });
});

describePeer("on Cyclone DDS", cyclone, ({ peer }) => {
  it("a reliable reader does not match the bridge's best-effort writer", async () => {
    const options = ["joint", "--topic", "rt/mismatch"];
    await using reliable = startPeer(network, [peer], ["echo", ...options]);
    await using bestEffort = startPeer(network, [peer], ["echo", ...options, "--be"]);
    await reliable.until("ready");
    await using publisher = startPeer(network, bridgePeer, ["pub", ...options, "--be"]);
    await bestEffort.until("sample", 5);
    await publisher.until("matched");
    expect(reliable.all("matched")).toEqual([]);
  });

  it("a reader loses its match when the bridge leaves", async () => {
    const options = ["joint", "--topic", "rt/leaving"];
    await using reader = startPeer(network, [peer], ["echo", ...options]);
    const publisher = startPeer(network, bridgePeer, ["pub", ...options, "--readers", "1"]);
    await reader.until("sample");
    await publisher[Symbol.asyncDispose]();
    await reader.until("matched", (event) => event["count"] === 0, 3000);
  });
});

interface Pair {
  readonly from: PeerCommand;
  readonly to: PeerCommand;
}

async function deliver(
  options: Pair & { readonly kind: string; readonly discovery: Discovery },
): Promise<void> {
  const { kind, from, to, discovery } = options;
  const count = 10;
  const shared = [kind, "--topic", "rt/pair", "--count", `${count}`, ...shapeArgs];
  await using subscriber = startPeer(network, to, ["echo", ...shared], discovery);
  await subscriber.until("ready");
  const publisherArgs = ["pub", ...shared, "--readers", "1", "--rate", "50"];
  await using publisher = startPeer(network, from, publisherArgs, discovery);
  await publisher.until("matched");
  expectSamples(kind, await subscriber.until("sample", count), { first: 0, count });
}

/** What arrives must be whole; some samples may be missing. */
async function deliverBestEffort({ from, to }: Pair, discovery: Discovery): Promise<void> {
  const shared = ["compressed", "--topic", "rt/best_effort", "--be", ...shapeArgs];
  await using subscriber = startPeer(network, to, ["echo", ...shared, "--count", "10"], discovery);
  await subscriber.until("ready");
  await using publisher = startPeer(network, from, ["pub", ...shared, "--rate", "30"], discovery);
  const samples = await subscriber.until("sample", 10);
  for (const sample of samples) {
    const { start } = sample["data"] as { readonly start: string };
    const first = Buffer.from(start, "hex").readUInt32LE();
    expectSamples("compressed", [sample], { first, count: 1 });
  }
  await publisher.until("matched");
}

async function joinLate({ from, to }: Pair): Promise<void> {
  const options = ["joint", "--topic", "rt/late", "--tl", "--depth", "5", ...shapeArgs];
  const sends = ["--count", "12", "--rate", "200", "--linger", "20"];
  await using publisher = startPeer(network, from, ["pub", ...options, ...sends]);
  await publisher.until("sent");
  await using subscriber = startPeer(network, to, ["echo", ...options]);
  expectSamples("joint", await subscriber.until("sample", 5), { first: 7, count: 5 });
}

/** The writer keeps a second of samples; the reader must not be given what was sent before it started. */
async function joinLateVolatile({ from, to }: Pair): Promise<void> {
  const options = ["joint", "--topic", "rt/late_volatile", "--depth", "50", ...shapeArgs];
  const sends = ["--tl", "--rate", "50", "--secs", "20"];
  await using publisher = startPeer(network, from, ["pub", ...options, ...sends]);
  await publisher.until("matched");
  await new Promise((resolve) => setTimeout(resolve, 500));
  const startNs = process.hrtime.bigint();
  await using subscriber = startPeer(network, to, ["echo", ...options]);
  const samples = await subscriber.until("sample", 3);
  for (const { header } of samples) {
    const { stamp } = header as Header;
    const sentNs = BigInt(stamp.sec) * 1_000_000_000n + BigInt(stamp.nanosec);
    expect(sentNs).toBeGreaterThan(startNs);
  }
}
