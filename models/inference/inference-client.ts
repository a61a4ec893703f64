import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { Terminator } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { RungRefusal } from "../../bridge/contract/model-status.ts";
import type { Observation } from "../../bridge/contract/observation.ts";
import { WorkerHost } from "../../bridge/contract/worker-host.ts";
import type {
  Prediction,
  PredictRequest,
  WorldModel,
  WorldModelDescription,
} from "../../bridge/contract/world-model.ts";
import { checkFrame, checkObservation, checkRequest } from "../check-request.ts";
import type { OpenEngineOptions } from "../engine/open-engine.ts";
import { budgetMsOf, type LadderPlan, type TickBudget } from "../ladder/rung.ts";
import { InferenceMailbox } from "./mailbox.ts";
import type { InferenceReady, InferenceServing, InferenceWorkerData } from "./protocol.ts";
import { RunWatch } from "./run-watch.ts";
import { WorkerControl } from "./worker-control.ts";

/** Observations that may wait for a slow worker: 2.5 s of them at the embedded model's step. */
const maxWaitingJobs = 64;
/** The worker's own heap; tensors and the package lie outside it. */
const maxOldGenerationSizeMb = 256;

export interface InferenceWorkerOptions {
  /** The compiled `inference-worker.js`. */
  readonly entry: URL;
  readonly packageFolder: string;
  readonly engine?: OpenEngineOptions;
  /** Default: cpu alone, held to the golden rollout. */
  readonly ladder?: LadderPlan;
  /**
   * The device the predictions are for: a package for other joints is refused. Switches previews on,
   * which are re-projected with its kinematics and camera.
   */
  readonly device?: DeviceDescription;
  /** The process's heartbeats; the worker beats `Thread.Inference`. */
  readonly heartbeats?: SharedArrayBuffer;
  /** Default 64. Sizes the shared memory. */
  readonly maxCandidateCount?: number;
  /**
   * Largest picture that is observed or that a preview is asked from; default rgb8 of 640 x 480 with a
   * device, else none. Sizes the shared memory.
   */
  readonly maxFrameBytes?: number;
  /**
   * A call not answered in this time is refused with `model/deadline`; a run that takes twice as long
   * is ended, and a worker that does not come back from that is killed. Default 1000.
   */
  readonly tickBudgetMs?: TickBudget;
  /** Default 60 000: building a session may take long. */
  readonly readyTimeoutMs?: number;
  /** Gives up opening. */
  readonly signal?: AbortSignal;
}

interface Job {
  readonly kind: "observe" | "predict" | "reset";
  readonly write: () => void;
  readonly succeed: () => void;
  readonly fail: (error: BridgeError) => void;
  timer?: NodeJS.Timeout;
}

/** What the owner of an inference worker may count, beside what `WorldModel` promises. */
export interface InferenceCounters {
  /** State resets after gaps in the observations. */
  readonly resetCount: number;
  /** Predictions that a newer request replaced before they ran. */
  readonly supersededCount: number;
  /** Calls that were not answered within the tick budget. */
  readonly missedCount: number;
  /** Runs that took two budgets and were ended. */
  readonly terminatedCount: number;
}

/**
 * A world model in a thread of its own. Calls are passed on one at a time in the order they are made.
 * A prediction that still waits when a newer one is asked for is refused with `model/superseded`;
 * observations are never dropped: each one moves the state.
 */
export class InferenceClient implements WorldModel {
  readonly description: WorldModelDescription;
  /** Resolves when the thread is gone, with the error if it died by itself. */
  readonly exited: Promise<BridgeError | undefined>;
  /** Why better rungs of its ladder do not serve. */
  readonly refusals: readonly RungRefusal[];
  readonly builtInProviders: readonly string[];
  readonly tickBudgetMs: number;
  readonly #host: WorkerHost<never, never, InferenceReady>;
  readonly #mailbox: InferenceMailbox;
  readonly #watch: RunWatch;
  readonly #looks: boolean;
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #closedBy: BridgeError | undefined;
  #supersededCount = 0;
  #missedCount = 0;

