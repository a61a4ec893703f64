import { afterAll, beforeAll, expect, it } from "vitest";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import { startPeer } from "../../peers/start-peer.ts";
import { describePairs } from "./pairs.ts";

let network: PeerNetwork;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

describePairs("what a writer promises beside its samples", ({ from, to }) => {
  it("automatic liveliness is kept without a sample, and missed soon after a kill", async () => {
    const options = ["joint", "--topic", "rt/alive"];
    await using reader = startPeer(network, to, ["echo", ...options, "--alive", "2"]);
    await reader.until("ready");
    // One sample, then silence: only the participant's own assertions keep the lease of 1.5 s.
    const silent = ["--count", "1", "--readers", "1", "--linger", "30", "--alive", "1.5"];
    await using writer = startPeer(network, from, ["pub", ...options, ...silent]);
    await reader.until("sample");
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const counts = reader.all("liveliness-changed");
    expect(counts.at(-1)).toMatchObject({ aliveCount: 1, notAliveCount: 0 });
    expect(counts.some((each) => each["notAliveCount"] !== 0)).toBe(false);
    await writer.kill();
    // Long before the participant's lease of 10 or 20 s.
    await reader.until("liveliness-changed", (each) => each["notAliveCount"] === 1, 6000);
  }, 40_000);

  it("a deadline that is kept matches and is silent, one that is missed is told of", async () => {
    const options = ["joint", "--topic", "rt/deadline", "--deadline", "0.5"];
    await using reader = startPeer(network, to, ["echo", ...options]);
    await reader.until("ready");
    const sends = ["--rate", "20", "--count", "20", "--readers", "1", "--linger", "30"];
    await using writer = startPeer(network, from, ["pub", ...options, ...sends]);
    await writer.until("sent");
    await reader.until("sample", 20);
    await reader.until("deadline-missed", 2);
  }, 40_000);

  it("a deadline nobody offers keeps them apart", async () => {
    const options = ["joint", "--topic", "rt/undue", "--secs", "3"];
    await using reader = startPeer(network, to, ["echo", ...options, "--deadline", "0.5"]);
    await reader.until("ready");
    await using writer = startPeer(network, from, ["pub", ...options, "--readers", "0"]);
    await writer.until("sent", 1, 10_000);
    expect(reader.all("sample")).toEqual([]);
  }, 40_000);
});
