import { parentPort, workerData } from "node:worker_threads";
import { monotonicMs } from "../../bridge/contract/clock.ts";
import { Heartbeats } from "../../bridge/contract/heartbeats.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import {
  workerFailure,
  type WorkerFailed,
  type WorkerReady,
} from "../../bridge/contract/worker-host.ts";
import { openMountSimulator } from "./mount-simulator.ts";
import { PacedSimulation } from "./paced-simulation.ts";
import type { PhysicsEvent, PhysicsReady, PhysicsWorkerData } from "./physics-protocol.ts";

/** Physics at 1 kHz in simulated time, paced to real time in wakes of 4 ms. */
const { device, dynamics, seed, startPosRad, buffers } = workerData as PhysicsWorkerData;

function post(message: PhysicsEvent | WorkerReady<PhysicsReady> | WorkerFailed): void {
  parentPort?.postMessage(message);
}

async function open(): Promise<void> {
  const simulator = await openMountSimulator({ device, dynamics, seed, startPosRad });
  const shared = {
    simSetpoint: new SharedRow(buffers.simSetpoint),
    telemetry: new SampleRing(buffers.telemetry),
    poses: new SharedRow(buffers.poses),
    heartbeats: new Heartbeats(buffers.heartbeats),
    stats: new SharedRow(buffers.stats),
  };
  const paced = new PacedSimulation(simulator, shared, (behindMs) => {
    post({ kind: "overrun", behindMs });
  });
  paced.warmUp(seed);
  let timer: NodeJS.Timeout | undefined;
  const wake = (): void => {
    try {
      paced.tick(monotonicMs());
      timer = setTimeout(wake, Math.max(0, paced.nextWakeMs - monotonicMs()));
    } catch (error) {
      // Without steps the telemetry ages and the heartbeat stops, which others watch.
      const { code, text } = workerFailure(error);
      post({ kind: "fault", code, text });
    }
  };
  parentPort?.on("message", (message: { readonly kind: string }) => {
    if (message.kind !== "close") return;
    clearTimeout(timer);
    simulator[Symbol.dispose]();
    parentPort?.close();
  });
  paced.start(monotonicMs());
  post({
    kind: "ready",
    ready: { mujocoVersion: simulator.engineVersion, anchorMs: paced.anchorMs },
  });
  wake();
}

open().catch((error: unknown) => {
  post(workerFailure(error));
  parentPort?.close();
});
