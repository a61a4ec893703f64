import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describePeer } from "../../peers/describe-peer.ts";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import type { PeerProcess } from "../../peers/peer-process.ts";
import { bridgeService, buildCycloneService, buildFastService } from "../../peers/service-peers.ts";
import { type Discovery, type PeerCommand, startPeer } from "../../peers/start-peer.ts";

const cyclone = await buildCycloneService();
const fast = await buildFastService();
const count = 50;
const sums = Array.from({ length: count }, (_, i) => 1000 + i);

let network: PeerNetwork;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

function start(
  peer: PeerCommand,
  mode: "serve" | "call",
  name: string,
  discovery: Discovery = "default",
): PeerProcess {
  const limits = mode === "call" ? ["--count", `${count}`] : [];
  return startPeer(network, peer, [mode, "add", "--topic", name, ...limits], discovery);
}

function sumsOf(client: PeerProcess): unknown[] {
  return client.events
    .filter(({ event }) => event === "response" || event === "timeout")
    .map((event) => event["sum"]);
}

describe.each([
  { name: "Cyclone DDS, as rmw_cyclonedds calls", built: cyclone },
  { name: "Fast DDS, as rmw_fastrtps calls", built: fast },
])("services with $name", ({ name, built }) => {
  describePeer(name, built, (peer) => {
    it.each(["default", "LOCALHOST"] as const)(
      "our server answers each of 50 calls (discovery %s)",
      async (discovery) => {
        await using server = start(bridgeService, "serve", "/ours", discovery);
        await using client = start(peer, "call", "/ours", discovery);
        await client.until("done", 1, 25_000);
        expect(sumsOf(client)).toEqual(sums);
        expect(server.all("request")).toHaveLength(count);
      },
    );

    it.each(["default", "LOCALHOST"] as const)(
      "our client hears each of 50 answers (discovery %s)",
      async (discovery) => {
        await using server = start(peer, "serve", "/theirs", discovery);
        await using client = start(bridgeService, "call", "/theirs", discovery);
        await client.until("done", 1, 25_000);
        expect(sumsOf(client)).toEqual(sums);
        expect(server.all("request")).toHaveLength(count);
      },
    );

    it("is seen in our graph as a service of the type it has", async () => {
      await using server = start(peer, "serve", "/seen");
      await server.until("ready");
      await using client = start(bridgeService, "call", "/seen");
      const [graph] = await client.until("graph", 1, 25_000);
      expect(graph?.["services"]).toContainEqual({
        name: "/seen",
        types: ["example_interfaces/srv/AddTwoInts"],
        servers: [""],
        clients: ["/bridge_service"],
      });
    });
  });
});

describe("services with both stacks at once", () => {
  describePeer("Cyclone DDS", cyclone, (cyclonePeer) => {
    describePeer("Fast DDS", fast, (fastPeer) => {
      it("our server answers clients of both kinds, each in its own way", async () => {
        await using server = start(bridgeService, "serve", "/mixed");
        await server.until("ready");
        await using one = start(cyclonePeer, "call", "/mixed");
        await using two = start(fastPeer, "call", "/mixed");
        await using three = start(bridgeService, "call", "/mixed");
        for (const client of [one, two, three]) {
          await client.until("done", 1, 25_000);
          expect(sumsOf(client)).toEqual(sums);
        }
      });

      it("our client calls one server, whichever kinds there are", async () => {
        await using one = start(cyclonePeer, "serve", "/either");
        await using two = start(fastPeer, "serve", "/either");
        await Promise.all([one.until("ready"), two.until("ready")]);
        await using client = start(bridgeService, "call", "/either");
        await client.until("done", 1, 25_000);
        expect(sumsOf(client)).toEqual(sums);
        expect(one.all("request").length + two.all("request").length).toBe(count);
      });
    });
  });
});
