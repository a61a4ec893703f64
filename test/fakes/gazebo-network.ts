import process from "node:process";
import type { GazeboRelease } from "../../sims/gazebo/transport/release.ts";
import {
  networkSettings,
  type NetworkSettings,
} from "../../sims/gazebo/transport/network-settings.ts";

let count = 0;

/**
 * A place on 127.0.0.1 where only the processes of one test meet: a partition and discovery ports of
 * their own, so that test files side by side do not see each other.
 */
export function privateNetwork(release: GazeboRelease = "harmonic"): NetworkSettings {
  count += 1;
  const port = 20_000 + ((process.pid * 16 + count * 2) % 12_000);
  return {
    ...networkSettings({ release, partition: `test-${process.pid}-${count}` }, {}),
    messagePort: port,
    servicePort: port + 1,
  };
}
