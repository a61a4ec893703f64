import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Peer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { robotSdf } from "../../../sims/description/robot-sdf.ts";
import { robotUrdf } from "../../../sims/description/robot-urdf.ts";
import { profileOf } from "../../unit/sims/profiles.ts";

/** A Debian tool, present or said to be missing. */
function tool(command: string, debianPackage: string): Peer<string> {
  const found = spawnSync("which", [command], { encoding: "utf8" });
  if (found.status === 0) return { programs: found.stdout.trim() };
  return { missing: `${command} of Debian's ${debianPackage} is not installed` };
}

const checkUrdf = tool("check_urdf", "liburdfdom-tools");
const ign = tool("ign", "ignition-tools and libsdformat-dev");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kairos-description-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Standard output and error of a command, whatever its exit code. */
function outputOf(command: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  return stdout + stderr;
}

const profiles = ["phone-mount-4dof", "pan-tilt-dynamixel", "so101-arm"];

describePeer("check_urdf", checkUrdf, (command) => {
  it.each(profiles)("accepts the URDF of %s and finds every link", (name) => {
    const device = profileOf(name);
    const output = outputOf(command, [written(`${name}.urdf`, robotUrdf(device))]);
    expect(output).toContain("Successfully Parsed XML");
    for (const { frameId } of device.chain) expect(output).toContain(frameId);
    expect(output).toContain(device.camera.frameId);
  });

  it("refuses a joint whose child is nowhere", () => {
    const text = robotUrdf(profileOf("pan-tilt-dynamixel")).replace(
      'child link="pan_link"',
      'child link="x"',
    );
    expect(outputOf(command, [written("bad.urdf", text)])).not.toContain("Successfully Parsed XML");
  });
});

describePeer("ign sdf", ign, (command) => {
  it.each(profiles)("calls the SDF of %s valid", (name) => {
    const path = written(`${name}.sdf`, robotSdf(profileOf(name)));
    const output = outputOf(command, ["sdf", "-k", path]);
    expect(output).toContain("Valid.");
    expect(output).not.toMatch(/Error|Warning/);
  });

  it("does not call it valid with a wrong child link, nor with an inertia that no body has", () => {
    const text = robotSdf(profileOf("pan-tilt-dynamixel"));
    for (const [name, bad] of [
      ["child.sdf", text.replace("<child>pan_link</child>", "<child>x</child>")],
      ["inertia.sdf", text.replace(/<izz>[^<]*<\/izz>/, "<izz>1</izz>")],
    ] as const) {
      expect(bad).not.toBe(text);
      expect(outputOf(command, ["sdf", "-k", written(name, bad)])).toMatch(/Error/);
    }
  });

  it.each(profiles)("converts the URDF of %s with every joint and mass", (name) => {
    const device = profileOf(name);
    const path = written(`${name}.urdf`, robotUrdf(device));
    const output = outputOf(command, ["sdf", "-p", path]);
    for (const axis of device.axes) expect(output).toContain(`<joint name='${axis.name}'`);
    for (const { frameId } of device.chain) expect(output).toContain(`<link name='${frameId}'`);
  });
});

describe("kairos-bridge description", () => {
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, ["dist/bridge/cli/main.js", "description", ...args], {
      encoding: "utf8",
    });

  it.each([
    ["urdf", "<robot name"],
    ["mjcf", "<mujoco model"],
    ["sdf", "<sdf version"],
  ])("prints %s", (format, start) => {
    expect(run("--device", "so101-arm", "--format", format)).toContain(start);
  });

  it("prints the URDF of the phone mount unless told otherwise", () => {
    expect(run()).toBe(robotUrdf(profileOf("phone-mount-4dof")));
  });

  it("says which profile it cannot read", () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ["dist/bridge/cli/main.js", "description", "--device", "no-such"],
      { encoding: "utf8" },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/\[device\/profile\].*no-such/);
  });
});
