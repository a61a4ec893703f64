import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { until } from "../../fakes/control-rig.ts";
import { openDeviceRig } from "../../fakes/device-rig.ts";

const compiled = "dist/bridge/client/examples/node";

function run(script: string, url: string) {
  const child = spawn(process.execPath, [`${compiled}/${script}`, url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => said.push(text));
  return { child, said: () => said.join("") };
}

describe("the examples for Node", () => {
  it("one moves a device, the other is it", async () => {
    await using rig = await openDeviceRig();
    const agent = run("simulated-mount-agent.js", rig.server.url);
    await until(() => agent.said().includes("moves mount0"), "the agent's offer");
    await until(() => (rig.agents.status()[0]?.setpointCount ?? 0) > 0, "setpoints");
    const client = run("drive.js", rig.server.url);
    const [code] = (await once(client.child, "exit")) as [number | null];
    expect(client.said()).toContain("position: completed");
    expect(client.said()).toContain("returned");
    expect(code).toBe(0);
    agent.child.kill("SIGINT");
    const [agentCode] = (await once(agent.child, "exit")) as [number | null];
    expect(agentCode).toBe(0);
    expect(agent.said()).toContain("holding: interrupted");
  });

  it("a client that is refused says the code and leaves with 1", async () => {
    await using rig = await openDeviceRig();
    // No agent: the device has never been heard of, and takes no command.
    const client = run("drive.js", rig.server.url);
    const [code] = (await once(client.child, "exit")) as [number | null];
    expect(client.said()).toMatch(/refused: |position: rejected/);
    expect(code).toBe(1);
  });
});
