import process from "node:process";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { ActuatorDriver } from "../../bridge/contract/actuator-driver.ts";
import { monotonicMs } from "../../bridge/contract/clock.ts";
import { Heartbeats } from "../../bridge/contract/heartbeats.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import { workerFailure } from "../../bridge/contract/worker-host.ts";
import { FaultPlan } from "../../bridge/core/faults/fault-plan.ts";
import { FaultyDriver } from "../../bridge/core/faults/faulty-driver.ts";
import { openDriver } from "../drivers/open-driver.ts";
import { ActuationLoop } from "./actuation-loop.ts";
import type {
  ActuationReady,
  ActuationWorkerData,
  FromActuation,
  ToActuation,
} from "./actuation-protocol.ts";
import { ActuationController } from "./controller.ts";

// The actuation thread: one loop, one driver, no logging and no waiting for anybody.
try {
  run(workerData as ActuationWorkerData);
} catch (error) {
  parentPort?.postMessage(workerFailure(error));
}

function run(data: ActuationWorkerData): void {
  const { device, periodMs, previewSampleCount } = data;
  const driver = withFaults(openDriver(data.driver, device, new SampleRing(data.telemetry)), data);
  const controller = new ActuationController({
    device,
    driver,
    periodMs,
    previewSampleCount,
    heartbeats: new Heartbeats(data.heartbeats),
    setpoints: new SampleRing(data.setpoints),
    preview: new SharedRow(data.preview),
    status: new SharedRow(data.status),
    emit: (event) => {
      parentPort?.postMessage({ kind: "event", event } satisfies FromActuation);
    },
  });
  const take = (message: ToActuation | { readonly kind: "close" }): void => {
    if (message.kind === "close") void loop.close();
    else loop.accept(message.command);
  };
  const loop = new ActuationLoop({
    controller,
    driver,
    periodMs,
    takeWaiting: () => {
      if (parentPort === null) return;
      for (;;) {
        const received = receiveMessageOnPort(parentPort);
        if (received === undefined) return;
        take(received.message as ToActuation);
      }
    },
  });
  const onUncaught = (error: unknown): void => {
    loop.fail(error);
  };
  process.on("uncaughtException", onUncaught);
  parentPort?.on("message", take);
  void loop.ended.then(async (failure) => {
    await driver[Symbol.asyncDispose]();
    process.off("uncaughtException", onUncaught);
    parentPort?.close();
    // The device rests; now the owner may learn why.
    if (failure !== undefined) throw failure;
  });
  const ready: ActuationReady = { driverName: driver.name, periodMs };
  parentPort?.postMessage({ kind: "ready", ready });
}

/** The driver as it is, unless somebody asked for trouble. */
function withFaults(
  driver: ActuatorDriver,
  { faults, device }: ActuationWorkerData,
): ActuatorDriver {
  if (faults === undefined) return driver;
  const axisNames = device.axes.map((axis) => axis.name);
  return new FaultyDriver(driver, { plan: new FaultPlan(faults), axisNames, monotonicMs });
}
