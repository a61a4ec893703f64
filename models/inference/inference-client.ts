import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { ProviderRequest } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
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
import { InferenceMailbox } from "./mailbox.ts";
import type { InferenceReady, InferenceWorkerData } from "./protocol.ts";

/** Observations that may wait for a slow worker: 2.5 s of them at the embedded model's step. */
const maxWaitingJobs = 64;

export interface InferenceWorkerOptions {
  /** The compiled `inference-worker.js`. */
  readonly entry: URL;
  readonly packageFolder: string;
  readonly engine?: OpenEngineOptions;
  readonly provider?: ProviderRequest;
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
  /** An answer later than this is given up with `thread/timeout` and dropped when it comes. Default 1000. */
  readonly predictTimeoutMs?: number;
  /** Default 60 000: building a session may take long. */
  readonly readyTimeoutMs?: number;
}

interface Job {
  readonly kind: "observe" | "predict" | "reset";
  readonly write: () => void;
  readonly succeed: () => void;
  readonly fail: (error: BridgeError) => void;
}

/** What the owner of an inference worker may count, beside what `WorldModel` promises. */
export interface InferenceCounters {
  /** State resets after gaps in the observations. */
  readonly resetCount: number;
  /** Predictions that a newer request replaced before they ran. */
  readonly supersededCount: number;
  /** Predictions that came after their time and were dropped. */
  readonly lateCount: number;
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
  readonly #host: WorkerHost<never, never, InferenceReady>;
  readonly #mailbox: InferenceMailbox;
  readonly #predictTimeoutMs: number;
  readonly #looks: boolean;
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #closedBy: BridgeError | undefined;
  #supersededCount = 0;
  #lateCount = 0;

  constructor(host: WorkerHost<never, never, InferenceReady>, predictTimeoutMs: number) {
    const { description, mailboxSize, mailbox } = host.ready;
    this.description = description;
    this.exited = host.exited;
    this.#host = host;
    this.#mailbox = new InferenceMailbox(mailboxSize, mailbox);
    this.#predictTimeoutMs = predictTimeoutMs;
    this.#looks = (description.streams ?? []).length > 0;
    void host.exited.then((error) => {
      this.#close(error ?? new BridgeError(ErrorCode.ModelClosed, "the world model is closed"));
    });
  }

  get counters(): InferenceCounters {
    return {
      resetCount: this.#mailbox.resetCount,
      supersededCount: this.#supersededCount,
      lateCount: this.#lateCount,
    };
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
      const timer = setTimeout(() => {
        this.#lateCount += 1;
        const text = `no prediction within ${this.#predictTimeoutMs} ms`;
        this.#withdraw(job, new BridgeError(ErrorCode.ThreadTimeout, text));
      }, this.#predictTimeoutMs);
      const job: Job = {
        kind: "predict",
        write: () => {
          this.#mailbox.writePredict(request);
        },
        succeed: () => {
          clearTimeout(timer);
          resolve(this.#mailbox.readPrediction());
        },
        fail: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#supersede();
      this.#enqueue(job);
    });
  }

  async reset(): Promise<void> {
    await this.#ask("reset", () => {
      this.#mailbox.writeReset();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close(new BridgeError(ErrorCode.ModelClosed, "the world model is closed"));
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
    if (this.#current === undefined) void this.#work();
  }

  async #work(): Promise<void> {
    for (;;) {
      const job = this.#waiting.shift();
      this.#current = job;
      if (job === undefined) return;
      job.write();
      await this.#mailbox.exchange();
      // Withdrawn while it ran, or the client was closed: the answer is nobody's.
      if (this.#current !== job) continue;
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
    for (const job of jobs) job?.fail(error);
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
 * Starts an inference worker: it opens the engine, verifies the package, builds the sessions and
 * proves them on the golden rollout, all off the main thread.
 *
 * @throws BridgeError with the worker's own code, or `thread/timeout`.
 */
export async function openInferenceWorker(
  options: InferenceWorkerOptions,
): Promise<InferenceClient> {
  const { packageFolder, provider, device, heartbeats } = options;
  const workerData: InferenceWorkerData = {
    packageFolder,
    engine: options.engine ?? {},
    maxCandidateCount: options.maxCandidateCount ?? 64,
    maxFrameBytes: options.maxFrameBytes ?? (device === undefined ? 0 : 640 * 480 * 3),
    ...(provider === undefined ? {} : { provider }),
    ...(device === undefined ? {} : { device }),
    ...(heartbeats === undefined ? {} : { heartbeats }),
  };
  const host = await WorkerHost.open<never, never, InferenceReady>({
    name: "inference",
    entry: options.entry,
    workerData,
    readyTimeoutMs: options.readyTimeoutMs ?? 60_000,
  });
  return new InferenceClient(host, options.predictTimeoutMs ?? 1000);
}
