import { createSocket } from "node:dgram";
import { describe, expect, it } from "vitest";
import { probeRosEnvironment } from "../../../ros/probe/environment-probe.ts";
import { probeDdsNetwork } from "../../../ros/probe/network-probe.ts";

const texts = (environment: Record<string, string>): string[] =>
  probeRosEnvironment(environment, {}).findings.map(
    ({ level, subject, text, advice }) =>
      `${level} ${subject}: ${text}${advice === undefined ? "" : " -> " + advice}`,
  );

describe("the ROS environment", () => {
  it("is nothing to worry about when it is not there", () => {
    expect(texts({})).toEqual([
      "note ROS 2: no environment sourced; none is needed: the bridge speaks RTPS by itself",
      "ok discovery: domain 0, LOCALHOST: this machine only",
    ]);
  });

  it("is named when it is sourced", () => {
    const found = texts({
      AMENT_PREFIX_PATH: "/home/me/ws/install:/opt/ros/jazzy",
      ROS_DISTRO: "jazzy",
      RMW_IMPLEMENTATION: "rmw_cyclonedds_cpp",
      ROS_DOMAIN_ID: "7",
      ROS_AUTOMATIC_DISCOVERY_RANGE: "SUBNET",
      ROS_STATIC_PEERS: "192.0.2.9",
    });
    expect(found).toEqual([
      "ok ROS 2: jazzy sourced (/home/me/ws/install, /opt/ros/jazzy)",
      "ok middleware: rmw_cyclonedds_cpp",
      "ok discovery: domain 7, SUBNET: every machine of the subnet, static peers 192.0.2.9",
    ]);
  });

  it.each([
    [
      { RMW_IMPLEMENTATION: "rmw_zenoh_cpp" },
      /^warn middleware: .*does not speak DDS.* -> use rmw_/,
    ],
    [{ ROS_DOMAIN_ID: "233" }, /^fail discovery: .*ROS_DOMAIN_ID is "233".* -> correct/],
    [{ ROS_AUTOMATIC_DISCOVERY_RANGE: "OFF" }, /^warn discovery: .*nobody.* -> set ROS_AUTOMATIC/],
  ])("is complained about: %j", (environment, says) => {
    expect(texts(environment).join("\n")).toMatch(new RegExp(says.source, "m"));
  });
});

describe("the network as DDS needs it", () => {
  it("counts the participants of this machine by the ports they hold", async () => {
    // Domain 181: its first metatraffic ports are 7400 + 250 * 181 + 10 + 2 i.
    const network = { domainId: 181, discoveryRange: "LOCALHOST", staticPeers: [] } as const;
    const portsOf = async (): Promise<unknown> => {
      const found = await probeDdsNetwork(network);
      return found.find(({ subject }) => subject === "DDS ports");
    };
    expect(await portsOf()).toMatchObject({ level: "ok", details: { taken: [] } });
    const other = createSocket("udp4");
    await new Promise<void>((resolve) => other.bind(52662, "127.0.0.1", resolve));
    expect(await portsOf()).toMatchObject({
      level: "ok",
      text: "UDP 52660 to 52722: 1 taken by other DDS participants",
      details: { taken: [52662] },
    });
    other.close();
  });

  it("names the interfaces and says whether loopback carries multicast", async () => {
    const network = { domainId: 182, discoveryRange: "LOCALHOST", staticPeers: [] } as const;
    const found = await probeDdsNetwork(network);
    expect(found.map(({ subject }) => subject)).toEqual(["interfaces", "multicast", "DDS ports"]);
    expect(found[0]?.text).toContain("127.0.0.1");
    // Either is a machine people have; what must not happen is a failure.
    expect(["ok", "note"]).toContain(found[1]?.level);
  });
});
