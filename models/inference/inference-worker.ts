import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { monotonicMs } from "../../bridge/contract/clock.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { Engine } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { Heartbeats, Thread } from "../../bridge/contract/heartbeats.ts";
import type { RungRefusal } from "../../bridge/contract/model-status.ts";
import { makeObservation, type Observation } from "../../bridge/contract/observation.ts";
import { workerFailure } from "../../bridge/contract/worker-host.ts";
import { cameraIntrinsics } from "../../bridge/core/camera.ts";
import { openEngine } from "../engine/open-engine.ts";
import { climbLadder, type Climbed } from "../ladder/climb-ladder.ts";
import { hintsOf } from "../ladder/package-hints.ts";
import { cpuOnlyPlan } from "../ladder/rung.ts";
import { loadPackage, type ModelPackage } from "../package/load-package.ts";
import type { Manifest } from "../package/manifest.ts";
import { hostFiles } from "../probe/host-files.ts";
import { nvidiaFacts } from "../probe/nvidia-facts.ts";
import { sessionOptions } from "../programs/open-graphs.ts";
import { OnnxWorldModel, type OnnxWorldModelOptions } from "../world-model.ts";
import { InferenceMailbox, Operation } from "./mailbox.ts";
import { previewMaker } from "./preview.ts";
import type { InferenceReady, InferenceRefused, InferenceWorkerData } from "./protocol.ts";
import { WorkerControl } from "./worker-control.ts";

/** The longest this thread sleeps: bounds how late it notices `close`, and paces its heartbeat. */
const sleepMs = 50;

if (parentPort !== null) await run(parentPort, workerData as InferenceWorkerData);

async function run(port: NonNullable<typeof parentPort>, data: InferenceWorkerData): Promise<void> {
  let isServing = false;
  try {
    await using engine = await openEngine(data.engine);
    const pack = await loadPackage(data.packageFolder);
    requireSameJoints(pack.manifest, data.device);
    await using climbed = await climb(engine, pack, data);
    const { model } = climbed;
    const mailbox = makeMailbox(model, data);
    const ready: InferenceReady = {
      description: describe(climbed),
      mailboxSize: mailbox.size,
      mailbox: mailbox.buffer,
      refusals: climbed.refusals,
      builtInProviders: engine.info.providers,
    };
    port.postMessage({ kind: "ready", ready });
    isServing = true;
    await serve(port, mailbox, model, new Heartbeats(data.heartbeats));
  } catch (error) {
    // Set-up that failed is an answer; a fault while serving ends the thread, and its owner sees that.
    if (isServing) throw error;
    port.postMessage(refusedLadder(error) ?? workerFailure(error));
  }
}

async function climb(
  engine: Engine,
  pack: ModelPackage,
  data: InferenceWorkerData,
): Promise<Climbed<OnnxWorldModel>> {
  const control = new WorkerControl(data.control);
  const plan = data.ladder ?? cpuOnlyPlan;
  return await climbLadder({
    engine,
    plan,
    modelSha256: pack.sha256,
    hints: hintsOf(pack.manifest),
    sessionsOn: ({ request }) =>
      Object.keys(pack.manifest.graphs).map((name) =>
        sessionOptions(pack, name, request, engine.info.version),
      ),
    nvidia: () => nvidiaFacts(hostFiles(), process.env),
    open: (lane, { request }) =>
      OnnxWorldModel.open({
        engine: lane,
        pack,
        provider: request,
        isCaptured: plan.cudaGraph,
        ...(data.device === undefined
          ? {}
          : { reproject: previewMaker(data.device), intrinsicsOf: intrinsicsOf(data.device) }),
      }),
    onRung: () => {
      control.clear();
    },
    onTerminateHandle: (handle) => {
      control.add(handle);
    },
  });
}

function describe({ model, provider, graphs, tickMsP99 }: Climbed<OnnxWorldModel>) {
  const { description } = model;
  const engine = { ...description.engine, provider, graphs, rehearsedMsP99: tickMsP99 };
  return { ...description, engine };
}

/** The refusals as data: an error's details do not survive the trip. */
function refusedLadder(
  error: unknown,
): { readonly kind: "ready"; readonly ready: InferenceRefused } | undefined {
  if (!(error instanceof BridgeError) || !("refusals" in error.details)) return undefined;
  const refusals = error.details["refusals"] as readonly RungRefusal[];
  const { code, text } = workerFailure(error);
  return { kind: "ready", ready: { refusals, code, text } };
}

/** Joint arrays carry no names: a package for another device, or another order, would move wrongly. */
function requireSameJoints(manifest: Manifest, device: DeviceDescription | undefined): void {
  if (device === undefined) return;
  const joints = manifest.embodiment.joints.map((joint) => joint.name).join(", ");
  const axes = device.axes.map((axis) => axis.name).join(", ");
  if (joints === axes) return;
  throw new BridgeError(
    ErrorCode.ModelUnsupported,
    `${manifest.id} is made for joints ${joints}; ${device.id} has ${axes}: expected a package of that device, or model.package: setpoint-follower`,
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
