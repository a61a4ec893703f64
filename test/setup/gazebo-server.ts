import { execFileSync, spawn, spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import {
  networkSettings,
  type NetworkSettings,
} from "../../sims/gazebo/transport/network-settings.ts";
import type { GazeboRelease } from "../../sims/gazebo/transport/release.ts";

interface GazeboCommand {
  readonly command: string;
  readonly verb: "sim" | "gazebo";
  readonly release: GazeboRelease;
  /** For people. */
  readonly name: string;
}

/** What a suite that was left out is called. */
export const noGazeboServer = "not run: neither gz sim nor ign gazebo is on the PATH";

/** A Gazebo that can serve worlds, if there is one: Debian's `ign` has no `gazebo` verb. */
export function findGazeboServer(): GazeboCommand | undefined {
  for (const [command, verb] of [
    ["gz", "sim"],
    ["ign", "gazebo"],
  ] as const) {
    const found = spawnSync(command, [verb, "--versions"], { encoding: "utf8" });
    const major = Number(/^(\d+)\./m.exec(found.stdout)?.[1]);
    if (found.status !== 0 || !(major >= 6)) continue;
    const releases = ["fortress", "garden", "harmonic", "ionic", "jetty"] as const;
    const version = execFileSync(command, [verb, "--versions"], { encoding: "utf8" }).trim();
    const release = releases[Math.min(major - 6, 4)] ?? "jetty";
    return { command, verb, release, name: `${command} ${verb} ${version}` };
  }
  return undefined;
}

export interface GazeboServer extends Disposable {
  readonly network: NetworkSettings;
}

let count = 0;

/**
 * Starts the shipped desk world, paused, in a partition of its own. The world asks for its sensors, and
 * so for a graphics stack that can render without a window.
 */
export function startGazeboServer({ command, verb, release }: GazeboCommand): GazeboServer {
  count += 1;
  const partition = `test-${process.pid}-${count}`;
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
  return {
    network: networkSettings({ release, partition }, {}),
    [Symbol.dispose]: () => {
      child.kill("SIGTERM");
    },
  };
}
