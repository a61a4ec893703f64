import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { FrameMailbox } from "../../bridge/contract/frame-mailbox.ts";
import { Heartbeats } from "../../bridge/contract/heartbeats.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import { loadProfile } from "../../devices/profiles/load-profile.ts";
import { createPosesRow, openEmbeddedSimulation } from "../../sims/embedded/embedded-simulation.ts";
import { openMountSimulator } from "../../sims/embedded/mount-simulator.ts";
import { sceneNames, type SceneName } from "../../sims/embedded/scene-layout.ts";

// What the embedded simulator takes of this machine: `npm run bench:simulation`.
// Steps of each scene against real time on one thread, then the whole simulation as the service runs it,
// with and without the camera: the processor's time and how late the physics thread wakes.

const device = loadProfile("devices/profiles/phone-mount-4dof.json");
const size = { widthPx: 128, heightPx: 128 };
const cameraRateHz = 30;
const runMs = 10_000;
const settleMs = 4_000;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Simulated seconds per second of processor time, with moving targets and a pose snapshot at 60 Hz. */
async function timesRealTime(scene: SceneName): Promise<number> {
  using simulator = await openMountSimulator({ device, scene, seed: 1 });
  const targets = Float64Array.from(device.homeRad);
  const row = new Float64Array(3 * device.axes.length);
  const poses = new Float64Array(simulator.poseSnapshotWidth);
  const run = (steps: number): void => {
    for (let i = 0; i < steps; i += 1) {
      targets[1] = Math.sin(i / 500);
      simulator.setTargets(targets);
      simulator.step(1);
      simulator.readRow(row);
      if (i % 17 === 0) simulator.writePoses(poses);
    }
  };
  run(5000);
  const steps = 30_000;
  const before = process.cpuUsage();
  run(steps);
  const { user, system } = process.cpuUsage(before);
  return (steps * simulator.stepS * 1e6) / (user + system);
}

interface Load {
  /** Of one core, for all threads of the process. */
  readonly coreRatio: number;
  readonly framesPerS: number;
  readonly lateMsP99: number;
  readonly lateMsMax: number;
}

async function runSimulation(
  scene: SceneName,
  options: { readonly withCamera: boolean },
): Promise<Load> {
  const axisCount = device.axes.length;
  const poses = createPosesRow(device, scene);
  const heartbeats = new Heartbeats();
  const camera = FrameMailbox.create(size);
  const rate = new Int32Array(new SharedArrayBuffer(4));
  rate[0] = cameraRateHz * 1000;
  const physics = new URL("../../sims/embedded/physics-worker.js", import.meta.url);
  const render = new URL("../../sims/embedded/render-worker.js", import.meta.url);
  await using simulation = await openEmbeddedSimulation({
    workerEntries: options.withCamera ? { physics, render } : { physics },
    device,
    scene,
    seed: 1,
    buffers: {
      simSetpoint: SharedRow.create(1 + 2 * axisCount).buffer,
      telemetry: SampleRing.create({ capacity: 2048, width: 3 * axisCount }).buffer,
      poses: poses.buffer,
      heartbeats: heartbeats.buffer,
    },
    renderWorkerData: {
      device,
      scene,
      poses: poses.buffer,
      camera: camera.buffer,
      rate: rate.buffer,
      heartbeats: heartbeats.buffer,
    },
    onFault: (error) => {
      throw error;
    },
  });
  await wait(settleMs);
  const before = process.cpuUsage();
  const firstFrame = camera.sequence;
  const startMs = performance.now();
  await wait(runMs);
  const { user, system } = process.cpuUsage(before);
  const tookMs = performance.now() - startMs;
  const { lateMsP99, lateMsMax } = simulation.stats();
  return {
    coreRatio: (user + system) / 1e3 / tookMs,
    framesPerS: ((camera.sequence - firstFrame) * 1e3) / tookMs,
    lateMsP99,
    lateMsMax,
  };
}

print("scene        simulated seconds per second of one core (20 wanted)");
for (const scene of sceneNames) {
  print(`${scene.padEnd(12)} ${(await timesRealTime(scene)).toFixed(1)}`);
}
print(`\n${runMs / 1e3} s of the desk, camera ${size.widthPx}x${size.heightPx} with shadows`);
const alone = await runSimulation("desk", { withCamera: false });
const seen = await runSimulation("desk", { withCamera: true });
const percent = (ratio: number): string => `${(100 * ratio).toFixed(1)} %`;
for (const [name, load] of [
  ["physics alone (reference)", alone],
  ["physics and camera", seen],
] as const) {
  print(
    `${name.padEnd(26)} ${percent(load.coreRatio).padStart(7)} of a core, ` +
      `${load.framesPerS.toFixed(1)} fps, wakes late p99 ${load.lateMsP99.toFixed(2)} ms, ` +
      `max ${load.lateMsMax.toFixed(1)} ms`,
  );
}
print(
  `the camera's share          ${percent(seen.coreRatio - alone.coreRatio)} of a core (35 % allowed)`,
);
