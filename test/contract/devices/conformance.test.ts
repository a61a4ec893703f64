import { describeDriver } from "./driver-conformance.ts";
import { describeDriverFaults } from "./driver-faults.ts";
import type { DriverUnderTest } from "./driver-rig.ts";
import { openLoopbackRig } from "./loopback-rig.ts";
import { openSharedMemoryRig } from "./shared-memory-rig.ts";
import { mount } from "../../unit/devices/mount.ts";

const subjects: readonly DriverUnderTest[] = [
  { name: "loopback", open: () => Promise.resolve(openLoopbackRig(mount)) },
  ...(["simulator", "agent", "ros2"] as const).map((kind) => ({
    name: `${kind} (shared memory)`,
    open: () => Promise.resolve(openSharedMemoryRig(mount, kind)),
  })),
];

for (const subject of subjects) {
  describeDriver(subject);
  describeDriverFaults(subject);
}
