import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildCyclonePeer, buildFastPeer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import { startPeer, type Discovery, type PeerCommand } from "../../peers/start-peer.ts";

const cyclone = await buildCyclonePeer();
const fast = await buildFastPeer();
const bridge: PeerCommand = [process.execPath, path.resolve("dist/test/peers/bridge-service.js")];

let network: PeerNetwork;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

const callCount = 50;
const options = ["add", "--topic", "add_two_ints"];

const calls = [...options, "--count", `${callCount}`];

describePeer("services in the manner of rmw_cyclonedds, with Cyclone DDS", cyclone, (programs) => {
  describeService([programs.service]);
});
describePeer("services in the manner of rmw_fastrtps, with Fast DDS", fast, (programs) => {
  describeService([programs.service]);
});
describe("services from one bridge to another", () => {
  it("answers every call", async () => {
    await expectAnswers({ client: bridge, server: bridge });
  });
});
describe("services with both stacks at once", () => {
  describePeer("Cyclone DDS", cyclone, ({ service: cycloneService }) => {
    describePeer("Fast DDS", fast, ({ service: fastService }) => {
      it("the bridge's server answers clients of both kinds, each in its own way", async () => {
        await using server = startPeer(network, bridge, ["serve", ...options]);
        await server.until("ready");
        const peers: readonly PeerCommand[] = [[cycloneService], [fastService], bridge];
        await Promise.all(peers.map((peer) => expectCalls(peer)));
      });
      it("the bridge's client calls one server, whichever kinds there are", async () => {
        await using one = startPeer(network, [cycloneService], ["serve", ...options]);
        await using two = startPeer(network, [fastService], ["serve", ...options]);
        await Promise.all([one.until("ready"), two.until("ready")]);
        await expectCalls(bridge);
        const served = (): number => one.all("served").length + two.all("served").length;
        await expect.poll(served).toBe(callCount);
      });
    });
  });
});

function describeService(peer: PeerCommand): void {
  it.each(["default", "LOCALHOST"] as const)(
    "the bridge's server answers every call of the peer (discovery %s)",
    async (discovery) => {
      await expectAnswers({ client: peer, server: bridge, discovery });
    },
  );
  it.each(["default", "LOCALHOST"] as const)(
    "the peer's server answers every call of the bridge (discovery %s)",
    async (discovery) => {
      await expectAnswers({ client: bridge, server: peer, discovery });
    },
  );
  it("is seen in the bridge's graph as a service of the type it has", async () => {
    await using server = startPeer(network, peer, ["serve", ...options]);
    await server.until("ready");
    await using client = startPeer(network, bridge, ["call", ...calls]);
    const [graph] = await client.until("graph");
    expect(graph?.["services"]).toContainEqual({
      name: "/add_two_ints",
      types: ["example_interfaces/srv/AddTwoInts"],
      servers: [""],
      clients: ["/bridge_peer"],
    });
  });
  it("two clients at once each get their own answers", async () => {
    await using server = startPeer(network, bridge, ["serve", ...options]);
    await server.until("ready");
    await Promise.all([expectCalls(peer), expectCalls(peer), expectCalls(bridge)]);
  });
  it("a client that was killed does not take the answers of the next, which gets its port", async () => {
    await using server = startPeer(network, bridge, ["serve", ...options]);
    await server.until("ready");
    await using killed = startPeer(network, peer, ["call", ...options, "--count", "1000000"]);
    await killed.until("reply", 5);
    await killed.kill();
    await expectCalls(peer);
    await expectCalls(bridge);
  });
  it("a server that starts after the client is called then", async () => {
    await using client = startPeer(network, bridge, ["call", ...options, "--count", "1"]);
    await client.until("ready");
    await using server = startPeer(network, peer, ["serve", ...options]);
    expect(await client.until("reply")).toMatchObject([{ sum: 1_000_001 }]);
    await server.until("served");
  });
}

async function expectAnswers(ends: {
  readonly client: PeerCommand;
  readonly server: PeerCommand;
  readonly discovery?: Discovery;
}): Promise<void> {
  await using server = startPeer(network, ends.server, ["serve", ...options], ends.discovery);
  await server.until("ready");
  await expectCalls(ends.client, ends.discovery);
  expect(await server.until("served", callCount)).toHaveLength(callCount);
}

async function expectCalls(peer: PeerCommand, discovery?: Discovery): Promise<void> {
  await using client = startPeer(network, peer, ["call", ...calls], discovery);
  const replies = await client.until("reply", callCount);
  const numbers = Array.from({ length: callCount }, (_, index) => index + 1);
  expect(replies.map((reply) => reply["sum"])).toEqual(numbers.map((n) => n + 1_000_000 * n));
}
