import { Worker } from "node:worker_threads";
import { BridgeError, ErrorCode, errorText } from "./errors.ts";

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
    return { kind: "failed", code: error.code, text: error.message.replace(/^\[[^\]]*\] /, "") };
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
}

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
  readonly #life: { closing: boolean };
  readonly #closeTimeoutMs: number;
  #closing: Promise<void> | undefined;

  private constructor(
    worker: Worker,
    life: { closing: boolean },
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
    const life = { closing: false };
    const exited = new Promise<BridgeError | undefined>((resolve) => {
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
      void exited.then((error) => {
        clearTimeout(timer);
        reject(error ?? new BridgeError(ErrorCode.ThreadFailed, `${options.name} thread ended`));
      });
    }).catch(async (error: unknown) => {
      await worker.terminate();
      throw error;
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
    if ((await Promise.race([this.exited, deadline])) === "late") await this.#worker.terminate();
    clearTimeout(timer);
  }
}
