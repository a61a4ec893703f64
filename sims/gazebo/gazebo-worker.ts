import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { monotonicMs } from "../../bridge/contract/clock.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { FrameMailbox } from "../../bridge/contract/frame-mailbox.ts";
import { Heartbeats, Thread } from "../../bridge/contract/heartbeats.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import {
  workerFailure,
  type WorkerFailed,
  type WorkerReady,
} from "../../bridge/contract/worker-host.ts";
import type { GazeboEvent, GazeboReady, GazeboWorkerData } from "./gazebo-protocol.ts";
import { openJointCommands } from "./joint-commands.ts";
import { LiveWorld } from "./live-world.ts";
import { Model } from "./messages/joints.ts";
import { Image } from "./messages/sensors.ts";
import { Clock, WorldStatistics } from "./messages/world.ts";
import { GzTransport } from "./transport/gz-transport.ts";
import { WorldClient } from "./world-client.ts";
import { worldNames, type WorldNames } from "./world-names.ts";
import { describeAbsence } from "./world-problems.ts";

/** A setpoint waits at most this long for the next look. */
const tickMs = 2;
const startPollMs = 20;
/** A server tells five times a second whether it is paused. */
const statisticsWaitMs = 600;

const data = workerData as GazeboWorkerData;
const names = worldNames(data.world);
const heartbeats = new Heartbeats(data.buffers.heartbeats);
const cameraRate = new Int32Array(data.buffers.cameraRate);

function post(message: GazeboEvent | WorkerReady<GazeboReady> | WorkerFailed): void {
  parentPort?.postMessage(message);
}

async function open(): Promise<void> {
  const { network, axisNames, buffers } = data;
  const transport = await GzTransport.open(network);
  let timer: NodeJS.Timeout | undefined;
  const close = (): void => {
    clearInterval(timer);
    transport[Symbol.dispose]();
    parentPort?.close();
  };
  parentPort?.on("message", (message: { readonly kind: string }) => {
    if (message.kind === "close") close();
  });
  try {
    const commands = openJointCommands(transport, names, axisNames, data.command);
    let startFault: GazeboEvent | undefined;
    let isReady = false;
    const world = new LiveWorld({
      axisNames,
      names,
      telemetry: new SampleRing(buffers.telemetry),
      camera: new FrameMailbox(buffers.camera),
      simSetpoint: new SharedRow(buffers.simSetpoint),
      stats: new SharedRow(buffers.stats),
      sendTargets: (posRad) => {
        commands.send(posRad);
      },
      emit: (event) => {
        if (isReady) post(event);
        else if (event.kind === "fault") startFault = event;
      },
    });
    const seen = listen(transport, world);
    timer = setInterval(() => {
      const nowMs = monotonicMs();
      world.tick(nowMs);
      heartbeats.beat(Thread.Physics, nowMs);
      heartbeats.beat(Thread.Render, nowMs);
    }, tickMs);
    await untilHeard(transport, world, () => startFault, seen);
    for (let waitedMs = 0; waitedMs < statisticsWaitMs; waitedMs += startPollMs) {
      if (world.isPaused !== undefined) break;
      await sleep(startPollMs);
    }
    if (world.isPaused === true && data.resumeWorld) {
      await new WorldClient(transport, names).resume();
    }
    const { release, partition, address } = network;
    const description = `Gazebo ${release} world ${names.world} (partition ${partition}, ${address})`;
    post({ kind: "ready", ready: { description } });
    isReady = true;
    if (world.isPaused === true && !data.resumeWorld) post({ kind: "paused" });
  } catch (error) {
    close();
    throw error;
  }
}

/** @returns whether the world's clock was heard. */
function listen(transport: GzTransport, world: LiveWorld): { clock: boolean } {
  const seen = { clock: false };
  transport.subscribeEncoded(names.jointState, Model, (payload) => {
    world.onJointState(payload, monotonicMs());
  });
  transport.subscribeEncoded(names.camera, Image, (payload) => {
    world.onPicture(payload, monotonicMs(), Math.max(1, Atomics.load(cameraRate, 0)) / 1e3);
  });
  transport.subscribe(names.statistics, WorldStatistics, (statistics) => {
    world.onStatistics(statistics);
  });
  const endClock = transport.subscribe(names.clock, Clock, () => {
    // Heard once is enough: it tells a world without the model from no world at all.
    seen.clock = true;
    endClock();
  });
  return seen;
}

async function untilHeard(
  transport: GzTransport,
  world: LiveWorld,
  fault: () => GazeboEvent | undefined,
  seen: { readonly clock: boolean },
): Promise<void> {
  const deadlineMs = monotonicMs() + data.startTimeoutMs;
  while (world.stateCount === 0) {
    const found = fault();
    if (found?.kind === "fault") throw new BridgeError(found.code, found.text);
    if (monotonicMs() > deadlineMs) {
      throw new BridgeError(ErrorCode.SimTransport, absence(transport, names, seen.clock));
    }
    await sleep(startPollMs);
  }
}

function absence(transport: GzTransport, world: WorldNames, clockSeen: boolean): string {
  const start = `no joint states within ${data.startTimeoutMs} ms`;
  const clock = clockSeen ? `; the clock of world ${world.world} runs` : "";
  return `${start}: ${describeAbsence(transport, world)}${clock}`;
}

open().catch((error: unknown) => {
  post(workerFailure(error));
  parentPort?.close();
});
