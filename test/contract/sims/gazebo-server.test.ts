import { describe, it } from "vitest";
import { openGazeboSimulator } from "../../../sims/gazebo/gazebo-simulator.ts";
import { findGazeboServer, noGazeboServer, startGazeboServer } from "../../setup/gazebo-server.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";
import { describeSimulatorContract } from "./simulator.ts";

const found = findGazeboServer();

if (found === undefined) {
  describe.skip(`a real Gazebo server (${noGazeboServer})`, () => {
    it("needs the server", () => undefined);
  });
} else {
  describeSimulatorContract(`GazeboSimulator on ${found.name}`, {
    open: async () => {
      const server = startGazeboServer(found);
      const simulator = await openGazeboSimulator({
        network: server.network,
        world: { world: "desk", model: phoneMount.id },
        axisNames: phoneMount.axes.map((axis) => axis.name),
        timeoutMs: 30_000,
      });
      const dispose = simulator[Symbol.dispose].bind(simulator);
      simulator[Symbol.dispose] = () => {
        dispose();
        server[Symbol.dispose]();
      };
      return simulator;
    },
    posesRad: [
      [2.1, -0.4, 0.2, -0.3],
      [2.05, 0.6, -0.3, 0.4],
    ],
  });
}
