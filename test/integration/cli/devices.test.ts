import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { runCli } from "./run-cli.ts";

const devices = (...args: readonly string[]) => runCli(["devices", ...args]);

describe("kairos-bridge devices", { timeout: 60_000 }, () => {
  it("lists the shipped profiles, stars the configured one, and names a broken one", async () => {
    const { stdout, code } = await devices("list");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\* +phone-mount-4dof +deploy yaw roll pitch +agent +assumed/m);
    expect(stdout).toMatch(/^ +so101-arm +shoulder_pan .* gripper +feetech +18 of 36 assumed/m);
    const config = join(mkdtempSync(join(tmpdir(), "devices-")), "mine.yaml");
    writeFileSync(config, "device: { profile: ./nowhere.json }\n");
    expect((await devices("list", "--config", config)).stdout).toMatch(
      /^\* +\.\/nowhere\.json .*device\/profile/m,
    );
  });

  it("inspects a profile: limits in degrees, their documents, frames, the driver", async () => {
    const { stdout } = await devices("inspect", "so101-arm");
    expect(stdout).toMatch(/^ +gripper +-9\.7 +99\.7 +171\.9/m);
    expect(stdout).toContain(
      "maxEffortNm from Feetech STS3215-C018: stall torque 30 kg cm at 12 V",
    );
    expect(stdout).toMatch(/^ +camera_optical_frame +tool_link/m);
    const json = JSON.parse((await devices("inspect", "ros2-control", "--json")).stdout) as {
      driver: { name: string; description: string };
    };
    expect(json.driver.name).toBe("ros2");
    expect(json.driver.description).toContain("/joint_trajectory_controller");
  });

  it("inspects what will not do, and says why", async () => {
    const { stdout } = await devices("inspect", "ros2-control", "--port", "/dev/ttyUSB0");
    expect(stdout).toMatch(/\(will not do\).*port/s);
  });

  it("prints the schema that is in the repository", async () => {
    const { stdout } = await devices("schema");
    expect(stdout).toBe(readFileSync("devices/profiles/profile.schema.json", "utf8"));
  });

  it("tries a device to the end, and draws its steps", async () => {
    const plot = join(mkdtempSync(join(tmpdir(), "devices-")), "steps.svg");
    const { stdout, code } = await devices(
      ...["test", "pan-tilt-dynamixel", "--driver", "loopback", "--yes", "--json", "--plot", plot],
    );
    const report = JSON.parse(stdout) as {
      checks: { name: string; verdict: string }[];
      steps: { axis: string; latencyMs: number; errorRad: number }[];
      endedBy?: string;
    };
    expect(report.endedBy).toBeUndefined();
    expect(report.checks.filter(({ verdict }) => verdict === "fail")).toEqual([]);
    // Nobody looked: a sign is not taken for granted.
    expect(report.checks.filter(({ verdict }) => verdict === "skipped")).toHaveLength(2);
    for (const name of ["contact", "telemetry", "pan: limit", "tilt: step", "stop", "expiry"]) {
      expect(report.checks.map((check) => check.name)).toContain(name);
    }
    expect(report.steps.map(({ axis }) => axis)).toEqual(["pan", "tilt"]);
    for (const { latencyMs, errorRad } of report.steps) {
      expect(latencyMs).toBeGreaterThan(0);
      expect(Math.abs(errorRad)).toBeLessThan(0.01);
    }
    expect(code).toBe(0);
    expect(readFileSync(plot, "utf8").match(/<polyline/g)).toHaveLength(4);
  });

  it("moves nothing without a yes: from a pipe nobody can agree", async () => {
    const { stdout, code } = await runCli(
      ["devices", "test", "ros2-control", "--driver", "loopback"],
      {
        input: "y\n",
      },
    );
    expect(code).toBe(1);
    expect(stdout).toContain("ended early: not agreed to");
    expect(stdout).not.toMatch(/pan: \+/);
  });

  it("is stopped by Ctrl-C, and says so", async () => {
    const child = spawn(process.execPath, [
      ...["dist/bridge/cli/main.js", "devices", "test", "ros2-control"],
      ...["--driver", "loopback", "--yes"],
    ]);
    let text = "";
    let hasStopped = false;
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (hasStopped || !part.includes("pan: +")) return;
      hasStopped = child.kill("SIGINT");
    });
    const [code] = (await once(child, "close")) as [number | null];
    expect(code).toBe(1);
    expect(text).toContain("ended early: stopped by hand");
  });

  it("refuses a driver that is none", async () => {
    const { stderr, code } = await devices("test", "ros2-control", "--driver", "warp", "--yes");
    expect(code).toBe(1);
    expect(stderr).toContain('no driver "warp"');
  });
});
