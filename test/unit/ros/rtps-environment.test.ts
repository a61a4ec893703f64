import { describe, expect, it } from "vitest";
import { rosNetwork } from "../../../ros/environment.ts";

describe("rosNetwork", () => {
  it.each([
    { env: {}, domainId: 0, discoveryRange: "LOCALHOST", staticPeers: [] },
    { env: { ROS_DOMAIN_ID: "232" }, domainId: 232 },
    { env: { ROS_DOMAIN_ID: "" }, domainId: 0 },
    { env: { ROS_AUTOMATIC_DISCOVERY_RANGE: "SUBNET" }, discoveryRange: "SUBNET" },
    { env: { ROS_AUTOMATIC_DISCOVERY_RANGE: "OFF" }, discoveryRange: "OFF" },
    { env: { ROS_AUTOMATIC_DISCOVERY_RANGE: "SYSTEM_DEFAULT" }, discoveryRange: "LOCALHOST" },
    {
      env: { ROS_LOCALHOST_ONLY: "1", ROS_AUTOMATIC_DISCOVERY_RANGE: "SUBNET" },
      discoveryRange: "LOCALHOST",
    },
    {
      env: { ROS_LOCALHOST_ONLY: "0", ROS_AUTOMATIC_DISCOVERY_RANGE: "SUBNET" },
      discoveryRange: "SUBNET",
    },
    {
      env: { ROS_STATIC_PEERS: "192.168.1.5; localhost ;" },
      staticPeers: ["192.168.1.5", "127.0.0.1"],
    },
    {
      env: { ROS_STATIC_PEERS: "robot;robot-2.local;r2d2.lab.example.org" },
      staticPeers: ["robot", "robot-2.local", "r2d2.lab.example.org"],
    },
    {
      env: { ROS_LOCALHOST_ONLY: "1", ROS_STATIC_PEERS: "10.0.0.1" },
      discoveryRange: "LOCALHOST",
      staticPeers: [],
    },
  ])("reads $env", ({ env, ...expected }) => {
    expect(rosNetwork(env)).toMatchObject(expected);
  });

  it("lets the configuration win", () => {
    const env = {
      ROS_DOMAIN_ID: "5",
      ROS_AUTOMATIC_DISCOVERY_RANGE: "SUBNET",
      ROS_STATIC_PEERS: "10.0.0.1",
    };
    const config = { domainId: 7, discoveryRange: "LOCALHOST", staticPeers: [] } as const;
    expect(rosNetwork(env, config)).toEqual(config);
  });

  it.each([
    {
      env: { ROS_DOMAIN_ID: "233" },
      says: 'ROS_DOMAIN_ID is "233", expected a whole number from 0 to 232',
    },
    { env: { ROS_DOMAIN_ID: "-1" }, says: 'ROS_DOMAIN_ID is "-1"' },
    { env: { ROS_DOMAIN_ID: "1.5" }, says: 'ROS_DOMAIN_ID is "1.5"' },
    { env: { ROS_DOMAIN_ID: "one" }, says: 'ROS_DOMAIN_ID is "one"' },
    { env: { ROS_LOCALHOST_ONLY: "yes" }, says: 'ROS_LOCALHOST_ONLY is "yes", expected 0 or 1' },
    {
      env: { ROS_AUTOMATIC_DISCOVERY_RANGE: "localhost" },
      says: 'ROS_AUTOMATIC_DISCOVERY_RANGE is "localhost", expected LOCALHOST, SUBNET, OFF or SYSTEM_DEFAULT',
    },
    ...[
      "10.0.0",
      "10.0.0.256",
      "1.2.3.4.5",
      "fe80::1",
      "-robot",
      "ro bot",
      "robot,other",
      "a..b",
    ].map((peer) => ({
      env: { ROS_STATIC_PEERS: `10.0.0.1;${peer}` },
      says: `ROS_STATIC_PEERS is "${peer}", expected IPv4 addresses or host names`,
    })),
  ])("refuses $env", ({ env, says }) => {
    expect(() => rosNetwork(env)).toThrow(`[config/invalid] ${says}`);
  });

  it("names the configuration key when that is wrong", () => {
    expect(() => rosNetwork({}, { domainId: 300 })).toThrow('ros.domainId is "300"');
  });
});
