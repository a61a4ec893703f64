import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildCyclonePeer, buildFastPeer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import { cycloneLocalhostUri, PeerProcess } from "../../peers/peer-process.ts";

const cyclone = await buildCyclonePeer();
const fast = await buildFastPeer();

let network: PeerNetwork;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

describe("the independent peers among themselves", () => {
  describePeer("Cyclone DDS", cyclone, ({ peer }) => {
    it.each([
      ["joint", { name: ["joint1", "joint2"], position: [0.25, 1.25], velocity: [0, -1] }],
      ["trajectory", { joint_names: ["joint1", "joint2"], points: [{ effort: [] }] }],
      ["compressed", { format: "jpeg", data: { bytes: 70_000, start: "000000007c9bbad9" } }],
      ["image", { height: 36, width: 640, data: { bytes: 69_120 } }],
      ["string", { data: expect.stringMatching(/^0 \d+$/) as string }],
    ])("hears its own %s as it was sent", async (kind, content) => {
      const options = [
        kind,
        "--topic",
        "rt/self",
        "--joints",
        "2",
        "--points",
        "1",
        "--bytes",
        "70000",
      ];
      await using subscriber = start(peer, ["echo", ...options, "--count", "1"]);
      await using publisher = start(peer, ["pub", ...options, "--readers", "1", "--count", "1"]);
      const [sample] = await subscriber.until("sample");
      expect(sample).toMatchObject(content);
      expect(await publisher.until("acknowledged")).toMatchObject([{ all: true }]);
    });

    it("does not hear a best-effort writer through a reliable reader", async () => {
      const options = ["joint", "--topic", "rt/mismatch", "--secs", "1"];
      await using reliable = start(peer, ["echo", ...options]);
      await using bestEffort = start(peer, ["echo", ...options, "--be"]);
      await reliable.until("ready");
      await using publisher = start(peer, ["pub", ...options, "--be", "--readers", "1"]);
      await bestEffort.until("sample");
      await Promise.all([publisher.exited, reliable.exited]);
      expect(reliable.all("sample")).toEqual([]);
    });
  });

  describePeer("Fast DDS and Cyclone DDS", fast, (fastPrograms) => {
    describePeer("both", cyclone, (cyclonePrograms) => {
      it.each([
        {
          from: "Cyclone DDS",
          to: "Fast DDS",
          sender: cyclonePrograms.peer,
          taker: fastPrograms.peer,
        },
        {
          from: "Fast DDS",
          to: "Cyclone DDS",
          sender: fastPrograms.peer,
          taker: cyclonePrograms.peer,
        },
      ])("$from to $to", async ({ sender, taker }) => {
        const options = ["joint", "--topic", "rt/pair", "--joints", "2"];
        await using subscriber = start(taker, ["echo", ...options, "--count", "1"]);
        await using publisher = start(sender, ["pub", ...options, "--readers", "1"]);
        const [sample] = await subscriber.until("sample");
        expect(sample).toMatchObject({
          header: { frame_id: "base" },
          name: ["joint1", "joint2"],
          position: [0.25, 1.25],
          velocity: [0, -1],
          effort: [0, 0],
        });
        await publisher.until("matched");
      });
    });
  });
});

function start(program: string, args: readonly string[]): PeerProcess {
  const plain = network.kind === "namespace";
  return new PeerProcess({
    network,
    program,
    args: [...args, ...(plain ? [] : ["--localhost"])],
    env: plain ? {} : { CYCLONEDDS_URI: cycloneLocalhostUri },
  });
}
