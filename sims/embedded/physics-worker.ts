import { parentPort, workerData } from "node:worker_threads";
import { monotonicMs } from "../../bridge/contract/clock.ts";
import { Heartbeats, Thread } from "../../bridge/contract/heartbeats.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import {
  workerFailure,
  type WorkerFailed,
  type WorkerReady,
} from "../../bridge/contract/worker-host.ts";
import { openMountSimulator } from "./mount-simulator.ts";
import { PacedSimulation } from "./paced-simulation.ts";
import type {
  PhysicsCommand,
  PhysicsEvent,
  PhysicsReady,
  PhysicsWorkerData,
} from "./physics-protocol.ts";
import { VirtualTime } from "./virtual-time.ts";

/** Physics at 1 kHz in simulated time: paced to real time in wakes of 4 ms, or as it is told. */
const { device, scene, dynamics, seed, startPosRad, pace, buffers } =
  workerData as PhysicsWorkerData;

/** Of the heartbeat while the simulation stands still. */
const beatPeriodMs = 50;
/** Simulated steps between two looks at the mailbox of a thread that runs as fast as it can. */
const fastSteps = 100;

function post(message: PhysicsEvent | WorkerReady<PhysicsReady> | WorkerFailed): void {
  parentPort?.postMessage(message);
}

/** Without steps the telemetry ages and the heartbeat stops, which others watch. */
function postFault(error: unknown): void {
  const { code, text } = workerFailure(error);
  post({ kind: "fault", code, text });
}

/** What keeps the thread going, and what a command does; `stop` before the simulator is let go. */
interface Runner {
  readonly start: () => void;
  readonly stop: () => void;
  readonly onCommand: (command: PhysicsCommand) => void;
}

function pacedRunner(paced: PacedSimulation): Runner {
  let timer: NodeJS.Timeout | undefined;
  const wake = (): void => {
    try {
      paced.tick(monotonicMs());
      timer = setTimeout(wake, Math.max(0, paced.nextWakeMs - monotonicMs()));
    } catch (error) {
      postFault(error);
    }
  };
  return {
    start: wake,
    stop: () => {
      clearTimeout(timer);
    },
    onCommand: () => undefined,
  };
}

function lockstepRunner(paced: PacedSimulation, heartbeats: Heartbeats): Runner {
  const time = new VirtualTime(paced);
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
  };
  const beat = (): void => {
    heartbeats.beat(Thread.Physics, monotonicMs());
  };
  return {
    start: () => {
      timer = setInterval(beat, beatPeriodMs);
    },
    stop,
    onCommand: ({ id, steps }) => {
      try {
        time.advance(steps);
        beat();
        post({ kind: "advanced", id, stampMs: time.stampMs });
      } catch (error) {
        stop();
        postFault(error);
      }
    },
  };
}

function fastRunner(paced: PacedSimulation, heartbeats: Heartbeats): Runner {
  const time = new VirtualTime(paced);
  let next: NodeJS.Immediate | undefined;
  const run = (): void => {
    try {
      time.advance(fastSteps);
      heartbeats.beat(Thread.Physics, monotonicMs());
      next = setImmediate(run);
    } catch (error) {
      postFault(error);
    }
  };
  return {
    start: run,
    stop: () => {
      clearImmediate(next);
    },
    onCommand: () => undefined,
  };
}

async function open(): Promise<void> {
  const simulator = await openMountSimulator({ device, scene, dynamics, seed, startPosRad });
  const heartbeats = new Heartbeats(buffers.heartbeats);
  const shared = {
    simSetpoint: new SharedRow(buffers.simSetpoint),
    telemetry: new SampleRing(buffers.telemetry),
    poses: new SharedRow(buffers.poses),
    heartbeats,
    stats: new SharedRow(buffers.stats),
  };
  const paced = new PacedSimulation(simulator, shared, (behindMs) => {
    post({ kind: "overrun", behindMs });
  });
  paced.warmUp(seed);
  paced.start(monotonicMs());
  const runners = { paced: pacedRunner, lockstep: lockstepRunner, fast: fastRunner };
  const runner = runners[pace](paced, heartbeats);
  parentPort?.on("message", (message: PhysicsCommand | { readonly kind: "close" }) => {
    if (message.kind === "advance") {
      runner.onCommand(message);
      return;
    }
    runner.stop();
    simulator[Symbol.dispose]();
    parentPort?.close();
  });
  post({
    kind: "ready",
    ready: { mujocoVersion: simulator.engineVersion, anchorMs: paced.anchorMs },
  });
  runner.start();
}

open().catch((error: unknown) => {
  post(workerFailure(error));
  parentPort?.close();
});
