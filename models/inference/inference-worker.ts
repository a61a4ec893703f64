import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { monotonicMs } from "../../bridge/contract/clock.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { Heartbeats, Thread } from "../../bridge/contract/heartbeats.ts";
import { makeObservation, type Observation } from "../../bridge/contract/observation.ts";
import { workerFailure } from "../../bridge/contract/worker-host.ts";
import { cameraIntrinsics } from "../../bridge/core/camera.ts";
import { openEngine } from "../engine/open-engine.ts";
import { loadPackage } from "../package/load-package.ts";
import type { Manifest } from "../package/manifest.ts";
import { OnnxWorldModel, type OnnxWorldModelOptions } from "../world-model.ts";
import { InferenceMailbox, Operation } from "./mailbox.ts";
import { previewMaker } from "./preview.ts";
import type { InferenceReady, InferenceWorkerData } from "./protocol.ts";

/** The longest this thread sleeps: bounds how late it notices `close`, and paces its heartbeat. */
const sleepMs = 50;

if (parentPort !== null) await run(parentPort, workerData as InferenceWorkerData);

async function run(port: NonNullable<typeof parentPort>, data: InferenceWorkerData): Promise<void> {
  let isServing = false;
  try {
    await using engine = await openEngine(data.engine);
    const pack = await loadPackage(data.packageFolder);
    requireSameJoints(pack.manifest, data.device);
    await using model = await OnnxWorldModel.open({
      engine,
      pack,
      ...(data.provider === undefined ? {} : { provider: data.provider }),
      ...(data.device === undefined
        ? {}
        : { reproject: previewMaker(data.device), intrinsicsOf: intrinsicsOf(data.device) }),
    });
    const mailbox = makeMailbox(model, data);
    const ready: InferenceReady = {
      description: model.description,
      mailboxSize: mailbox.size,
      mailbox: mailbox.buffer,
    };
    port.postMessage({ kind: "ready", ready });
    isServing = true;
    await serve(port, mailbox, model, new Heartbeats(data.heartbeats));
  } catch (error) {
    // Set-up that failed is an answer; a fault while serving ends the thread, and its owner sees that.
    if (isServing) throw error;
    port.postMessage(workerFailure(error));
  }
}

/** Joint arrays carry no names: a package for another device, or another order, would move wrongly. */
function requireSameJoints(manifest: Manifest, device: DeviceDescription | undefined): void {
  if (device === undefined) return;
  const joints = manifest.embodiment.joints.map((joint) => joint.name).join(", ");
  const axes = device.axes.map((axis) => axis.name).join(", ");
  if (joints === axes) return;
  throw new BridgeError(
    ErrorCode.ModelUnsupported,
    `${manifest.id} is made for joints ${joints}; ${device.id} has ${axes}`,
  );
}

function intrinsicsOf({
  camera,
}: DeviceDescription): NonNullable<OnnxWorldModelOptions["intrinsicsOf"]> {
  return (widthPx, heightPx) => cameraIntrinsics(widthPx, heightPx, camera.verticalFovRad);
}

function makeMailbox(model: OnnxWorldModel, data: InferenceWorkerData): InferenceMailbox {
  return new InferenceMailbox({
    axisCount: model.description.axisNames.length,
    maxCandidateCount: data.maxCandidateCount,
    maxHorizonSteps: model.description.maxHorizonSteps,
    maxFrameBytes: data.maxFrameBytes,
  });
}

/** Answers requests until `close` comes. The thread sleeps in between, outside its event loop. */
async function serve(
  port: NonNullable<typeof parentPort>,
  mailbox: InferenceMailbox,
  model: OnnxWorldModel,
  heartbeats: Heartbeats,
): Promise<void> {
  const observation = makeObservation(mailbox.size.axisCount);
  for (;;) {
    heartbeats.beat(Thread.Inference, monotonicMs());
    const received = receiveMessageOnPort(port) as { message: { kind: string } } | undefined;
    if (received?.message.kind === "close") return;
    if (mailbox.waitForRequest(sleepMs)) await answer(mailbox, model, observation);
  }
}

async function answer(
  mailbox: InferenceMailbox,
  model: OnnxWorldModel,
  observation: Observation,
): Promise<void> {
  try {
    await perform(mailbox, model, observation);
    mailbox.respond(model.resetCount, "ok");
  } catch (error) {
    // Anything but a BridgeError is our own bug: the thread dies of it, and its owner is told.
    if (!(error instanceof BridgeError)) throw error;
    const { code, text } = workerFailure(error);
    mailbox.writeError(code, text);
    mailbox.respond(model.resetCount, "error");
  }
}

/** // hot path */
async function perform(
  mailbox: InferenceMailbox,
  model: OnnxWorldModel,
  observation: Observation,
): Promise<void> {
  switch (mailbox.operation) {
    case Operation.Observe:
      mailbox.readObservation(observation);
      await model.observe(observation);
      return;
    case Operation.Predict:
      mailbox.writePrediction(await model.predict(mailbox.requestBorrowed()));
      return;
    case Operation.Reset:
      await model.reset();
  }
}
