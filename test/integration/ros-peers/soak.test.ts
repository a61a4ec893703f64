import { afterAll, beforeAll, expect, it } from "vitest";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import { soak } from "../../peers/soak-run.ts";
import { describeStacks } from "./pairs.ts";

let network: PeerNetwork;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

// A million samples each way are test/bench/dds-soak.ts. 200 forgotten octets per sample show here too.
const count = 30_000;
const rateHz = 2500;

describeStacks(`${count} samples`, (peer) => {
  it.each(["publisher", "subscriber"] as const)(
    "arrive, and the bridge as %s is no larger after them",
    async (bridge) => {
      const report = await soak({ network, peer, bridge, count, rateHz });
      expect(report).toMatchObject({ received: count, lost: 0, reordered: 0 });
      expect(report.usedBytes.last - report.usedBytes.early).toBeLessThan(4e6);
      expect(report.rssBytes.last - report.rssBytes.early).toBeLessThan(30e6);
    },
    60_000,
  );
});
