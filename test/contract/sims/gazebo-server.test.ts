import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { describe, it } from "vitest";
import { openGazeboSimulator } from "../../../sims/gazebo/gazebo-simulator.ts";
import { networkSettings } from "../../../sims/gazebo/transport/network-settings.ts";
import type { GazeboRelease } from "../../../sims/gazebo/transport/release.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";
import { describeSimulatorContract } from "./simulator.ts";

interface Server {
  readonly command: string;
  readonly verb: "sim" | "gazebo";
  readonly release: GazeboRelease;
}

/** A Gazebo that can serve worlds, if there is one: Debian's `ign` has no `gazebo` verb. */
function findServer(): Server | undefined {
  for (const [command, verb] of [
    ["gz", "sim"],
    ["ign", "gazebo"],
  ] as const) {
    const found = spawnSync(command, [verb, "--versions"], { encoding: "utf8" });
    const major = Number(/^(\d+)\./m.exec(found.stdout)?.[1]);
    if (found.status !== 0 || !(major >= 6)) continue;
    const releases = ["fortress", "garden", "harmonic", "ionic", "jetty"] as const;
    return { command, verb, release: releases[Math.min(major - 6, 4)] ?? "jetty" };
  }
  return undefined;
}

const server = findServer();

// A graphics stack may be missing: physics is enough here, so the world's sensors are not asked for.
if (server === undefined) {
  describe.skip("a real Gazebo server (not run: neither gz sim nor ign gazebo is on the PATH)", () => {
    it("needs the server", () => undefined);
  });
} else {
  const { command, verb, release } = server;
  const version = execFileSync(command, [verb, "--versions"], { encoding: "utf8" }).trim();
  let count = 0;
  describeSimulatorContract(`GazeboSimulator on ${command} ${verb} ${version}`, {
    open: async () => {
      count += 1;
      const partition = `contract-${process.pid}-${count}`;
      const models = path.resolve("sims/gazebo/models");
      const child = spawn(command, [verb, "-s", "sims/gazebo/worlds/desk.sdf"], {
        stdio: "ignore",
        env: {
          ...process.env,
          GZ_PARTITION: partition,
          IGN_PARTITION: partition,
          GZ_IP: "127.0.0.1",
          IGN_IP: "127.0.0.1",
          GZ_TRANSPORT_IMPLEMENTATION: "zeromq",
          GZ_SIM_RESOURCE_PATH: models,
          IGN_GAZEBO_RESOURCE_PATH: models,
        },
      });
      const simulator = await openGazeboSimulator({
        network: networkSettings({ release, partition }, {}),
        world: { world: "desk", model: phoneMount.id },
        axisNames: phoneMount.axes.map((axis) => axis.name),
        timeoutMs: 30_000,
      });
      const dispose = simulator[Symbol.dispose].bind(simulator);
      simulator[Symbol.dispose] = () => {
        dispose();
        child.kill("SIGTERM");
        void once(child, "exit");
      };
      return simulator;
    },
    posesRad: [
      [2.1, -0.4, 0.2, -0.3],
      [2.05, 0.6, -0.3, 0.4],
    ],
  });
}
