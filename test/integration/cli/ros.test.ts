import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildCyclonePeer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import { startPeer } from "../../peers/start-peer.ts";

const cyclone = await buildCyclonePeer();

let network: PeerNetwork;
beforeAll(async () => {
  network = await openPeerNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
});

interface Run {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
}

/** `kairos-bridge ros ...` among the peers. */
function start(...args: readonly string[]): Run {
  const words = ["dist/bridge/cli/main.js", "ros", ...args];
  const [file, all] = network.command(process.execPath, words);
  const child = spawn(file, all, {
    env: { ...process.env, ROS_DOMAIN_ID: String(network.domainId) },
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (part: string) => (output.stdout += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (output.stderr += part));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, output, ended };
}

async function run(...args: readonly string[]) {
  const { output, ended } = start(...args);
  const code = await ended;
  return { code, ...output };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describePeer("kairos-bridge ros among Cyclone DDS programs", cyclone, ({ peer }) => {
  const publish = (name: string, ...more: readonly string[]) =>
    startPeer(network, [peer], ["pub", "joint", "--topic", `rt${name}`, "--rate", "50", ...more]);

  it("lists topics with types", async () => {
    await using node = publish("/arm/joint_states");
    await node.until("ready");
    const { code, stdout, stderr } = await run("topics", "-t");
    expect(stdout).toBe("/arm/joint_states [sensor_msgs/msg/JointState]\n");
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("says which quality of service keeps two programs apart", async () => {
    await using offering = publish("/arm/apart", "--be");
    await using asking = startPeer(network, [peer], ["echo", "joint", "--topic", "rt/arm/apart"]);
    await Promise.all([offering.until("ready"), asking.until("ready")]);
    const { stdout } = await run("topics", "--verbose");
    expect(stdout).toContain(" * /arm/apart [sensor_msgs/msg/JointState] 1 publisher\n");
    expect(stdout).toContain("(no ROS node): BEST_EFFORT, VOLATILE, KEEP_LAST");
    expect(stdout).toMatch(/Do not match:\n \* \/arm\/apart: .*: RELIABILITY\n/);
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      "as YAML",
      [],
      /^header:\n {2}stamp:\n {4}sec: \d+\n {4}nanosec: \d+\n {2}frame_id: .*\nname:\n- joint1\n- joint2\n- joint3\n- joint4\nposition:\n- 0\.25\n- 1\.25\n- 2\.25\n- 3\.25\nvelocity:\n- -?0\.0\n- -1\.0\n- -2\.0\n- -3\.0\neffort:\n(- \d+\.0\n){4}---\n$/,
    ],
    ["one field of it", ["--field", "position[2]"], /^2\.25\n---\n$/],
    ["as CSV", ["--csv"], /^\d+,\d+,[^,]*,joint1,joint2,joint3,joint4,0\.25,1\.25,/],
  ])("prints one message %s", async (_, flags, text) => {
    await using node = publish("/arm/joint_states");
    await node.until("ready");
    const { code, stdout } = await run("echo", "--once", ...flags, "/arm/joint_states");
    expect(stdout).toMatch(text);
    expect(code).toBe(0);
  });

  it("waits for a topic that comes later, and leaves in order at Ctrl-C", async () => {
    const echo = start("echo", "--field", "name", "/arm/late");
    await until("the note", () => echo.output.stderr.includes("not appear to be published yet"));
    await using node = publish("/arm/late");
    await node.until("ready");
    await until("messages", () => echo.output.stdout.split("---\n").length > 5);
    echo.child.kill("SIGINT");
    expect(await echo.ended).toBe(0);
    expect(echo.output.stdout.startsWith("- joint1\n- joint2\n- joint3\n- joint4\n---\n")).toBe(
      true,
    );
  });

  it("measures how often a topic comes", async () => {
    await using node = publish("/arm/joint_states", "--secs", "60");
    await node.until("ready");
    const hz = start("hz", "/arm/joint_states");
    await until("three reports", () => hz.output.stdout.split("average rate").length > 3);
    hz.child.kill("SIGINT");
    expect(await hz.ended).toBe(0);
    const rates = [...hz.output.stdout.matchAll(/average rate: ([\d.]+)/g)].map((m) =>
      Number(m[1]),
    );
    expect(rates.at(-1)).toBeGreaterThan(40);
    expect(rates.at(-1)).toBeLessThan(60);
    expect(hz.output.stdout).toMatch(
      /\tmin: 0\.\d{3}s max: 0\.\d{3}s std dev: 0\.\d{5}s window: \d+/,
    );
  });

  it.each<[string, readonly string[], string]>([
    ["a field that is not there", ["echo", "--field", "nose", "/arm/x"], 'no field "nose"'],
    ["another type than its publisher's", ["echo", "/arm/x", "a/msg/B"], "asked for as a/msg/B"],
    ["an option that it does not have", ["hz", "--window", "0", "/arm/x"], "above 0"],
  ])("asked for %s says so and exits with 1", async (_, args, text) => {
    await using node = publish("/arm/x");
    await node.until("ready");
    const { code, stderr } = await run(...args);
    expect(stderr).toContain(text);
    expect(code).toBe(1);
  });
});
