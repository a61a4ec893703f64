import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import type { PeerProcess } from "../../peers/peer-process.ts";
import { measuredBridgePeer, startPeer, type PeerCommand } from "../../peers/start-peer.ts";
import { describeStacks } from "./pairs.ts";

let network: PeerNetwork;
let folder: string;
beforeAll(async () => {
  network = await openPeerNetwork();
  folder = await mkdtemp(path.join(tmpdir(), "kairos-junk-"));
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const junkSender: PeerCommand = [process.execPath, path.resolve("dist/test/peers/bridge-junk.js")];
const junkCount = 40_000;
const options = ["joint", "--topic", "rt/junk", "--secs", "60"];
const sends = ["--rate", "100", "--linger", "60"];

describeStacks(`${junkCount} junk and mutated datagrams`, (peer, stack) => {
  it("leave a reader alive, no larger, and hearing whoever comes next", async () => {
    const record = path.join(folder, `reader-${stack}`);
    const watched = ["--record", record, "--memory", "200"];
    await using victim = startPeer(network, measuredBridgePeer, ["echo", ...options, ...watched]);
    await victim.until("ready");
    await using publisher = startPeer(network, peer, ["pub", ...options, ...sends]);
    await publisher.until("matched");
    await victim.until("sample", 50);
    await expectToSurvive(victim, record);
    await using next = startPeer(network, peer, ["pub", ...options, ...sends, "--joints", "7"]);
    await next.until("matched");
    await victim.until("sample", (event) => (event["name"] as readonly string[]).length === 7);
  }, 60_000);

  it("leave a writer alive, no larger, and serving whoever comes next", async () => {
    const record = path.join(folder, `writer-${stack}`);
    const watched = ["--record", record, "--memory", "200", "--count", "10000"];
    const publication = ["pub", ...options, ...sends, ...watched, "--joints", "7"];
    await using reader = startPeer(network, peer, ["echo", ...options]);
    await using victim = startPeer(network, measuredBridgePeer, publication);
    await reader.until("sample", 50);
    await expectToSurvive(victim, record);
    await using next = startPeer(network, peer, ["echo", ...options]);
    await next.until("sample", 10);
  }, 60_000);
});

/** Sends the junk made from what the victim recorded, and looks at its memory before and after most of it. */
async function expectToSurvive(victim: PeerProcess, record: string): Promise<void> {
  const args = ["junk", "all", "--corpus", record, "--count", `${junkCount}`];
  await using junk = startPeer(network, junkSender, args);
  await junk.until("sent", 1, 30_000);
  const before = await memoryNow(victim);
  await junk.until("sent", junkCount / 10_000, 30_000);
  const after = await memoryNow(victim);
  // What the kernel let through must be most of it, or nothing was shown.
  expect(after.malformedCount).toBeGreaterThan(junkCount / 10);
  expect(after.usedBytes - before.usedBytes).toBeLessThan(10e6);
  expect(after.rssBytes - before.rssBytes).toBeLessThan(40e6);
}

interface Memory {
  readonly usedBytes: number;
  readonly rssBytes: number;
  readonly malformedCount: number;
}

async function memoryNow(victim: PeerProcess): Promise<Memory> {
  const events = await victim.until("memory", victim.all("memory").length + 1);
  return events.at(-1) as unknown as Memory;
}