  constructor(
    host: WorkerHost<never, never, InferenceReady>,
    serving: InferenceServing,
    { tickBudgetMs, endRuns }: { readonly tickBudgetMs: number; readonly endRuns: () => boolean },
  ) {
    this.description = serving.description;
    this.refusals = serving.refusals;
    this.builtInProviders = serving.builtInProviders;
    this.exited = host.exited;
    this.#host = host;
    this.#mailbox = new InferenceMailbox(serving.mailboxSize, serving.mailbox);
    this.tickBudgetMs = tickBudgetMs;
    this.#watch = new RunWatch({
      budgetMs: tickBudgetMs,
      isAnswered: () => this.#mailbox.isAnswered,
      endRuns,
      giveUp: (error) => void host.kill(error),
    });
    this.#looks = (serving.description.streams ?? []).length > 0;
    void host.exited.then((error) => {
      this.#watch.end();
      this.#close(error ?? new BridgeError(ErrorCode.ModelClosed, "the world model is closed"));
    });
  }

  get counters(): InferenceCounters {
    return {
      resetCount: this.#mailbox.resetCount,
      supersededCount: this.#supersededCount,
      missedCount: this.#missedCount,
      terminatedCount: this.#watch.terminatedCount,
    };
  }

  /** Native code keeps its thread: it ends with the process. */
  get isAbandoned(): boolean {
    return this.#host.isAbandoned;
  }

  async observe(observation: Observation): Promise<void> {
    const { axisCount, maxFrameBytes } = this.#mailbox.size;
    checkObservation(observation, axisCount);
    const frame = this.#looks ? observation.frame : undefined;
    if (frame !== undefined) checkFrame(frame, maxFrameBytes);
    await this.#ask("observe", () => {
      this.#mailbox.writeObserve(observation, frame);
    });
  }

  async predict(asked: PredictRequest): Promise<Prediction> {
    checkRequest(asked, this.#mailbox.size);
    const request = this.description.preview === "none" ? withoutPreview(asked) : asked;
    this.#checkFrame(request);
    return await new Promise((resolve, reject) => {
      this.#supersede();
      this.#enqueue({
        kind: "predict",
        write: () => {
          this.#mailbox.writePredict(request);
        },
        succeed: () => {
          resolve(this.#mailbox.readPrediction());
        },
        fail: reject,
      });
    });
  }

  async reset(): Promise<void> {
    await this.#ask("reset", () => {
      this.#mailbox.writeReset();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close(new BridgeError(ErrorCode.ModelClosed, "the world model is closed"));
    this.#watch.endNow();
    const closed = this.#host[Symbol.asyncDispose]();
    this.#mailbox.wake();
    await closed;
  }

  #checkFrame({ preview }: PredictRequest): void {
    const { maxFrameBytes } = this.#mailbox.size;
    const frameBytes = preview?.frame.rgb.length ?? 0;
    if (frameBytes <= maxFrameBytes) return;
    const text = `the preview's frame has ${frameBytes} bytes, limit is ${maxFrameBytes}`;
    throw new BridgeError(ErrorCode.ModelShape, text);
  }

  #ask(kind: Job["kind"], write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ kind, write, succeed: resolve, fail: reject });
    });
  }

  #enqueue(job: Job): void {
    if (this.#closedBy !== undefined) {
      job.fail(this.#closedBy);
      return;
    }
    if (this.#waiting.length >= maxWaitingJobs) {
      const text = `the inference thread is ${this.#waiting.length} requests behind`;
      job.fail(new BridgeError(ErrorCode.ThreadTimeout, text));
      return;
    }
    this.#waiting.push(job);
    this.#limit(job);
    if (this.#current === undefined) void this.#work();
  }

  /** Lets the caller go on after one budget. A prediction is then dropped; what moves the state stays. */
  #limit(job: Job): void {
    const timer = setTimeout(() => {
      if (this.#current === job && this.#mailbox.isAnswered) return;
      this.#missedCount += 1;
      const text = `${job.kind} was not answered within ${this.tickBudgetMs} ms`;
      const error = new BridgeError(ErrorCode.ModelDeadline, text);
      if (job.kind === "predict") this.#withdraw(job, error);
      else job.fail(error);
    }, this.tickBudgetMs);
    job.timer = timer;
  }

  async #work(): Promise<void> {
    for (;;) {
      const job = this.#waiting.shift();
      this.#current = job;
      if (job === undefined) return;
      job.write();
      this.#watch.begin();
      await this.#mailbox.exchange();
      this.#watch.end();
      // Withdrawn while it ran, or the client was closed: the answer is nobody's.
      if (this.#current !== job) continue;
      clearTimeout(job.timer);
      const error = this.#mailbox.readError();
      if (error === undefined) job.succeed();
      else job.fail(new BridgeError(error.code as ErrorCode, error.text));
    }
  }

  /** At most one prediction waits: the newest. */
  #supersede(): void {
    const index = this.#waiting.findIndex((job) => job.kind === "predict");
    const [job] = index === -1 ? [] : this.#waiting.splice(index, 1);
    if (job === undefined) return;
    clearTimeout(job.timer);
    this.#supersededCount += 1;
    job.fail(new BridgeError(ErrorCode.ModelSuperseded, "a newer prediction was asked for"));
  }

  #withdraw(job: Job, error: BridgeError): void {
    const index = this.#waiting.indexOf(job);
    if (index !== -1) this.#waiting.splice(index, 1);
    else this.#current = withdrawn;
    job.fail(error);
  }

  #close(error: BridgeError): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = error;
    const jobs = [this.#current, ...this.#waiting.splice(0)];
    this.#current = withdrawn;
    for (const job of jobs) {
      clearTimeout(job?.timer);
      job?.fail(error);
    }
  }
}

