import { bench, describe } from "vitest";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { randomDynamics } from "../../sims/embedded/mount-dynamics.ts";
import { mountMjcf } from "../../sims/embedded/mount-mjcf.ts";
import { openMountSimulator } from "../../sims/embedded/mount-simulator.ts";
import { compileMjcf } from "../../sims/embedded/mujoco.ts";
import { phoneMount } from "../unit/sims/phone-mount.ts";

// Opened here, not in a hook: benches have none that may be asynchronous.
const dynamics = randomDynamics(phoneMount, 1);
const simulator = await openMountSimulator({ device: phoneMount, dynamics, seed: 1 });
const bare = await compileMjcf(mountMjcf(phoneMount, dynamics));
const ring = SampleRing.create({ capacity: 4096, width: 12 });
const row = new Float64Array(12);
const poses = new Float64Array(simulator.poseSnapshotWidth);
const saved = new Float64Array(simulator.stateWidth);
let stampMs = 0;

describe("one step of 1 ms", () => {
  bench("MuJoCo alone (reference)", () => {
    bare.step();
  });

  bench("with latency, checks and telemetry", () => {
    simulator.step(1);
    simulator.readRow(row);
    ring.push((stampMs += 1), row);
  });
});

const among = await Promise.all(
  (["targets", "desk", "face", "cluttered"] as const).map(async (scene) => {
    const opened = await openMountSimulator({ device: phoneMount, seed: 1, scene });
    opened.step(2000);
    return { scene, opened };
  }),
);

describe("one step of 1 ms in a scene; 1000 a second are real time", () => {
  for (const { scene, opened } of among) {
    bench(scene === "targets" ? "targets (reference: nothing touches)" : scene, () => {
      opened.step(1);
    });
  }
});

describe("a new mount", () => {
  bench("compiled anew (reference)", async () => {
    const model = await compileMjcf(mountMjcf(phoneMount, dynamics));
    model[Symbol.dispose]();
  });

  bench("put into the compiled model", () => {
    simulator.reset(1, { dynamics });
  });
});

describe("around a step", () => {
  bench("pose snapshot", () => {
    simulator.writePoses(poses);
  });

  bench("save and restore", () => {
    simulator.save(saved);
    simulator.restore(saved);
  });
});
