import { describe, expect, it } from "vitest";
import { silentLog } from "../../../bridge/contract/log.ts";
import { usedAddresses } from "../../../ros/rtps/transport/addresses.ts";
import { maxStaticPeers, StaticPeers } from "../../../ros/rtps/transport/static-peers.ts";
import {
  maxDomainId,
  maxParticipantIndex,
  metatrafficPort,
  multicastPort,
  userTrafficPort,
} from "../../../ros/rtps/wire/protocol.ts";

const own = ["127.0.0.1", "10.0.0.5", "192.168.1.5"];
const alone = { interfaces: [], reachesOthers: false };

describe("addresses peers are told", () => {
  it.each([
    { range: "SUBNET", more: alone, used: ["10.0.0.5", "192.168.1.5"] },
    { range: "SUBNET", more: { ...alone, interfaces: ["10.0.0.5"] }, used: ["10.0.0.5"] },
    { range: "SUBNET", more: { ...alone, interfaces: ["10.9.9.9"] }, used: ["127.0.0.1"] },
    { range: "LOCALHOST", more: alone, used: ["127.0.0.1"] },
    {
      range: "LOCALHOST",
      more: { ...alone, interfaces: ["10.0.0.5"] },
      used: ["127.0.0.1", "10.0.0.5"],
    },
    { range: "LOCALHOST", more: { ...alone, reachesOthers: true }, used: own },
    { range: "OFF", more: alone, used: ["127.0.0.1"] },
  ] as const)("with $range and $more are $used", ({ range, more, used }) => {
    expect(usedAddresses(own, { range, ...more })).toEqual(used);
  });
});

describe("well-known ports", () => {
  it.each([
    { domainId: 0, multicast: 7400, first: 7410, maxIndex: 119, last: 7649 },
    { domainId: 1, multicast: 7650, first: 7660, maxIndex: 119, last: 7899 },
    { domainId: 231, multicast: 65150, first: 65160, maxIndex: 119, last: 65399 },
    { domainId: maxDomainId, multicast: 65400, first: 65410, maxIndex: 62, last: 65535 },
  ])("of domain $domainId", ({ domainId, multicast, first, maxIndex, last }) => {
    expect(multicastPort(domainId)).toBe(multicast);
    expect(metatrafficPort(domainId, 0)).toBe(first);
    expect(maxParticipantIndex(domainId)).toBe(maxIndex);
    expect(userTrafficPort(domainId, maxIndex)).toBe(last);
  });
});

describe("static peers", () => {
  const lookUp = (name: string): Promise<readonly string[]> =>
    name === "robot" ? Promise.resolve(["10.0.0.7"]) : Promise.reject(new Error("ENOTFOUND"));

  it("are addresses at once and names once they are found; the unknown stop nobody", async () => {
    const peers = new StaticPeers(["10.0.0.1", "robot", "nobody"], silentLog, lookUp);
    expect([...peers.addresses]).toEqual(["10.0.0.1"]);
    await peers.start();
    expect([...peers.addresses]).toEqual(["10.0.0.1", "10.0.0.7"]);
    peers.close();
  });

  it("keep the last address of a name that is not found any more", async () => {
    let isKnown = true;
    const peers = new StaticPeers(["robot"], silentLog, (name) => {
      return isKnown ? lookUp(name) : lookUp("nobody");
    });
    await peers.start();
    isKnown = false;
    await peers.start();
    expect([...peers.addresses]).toEqual(["10.0.0.7"]);
    peers.close();
  });

  it("are limited in number", () => {
    const many = Array.from({ length: 100 }, (_, index) => `10.0.1.${index}`);
    expect(new StaticPeers(many, silentLog).addresses.size).toBe(maxStaticPeers);
  });
});