/** Stands in for a job whose caller no longer waits, while the worker is still at it. */
const withdrawn: Job = {
  kind: "reset",
  write: () => undefined,
  succeed: () => undefined,
  fail: () => undefined,
};

function withoutPreview(request: PredictRequest): PredictRequest {
  const { actionsRad, candidateCount, horizonSteps } = request;
  return { actionsRad, candidateCount, horizonSteps };
}

/**
 * Starts an inference worker: it opens the engine, verifies the package, and climbs the ladder until a
 * provider reproduces the golden rollout and passes the other gates, all off the main thread.
 *
 * @throws BridgeError with the worker's own code, with `details.refusals` where a ladder was climbed in
 * vain, or `thread/timeout`.
 */
export async function openInferenceWorker(
  options: InferenceWorkerOptions,
): Promise<InferenceClient> {
  const control = new WorkerControl();
  const host = await WorkerHost.open<never, never, InferenceReady>({
    name: "inference",
    entry: options.entry,
    workerData: workerDataOf(options, control),
    readyTimeoutMs: options.readyTimeoutMs ?? 60_000,
    resourceLimits: { maxOldGenerationSizeMb },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const { ready } = host;
  if (!("mailbox" in ready)) {
    await host[Symbol.asyncDispose]();
    const { refusals, code, text } = ready;
    throw new BridgeError(code, text, { details: { refusals } });
  }
  const terminator = await terminatorFor(ready);
  return new InferenceClient(host, ready, {
    tickBudgetMs: budgetMsOf(options.tickBudgetMs ?? 1000, ready.description),
    endRuns: () => {
      const handles = terminator === undefined ? [] : control.handles();
      for (const handle of handles) terminator?.terminate(handle);
      return handles.length > 0;
    },
  });
}

/** onnxruntime-node cannot end a run; a thread that hangs in it costs the worker. */
async function terminatorFor({ description }: InferenceServing): Promise<Terminator | undefined> {
  if (description.engine.name !== "ort-ffi") return undefined;
  const { openTerminator } = await import("../engine/ort-ffi/terminator.ts");
  return openTerminator(description.engine.library);
}

function workerDataOf(
  options: InferenceWorkerOptions,
  control: WorkerControl,
): InferenceWorkerData {
  const { packageFolder, ladder, device, heartbeats } = options;
  return {
    packageFolder,
    engine: options.engine ?? {},
    control: control.buffer,
    maxCandidateCount: options.maxCandidateCount ?? 64,
    maxFrameBytes: options.maxFrameBytes ?? (device === undefined ? 0 : 640 * 480 * 3),
    ...(ladder === undefined ? {} : { ladder }),
    ...(device === undefined ? {} : { device }),
    ...(heartbeats === undefined ? {} : { heartbeats }),
  };
}
