import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { openPeerNetwork, openPeerSubnet } from "../../peers/netns.ts";
import { bridgePeer, startPeer, type Discovery } from "../../peers/start-peer.ts";
import { expectSamples, shapeArgs } from "./expect-samples.ts";
import { describePairs } from "./pairs.ts";

const run = promisify(execFile);
const subnet = await openPeerSubnet();
afterAll(async () => {
  await subnet?.[Symbol.asyncDispose]();
});
const options = ["joint", "--topic", "rt/confined", "--count", "20", ...shapeArgs];

describe("the network of these tests", () => {
  it("has a loopback and nothing that a packet could leave by", async ({ skip }) => {
    await using network = await openPeerNetwork();
    skip(network.kind === "loopback", network.reason);
    const inside = async (...args: string[]): Promise<string> => {
      const [file, all] = network.command("ip", args);
      return (await run(file, [...all])).stdout;
    };
    expect((await inside("-o", "link")).trim().split("\n")).toEqual([
      expect.stringMatching(/^1: lo: /),
    ]);
    await expect(inside("route", "get", "192.0.2.1")).rejects.toThrow("unreachable");
  });
});

describe("on a host with a network card, two bridges", () => {
  it.skipIf(subnet === undefined).each<{ discovery: Discovery; leaves: boolean }>([
    { discovery: "LOCALHOST", leaves: false },
    { discovery: "default", leaves: true },
  ])("with $discovery discovery send packets by it: $leaves", async ({ discovery, leaves }) => {
    if (subnet === undefined) return;
    const { near } = subnet;
    const before = await subnet.sentPackets();
    await using subscriber = startPeer(near, bridgePeer, ["echo", ...options], discovery);
    await subscriber.until("ready");
    const sends = ["--readers", "1", "--rate", "50"];
    await using publisher = startPeer(near, bridgePeer, ["pub", ...options, ...sends], discovery);
    await subscriber.until("sample", 20);
    await publisher.until("sent");
    expect((await subnet.sentPackets()) > before).toBe(leaves);
  });
});

describePairs("from host to host over a card of 1500 octets", ({ from, to }) => {
  it.skipIf(subnet === undefined).each(["joint", "image"])("%s", async (kind) => {
    if (subnet === undefined) return;
    const shared = [kind, "--topic", "rt/subnet", "--count", "10", ...shapeArgs];
    await using subscriber = startPeer(subnet.far, to, ["echo", ...shared]);
    await subscriber.until("ready");
    const sends = ["--readers", "1", "--rate", "20"];
    await using publisher = startPeer(subnet.near, from, ["pub", ...shared, ...sends]);
    await publisher.until("matched");
    expectSamples(kind, await subscriber.until("sample", 10), { first: 0, count: 10 });
  });
});
