import { Worker } from "node:worker_threads";
import { BridgeError, ErrorCode, errorText, textWithoutCode } from "./errors.ts";
import { nativeCallsEnded } from "./native-calls.ts";

/** Every worker's first message: it is set up and serving. `ready` carries what its owner must know. */
export interface WorkerReady<R> {
  readonly kind: "ready";
  readonly ready: R;
}
/** Set-up failed. Code and text only: an Error with a cause does not survive the trip. */
export interface WorkerFailed {
  readonly kind: "failed";
  readonly code: ErrorCode;
  readonly text: string;
}

/** What a worker posts when its set-up threw. */
export function workerFailure(error: unknown): WorkerFailed {
  if (error instanceof BridgeError) {
    return { kind: "failed", code: error.code, text: textWithoutCode(error) };
  }
  return { kind: "failed", code: ErrorCode.ThreadFailed, text: errorText(error) };
}

export interface WorkerHostOptions {
  /** Shown in errors and as the thread's name. */
  readonly name: string;
  /** The compiled entry: Node 20 cannot load a TypeScript worker. */
  readonly entry: URL;
  readonly workerData: unknown;
  readonly readyTimeoutMs?: number;
  readonly closeTimeoutMs?: number;
  readonly resourceLimits?: { readonly maxOldGenerationSizeMb: number };
  /** Gives up waiting for `ready` and ends the thread. */
  readonly signal?: AbortSignal;
}

/**
 * How long a thread is waited for after `terminate`. It ends JavaScript at once, but a native call only
 * when it returns: a thread that hangs inside one is left alone, and the process goes on without it.
 */
const terminateTimeoutMs = 1000;

/**
 * Owner's side of a worker thread: waits for `ready`, passes messages on, notices its death, and
 * closes it in bounded time (post `{ kind: "close" }`, await exit, terminate after a deadline).
 *
 * `In` is what the worker takes beside `close`; `Out` what it posts beside `ready` and `failed`.
 */
export class WorkerHost<In, Out, Ready> implements AsyncDisposable {
  readonly ready: Ready;
  /** Resolves when the thread is gone, with the error if it died by itself. */
  readonly exited: Promise<BridgeError | undefined>;
  readonly #worker: Worker;
  readonly #life: Life;
  readonly #closeTimeoutMs: number;
  #closing: Promise<void> | undefined;

  private constructor(
    worker: Worker,
    life: Life,
    ready: Ready,
    exited: Promise<BridgeError | undefined>,
    closeTimeoutMs: number,
  ) {
    this.#worker = worker;
    this.#life = life;
    this.ready = ready;
    this.exited = exited;
    this.#closeTimeoutMs = closeTimeoutMs;
  }

  /** @throws BridgeError with the worker's own code, or `thread/timeout`, `thread/failed`. */
  static async open<In, Out, Ready>(
    options: WorkerHostOptions,
  ): Promise<WorkerHost<In, Out, Ready>> {
    const worker = new Worker(options.entry, {
      workerData: options.workerData,
      name: options.name,
      ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
    });
    let failure: unknown;
    worker.on("error", (error) => {
      failure = error;
    });
    const life: Life = { closing: false, abandoned: false, end: () => undefined };
    const exited = new Promise<BridgeError | undefined>((resolve) => {
      life.end = resolve;
      worker.once("exit", (exitCode) => {
        if (life.closing && failure === undefined) {
          resolve(undefined);
          return;
        }
        const text = failure === undefined ? `exit code ${exitCode}` : errorText(failure);
        resolve(
          new BridgeError(ErrorCode.ThreadFailed, `${options.name} thread ended: ${text}`, {
            cause: failure,
          }),
        );
      });
    });
    const timeoutMs = options.readyTimeoutMs ?? 30_000;
    const ready = await new Promise<Ready>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new BridgeError(
            ErrorCode.ThreadTimeout,
            `${options.name} thread was not ready within ${timeoutMs} ms`,
          ),
        );
      }, timeoutMs);
      worker.on("message", function first(message: WorkerReady<Ready> | WorkerFailed) {
        if (message.kind === "ready") resolve(message.ready);
        else reject(new BridgeError(message.code, message.text));
        clearTimeout(timer);
        worker.off("message", first);
      });
      options.signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(options.signal?.reason as Error);
      });
      void exited.then((error) => {
        clearTimeout(timer);
        reject(error ?? new BridgeError(ErrorCode.ThreadFailed, `${options.name} thread ended`));
      });
    }).catch(async (error: unknown) => {
      if (await terminateInTime(worker)) throw error;
      const text = `${textWithoutCode(error)}; its native code still runs`;
      const code = error instanceof BridgeError ? error.code : ErrorCode.ThreadTimeout;
      throw new BridgeError(code, text, { details: { abandoned: true }, cause: error });
    });
    const closeTimeoutMs = options.closeTimeoutMs ?? 1500;
    return new WorkerHost<In, Out, Ready>(worker, life, ready, exited, closeTimeoutMs);
  }

  post(message: In, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  onMessage(listener: (message: Out) => void): void {
    this.#worker.on("message", listener);
  }

  /** True when the thread did not end in time: native code keeps it until the process ends. */
  get isAbandoned(): boolean {
    return this.#life.abandoned;
  }

  /** Ends a thread that no longer answers, without asking it; `exited` resolves with `error`. */
  async kill(error: BridgeError): Promise<void> {
    if (!(await terminateInTime(this.#worker))) this.#life.abandoned = true;
    this.#life.end(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#life.closing = true;
    this.#worker.postMessage({ kind: "close" });
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<"late">((resolve) => {
      timer = setTimeout(() => {
        resolve("late");
      }, this.#closeTimeoutMs);
    });
    if ((await Promise.race([this.exited, deadline])) === "late") {
      if (!(await terminateInTime(this.#worker))) this.#life.abandoned = true;
      this.#life.end(undefined);
    }
    clearTimeout(timer);
  }
}

interface Life {
  closing: boolean;
  abandoned: boolean;
  /** Resolves `exited`, for a thread that will not. */
  end: (error: BridgeError | undefined) => void;
}

/** False when the thread is still there after its time; it then no longer keeps the process alive. */
async function terminateInTime(worker: Worker): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => {
      resolve("late");
    }, terminateTimeoutMs);
  });
  // onnxruntime-node aborts the process when its thread is torn down in the middle of a run.
  const end = nativeCallsEnded(worker.threadId).then(async (hasEnded) =>
    hasEnded ? await worker.terminate() : ("late" as const),
  );
  const ended = await Promise.race([end, late]);
  clearTimeout(timer);
  if (ended !== "late") return true;
  worker.unref();
  return false;
}
