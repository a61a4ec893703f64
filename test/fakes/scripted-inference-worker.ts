import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { InferenceMailbox, Operation } from "../../models/inference/mailbox.ts";
import type { InferenceServing, InferenceWorkerData } from "../../models/inference/protocol.ts";

/**
 * Speaks the inference worker's protocol without a model. `packageFolder` is the script:
 * `answer-after:<ms>,<ms>...` answers with positions equal to the actions, each after its delay (the
 * last one repeats); `exit` ends the thread at the first request, `throw` throws there, `silent` never
 * gets ready.
 */
const { packageFolder: script } = workerData as InferenceWorkerData;
const port = parentPort!;
const delaysMs = (script.split(":")[1] ?? "0").split(",").map(Number);
const sleeper = new Int32Array(new SharedArrayBuffer(4));

if (script !== "silent") serve();
else setInterval(() => undefined, 1000);

function serve(): void {
  const mailboxSize = { axisCount: 4, maxCandidateCount: 4, maxHorizonSteps: 4, maxFrameBytes: 0 };
  const mailbox = new InferenceMailbox(mailboxSize);
  const engine = { name: "scripted", provider: "cpu" };
  const description = { preview: "none", sha256: "0", engine } as InferenceServing["description"];
  const ready: InferenceServing = {
    description,
    mailboxSize,
    mailbox: mailbox.buffer,
    refusals: [],
    builtInProviders: ["cpu"],
  };
  port.postMessage({ kind: "ready", ready });
  for (;;) {
    const received = receiveMessageOnPort(port) as { message: { kind: string } } | undefined;
    if (received?.message.kind === "close") return;
    if (!mailbox.waitForRequest(20)) continue;
    if (script === "exit") process.exit(3);
    if (script === "throw") throw new Error("the scripted fault");
    Atomics.wait(sleeper, 0, 0, delaysMs.length > 1 ? delaysMs.shift() : delaysMs[0]);
    if (mailbox.operation === Operation.Predict) echo(mailbox);
    mailbox.respond(0, "ok");
  }
}

function echo(mailbox: InferenceMailbox): void {
  const { actionsRad, candidateCount, horizonSteps } = mailbox.requestBorrowed();
  mailbox.writePrediction({
    stampMs: 0,
    stepMs: 40,
    candidateCount,
    horizonSteps,
    axisCount: 4,
    meanPosRad: actionsRad,
    stdPosRad: actionsRad,
    meanVelRadPerS: actionsRad,
    stdVelRadPerS: actionsRad,
    stateSequence: 1,
    inferMs: 0,
  });
}
