import { openMountSimulator } from "../../../sims/embedded/mount-simulator.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";
import { describeSimulatorContract } from "./simulator.ts";

describeSimulatorContract("MountSimulator", {
  open: async () => await openMountSimulator({ device: phoneMount, seed: 1 }),
  posesRad: [
    [2.1, -0.4, 0.2, -0.3],
    [2.05, 0.6, -0.3, 0.4],
  ],
});
