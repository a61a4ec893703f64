import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { binaryTrial } from "../../../../ros/rclnodejs/binary-trial.ts";
import { hostEnvironment } from "../../../../ros/rclnodejs/host-environment.ts";

const network = { domainId: 7, discoveryRange: "LOCALHOST", staticPeers: ["10.0.0.2"] } as const;
const plainPath = { PATH: process.env["PATH"] ?? "" };

describe("the host's environment", () => {
  it.each([
    ["jazzy", { ROS_AUTOMATIC_DISCOVERY_RANGE: "LOCALHOST", ROS_STATIC_PEERS: "10.0.0.2" }],
    ["humble", { ROS_LOCALHOST_ONLY: "1" }],
  ])("has the bridge's network in the variables %s knows", (distribution, expected) => {
    const environment = { ROS_DISTRO: distribution, ROS_LOCALHOST_ONLY: "0", ROS_DOMAIN_ID: "3" };
    expect(hostEnvironment(environment, network)).toEqual({
      ROS_DISTRO: distribution,
      ROS_DOMAIN_ID: "7",
      npm_config_script_shell: "/bin/false",
      ...expected,
    });
  });

  it("lets Humble onto the subnet only where the bridge was told to", () => {
    const environment = { ROS_DISTRO: "humble", ROS_LOCALHOST_ONLY: "1" };
    const onSubnet = hostEnvironment(environment, { ...network, discoveryRange: "SUBNET" });
    expect(onSubnet["ROS_LOCALHOST_ONLY"]).toBeUndefined();
  });

  it("keeps the package from rebuilding itself: not asked to, and not able to", () => {
    const folder = mkdtempSync(join(tmpdir(), "kairos-rebuild-"));
    try {
      const manifest = { name: "x", version: "1.0.0", scripts: { rebuild: "touch rebuilt" } };
      writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
      const environment = hostEnvironment({ ...plainPath, RCLNODEJS_FORCE_BUILD: "1" }, network);
      expect(environment).not.toHaveProperty("RCLNODEJS_FORCE_BUILD");
      const rebuild = (env: Readonly<Record<string, string>>): void => {
        execFileSync("npm", ["run", "rebuild"], { cwd: folder, env, stdio: "ignore" });
      };
      expect(() => {
        rebuild(environment);
      }).toThrow("npm run rebuild");
      expect(readdirSync(folder)).toEqual(["package.json"]);
      rebuild(plainPath);
      expect(readdirSync(folder), "without the guard it would").toContain("rebuilt");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the trial of the native binary", () => {
  it("tells what the linker said of one that does not load", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "kairos-binary-")), "rclnodejs.node");
    writeFileSync(path, "no library");
    expect(await binaryTrial(path, plainPath)).toMatch(
      /rclnodejs\.node: (file too short|invalid ELF)/,
    );
  });

  it("finds nothing wrong with one that loads", async () => {
    const path = `node_modules/@koromix/koffi-${process.platform}-${process.arch}/${process.platform}_${process.arch}/koffi.node`;
    expect(await binaryTrial(join(process.cwd(), path), plainPath)).toBeUndefined();
  });
});
