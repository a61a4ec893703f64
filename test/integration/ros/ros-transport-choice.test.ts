import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../bridge/config.ts";
import { Heartbeats } from "../../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import { openRosTransport } from "../../../bridge/parts/ros-transport.ts";
import { probeRclnodejs } from "../../../ros/probe/rclnodejs-probe.ts";
import { testDomain } from "../../fakes/open-ros-transports.ts";
import {
  binaryIsWhole,
  installRclnodejs,
  type RclnodejsInstall,
} from "../../fakes/rclnodejs-install.ts";

const network = {
  domainId: testDomain(20),
  discoveryRange: "LOCALHOST",
  staticPeers: [],
} as const;

/** As the package does where its binary does not load. */
const rebuildItself = `
  import { execSync } from "node:child_process";
  execSync("npm run rebuild", { cwd: new URL(".", import.meta.url), stdio: "inherit" });
`;

async function open(
  transport: string,
  install: Pick<RclnodejsInstall, "environment" | "searchFrom">,
) {
  const { config } = loadConfig({ flags: { "ros.transport": transport } });
  const { environment, searchFrom } = install;
  return await openRosTransport(config, {
    network,
    heartbeats: new Heartbeats(),
    log: silentLog,
    environment,
    searchFrom,
  });
}

describe("the choice of a ROS transport", () => {
  it("takes rclnodejs where a ROS 2 is sourced and the package is there", async () => {
    using install = installRclnodejs();
    await using transport = await open("auto", install);
    expect(transport.info).toMatchObject({
      transport: "rclnodejs",
      reason: "ROS 2 jazzy is sourced (rmw_fastrtps_cpp, rclnodejs 2.2.0)",
      domainId: network.domainId,
      discoveryRange: "LOCALHOST",
    });
    expect((await transport.stats()).topics).toEqual([]);
  });

  it("takes the embedded participant where it was asked for, whatever is sourced", async () => {
    using install = installRclnodejs();
    await using transport = await open("rtps", install);
    expect(transport.info).toMatchObject({
      transport: "rtps",
      reason: "asked for by ros.transport",
    });
  });

  const fallbacks: readonly (readonly [string, () => RclnodejsInstall, RegExp])[] = [
    [
      "nothing is sourced",
      () => ({ ...installRclnodejs(), environment: {} }),
      /^no ROS 2 environment is sourced \(AMENT_PREFIX_PATH is empty\)$/,
    ],
    [
      "the package's binary does not load",
      () => installRclnodejs({ binary: "for another system" }),
      /^rclnodejs's binary does not load: .*rclnodejs\.node/,
    ],
    [
      "the import ends the process",
      () => installRclnodejs({ module: "process.kill(process.pid, 'SIGSEGV');" }),
      /^rclnodejs 2\.2\.0 did not start: .*signal SIGSEGV/,
    ],
    [
      "the package is not what it was",
      () => installRclnodejs({ module: "export default {};" }),
      /^rclnodejs 2\.2\.0 did not start: rclnodejs has no init/,
    ],
  ];

  it.each(fallbacks)("falls back when %s, and says so", async (_, make, reason) => {
    using install = make();
    await using transport = await open("auto", install);
    expect(transport.info.transport).toBe("rtps");
    expect(transport.info.reason).toMatch(reason);
  });

  it("keeps a package that would compile itself anew from deleting its binary", async () => {
    using install = installRclnodejs({ module: rebuildItself });
    await using transport = await open("auto", install);
    expect(transport.info.reason).toContain("npm run rebuild");
    expect(binaryIsWhole(install)).toBe(true);
  });

  it("does not fall back where rclnodejs was asked for by name", async () => {
    using install = installRclnodejs();
    await expect(open("rclnodejs", { ...install, environment: {} })).rejects.toThrow(
      /ros\.transport is rclnodejs, but no ROS 2 environment.*source \/opt\/ros/,
    );
  });
});

describe("what doctor says of rclnodejs", () => {
  it.each([
    ["auto", {}, "note"],
    ["rclnodejs", {}, "fail"],
    ["auto", { AMENT_PREFIX_PATH: "/opt/ros/gone" }, "warn"],
  ])("asked for %s in %j: %s", async (asked, environment, level) => {
    expect(await probeRclnodejs({ environment, network, asked })).toMatchObject({ level });
  });

  it("finds it usable, without an import", async () => {
    using install = installRclnodejs({ module: "throw new Error('imported');" });
    const { environment, searchFrom } = install;
    expect(await probeRclnodejs({ environment, searchFrom, network, asked: "auto" })).toMatchObject(
      { level: "ok", text: "2.2.0 for jazzy over rmw_fastrtps_cpp" },
    );
  });

  it("warns of a binary that does not load", async () => {
    using install = installRclnodejs({ binary: "for another system" });
    const { environment, searchFrom } = install;
    expect(await probeRclnodejs({ environment, searchFrom, network, asked: "auto" })).toMatchObject(
      { level: "warn", text: expect.stringContaining("does not load") as string },
    );
  });
});
