import process from "node:process";
import { parseArgs } from "node:util";
import { buildCyclonePeer, buildFastPeer } from "../peers/build.ts";
import { openPeerNetwork } from "../peers/netns.ts";
import { soak } from "../peers/soak-run.ts";
import type { PeerCommand } from "../peers/start-peer.ts";

/**
 * A day compressed: a million samples to and from another stack (at the 12 Hz of a model's predictions
 * that is a day), whether all arrive, and what the bridge's memory does meanwhile. About 8 minutes.
 *
 *     npm run build && node dist/test/bench/dds-soak.js [--count 1000000] [--rate 8000]
 */
const { values } = parseArgs({
  options: {
    count: { type: "string", default: "1000000" },
    rate: { type: "string", default: "8000" },
  },
});
const [cyclone, fast] = [await buildCyclonePeer(), await buildFastPeer()];
const peers: readonly (readonly [name: string, peer: PeerCommand])[] = [
  ...(cyclone.programs === undefined ? [] : [["Cyclone DDS", [cyclone.programs.peer]] as const]),
  ...(fast.programs === undefined ? [] : [["Fast DDS", [fast.programs.peer]] as const]),
];
if (peers.length === 0) print(`not run: ${cyclone.missing ?? ""}; ${fast.missing ?? ""}`);

await using network = await openPeerNetwork();
const [count, rateHz] = [Number(values.count), Number(values.rate)];
for (const [name, peer] of peers) {
  for (const bridge of ["publisher", "subscriber"] as const) {
    const report = await soak({ network, peer, bridge, count, rateHz });
    const { received, lost, reordered, rssBytes, usedBytes } = report;
    print(
      `bridge as ${bridge}, ${name}: ${received} of ${count} received, ${lost} lost, ` +
        `${reordered} out of order; RSS ${mb(rssBytes.early)} early, ${mb(rssBytes.most)} at most, ` +
        `${mb(rssBytes.last)} at the end; main thread's memory ${mb(usedBytes.early)} to ${mb(usedBytes.last)}`,
    );
  }
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
