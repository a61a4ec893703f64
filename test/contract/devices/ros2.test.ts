import { describeDriver } from "./driver-conformance.ts";
import { describeDriverFaults } from "./driver-faults.ts";
import { openRos2Rig } from "./ros2-rig.ts";
import { mount } from "../../unit/devices/mount.ts";

const jointNames = Object.fromEntries(mount.axes.map(({ name }) => [name, `robot_${name}`]));

for (const way of ["trajectory", "position"] as const) {
  describeDriver({
    name: `ros2, interface ${way}`,
    // The suite jumps; the service moves by small steps, and a large one would be a fault.
    open: () =>
      Promise.resolve(openRos2Rig(mount, { interface: way, jointNames, maxErrorRad: 10 })),
  });
  describeDriverFaults({
    name: `ros2, interface ${way}`,
    open: () => Promise.resolve(openRos2Rig(mount, { interface: way, jointNames })),
  });
}
