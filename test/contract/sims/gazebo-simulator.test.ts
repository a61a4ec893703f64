import { openGazeboSimulator } from "../../../sims/gazebo/gazebo-simulator.ts";
import type { Simulator } from "../../../bridge/contract/simulator.ts";
import { privateNetwork } from "../../fakes/gazebo-network.ts";
import { StandInGazebo } from "../../fakes/stand-in-gazebo.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";
import { describeSimulatorContract } from "./simulator.ts";

const axisNames = phoneMount.axes.map((axis) => axis.name);
const world = { world: "desk", model: phoneMount.id };

async function openWithWorld(): Promise<Simulator> {
  const network = privateNetwork();
  const standIn = await StandInGazebo.open({ network, device: phoneMount });
  const simulator = await openGazeboSimulator({ network, world, axisNames });
  const dispose = simulator[Symbol.dispose].bind(simulator);
  simulator[Symbol.dispose] = () => {
    dispose();
    standIn[Symbol.dispose]();
  };
  return simulator;
}

describeSimulatorContract("GazeboSimulator", {
  open: openWithWorld,
  posesRad: [
    [2.1, -0.4, 0.2, -0.3],
    [2.05, 0.6, -0.3, 0.4],
  ],
});
