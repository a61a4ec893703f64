import { openMountSimulator } from "../../../sims/embedded/mount-simulator.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";
import { profileOf } from "../../unit/sims/profiles.ts";
import { describeSimulatorContract } from "./simulator.ts";

describeSimulatorContract("MountSimulator", {
  open: async () => await openMountSimulator({ device: phoneMount, seed: 1 }),
  posesRad: [
    [2.1, -0.4, 0.2, -0.3],
    [2.05, 0.6, -0.3, 0.4],
  ],
});

describeSimulatorContract("MountSimulator among things that can be pushed", {
  open: async () => await openMountSimulator({ device: phoneMount, seed: 1, scene: "cluttered" }),
  posesRad: [
    [2.1, -0.4, 0.2, -0.3],
    [2.05, 0.6, -0.3, 0.4],
  ],
});

describeSimulatorContract("MountSimulator of a pan-tilt head", {
  open: async () => await openMountSimulator({ device: profileOf("pan-tilt-dynamixel"), seed: 1 }),
  posesRad: [
    [0.4, -0.3],
    [-0.6, 0.4],
  ],
});

describeSimulatorContract("MountSimulator of a desk arm", {
  open: async () => await openMountSimulator({ device: profileOf("so101-arm"), seed: 1 }),
  posesRad: [
    [0.4, -0.4, 1.2, 0.4, 0.2, 0.3],
    [-0.3, 0.2, 0.9, 0.2, -0.5, 0.6],
  ],
});
