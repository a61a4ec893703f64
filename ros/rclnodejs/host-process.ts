import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import type { Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { WorkerFailed, WorkerReady } from "../../bridge/contract/worker-host.ts";
import type { FrameHandler } from "./frames.ts";
import { HostPipe } from "./host-pipe.ts";
import { LastWords } from "./last-words.ts";

export interface HostProcessOptions {
  /** The compiled entry. */
  readonly entry: URL;
  readonly environment: Readonly<Record<string, string>>;
  /** The first note; the process answers it with `ready` or `failed`. */
  readonly opening: object;
  readonly readyTimeoutMs?: number;
  readonly closeTimeoutMs?: number;
  /** `note` is called for every note but the answer to `opening`. */
  readonly handler: FrameHandler;
}

/** A process that has closed its pipe ends by itself within this time, or is ended. */
const withoutPipeMs = 1000;
/** After the process is gone: how long its last output is waited for. */
const lastOutputMs = 200;

/**
 * Owner's side of a host process, as `WorkerHost` is of a thread: waits for `ready`, passes messages
 * on, tells why it ended, and ends it in bounded time. Native code may take this process down with it;
 * nothing here outlives or follows it.
 */
export class HostProcess<Ready> implements AsyncDisposable {
  readonly ready: Ready;
  readonly pipe: HostPipe;
  /** Resolves when the process is gone, with the error if it ended by itself. */
  readonly exited: Promise<BridgeError | undefined>;
  readonly #started: Started;
  readonly #closeTimeoutMs: number;

  private constructor(started: Started, ready: Ready, closeTimeoutMs: number) {
    this.#started = started;
    this.ready = ready;
    this.pipe = started.pipe;
    this.exited = started.exited;
    this.#closeTimeoutMs = closeTimeoutMs;
  }

  /** @throws BridgeError with the host's own code; `thread/timeout`; `thread/failed` when it ended. */
  static async open<Ready>(options: HostProcessOptions): Promise<HostProcess<Ready>> {
    let answered: (note: WorkerReady<Ready> | WorkerFailed) => void = () => undefined;
    const answer = new Promise<WorkerReady<Ready> | WorkerFailed>((resolve) => {
      answered = resolve;
    });
    let isAnswered = false;
    const started = start(options, (note, cdr) => {
      if (isAnswered) {
        options.handler.note(note, cdr);
        return;
      }
      isAnswered = true;
      answered(note as WorkerReady<Ready> | WorkerFailed);
    });
    started.pipe.note(options.opening);
    const ready = await inTime(answer, started, options.readyTimeoutMs ?? 30_000);
    return new HostProcess<Ready>(started, ready, options.closeTimeoutMs ?? 3000);
  }

  get pid(): number {
    return this.#started.child.pid ?? 0;
  }

  /** Ends a process that no longer answers; `exited` resolves with `why`. */
  kill(why: string): void {
    this.#started.killedBecause ??= why;
    this.#started.child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { child, pipe, exited } = this.#started;
    this.#started.isClosing = true;
    pipe.note({ kind: "close" });
    const timer = setTimeout(() => child.kill("SIGKILL"), this.#closeTimeoutMs);
    await exited;
    clearTimeout(timer);
    pipe.close();
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly pipe: HostPipe;
  readonly exited: Promise<BridgeError | undefined>;
  isClosing: boolean;
  killedBecause: string | undefined;
}

function start(
  { entry, environment, handler }: HostProcessOptions,
  onNote: (note: unknown, cdr: Uint8Array<ArrayBuffer> | undefined) => void,
): Started {
  const child = spawn(process.execPath, [fileURLToPath(entry)], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const lastWords = new LastWords();
  for (const stream of [child.stdout, child.stderr] as (Readable | null)[]) {
    stream?.on("data", (chunk: Buffer) => {
      lastWords.hear(chunk.toString());
    });
  }
  // Node types the entries beyond stderr by direction only; an extra pipe is a socket of both.
  const stream = child.stdio[3] as Duplex;
  const pipe = new HostPipe(stream, {
    data: handler.data,
    taken: handler.taken,
    note: onNote,
    ended: (error) => {
      // Without its pipe a host is of no use, and does not know it when it hangs.
      if (error !== undefined) started.killedBecause ??= error.message;
      // A process that is on its way out closes its pipe first, and has its own reason to tell.
      const timer = setTimeout(() => child.kill("SIGKILL"), withoutPipeMs);
      child.once("exit", () => {
        clearTimeout(timer);
      });
    },
  });
  const started: Started = {
    child,
    pipe,
    isClosing: false,
    killedBecause: undefined,
    exited: exitOf(child).then((how) => {
      if (started.isClosing) return undefined;
      const why = started.killedBecause === undefined ? how : `${how} (${started.killedBecause})`;
      const said = lastWords.text;
      return new BridgeError(
        ErrorCode.ThreadFailed,
        `ROS host process ended with ${why}${said === "" ? "" : `; it said: ${said}`}`,
        { details: { how, lastWords: said } },
      );
    }),
  };
  return started;
}

/** `exit code 1` or `signal SIGSEGV`, when its last output is there too. */
async function exitOf(child: ChildProcess): Promise<string> {
  const how = await new Promise<string>((resolve) => {
    child.once("error", (error) => {
      resolve(`no start: ${error.message}`);
    });
    child.once("exit", (code, signal) => {
      resolve(signal === null ? `exit code ${String(code)}` : `signal ${signal}`);
    });
  });
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, lastOutputMs);
    child.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  return how;
}

async function inTime<Ready>(
  answer: Promise<WorkerReady<Ready> | WorkerFailed>,
  started: Started,
  timeoutMs: number,
): Promise<Ready> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, timeoutMs, "late");
  });
  const first = await Promise.race([answer, started.exited, late]);
  clearTimeout(timer);
  if (first !== "late" && first !== undefined && "kind" in first && first.kind === "ready") {
    return first.ready;
  }
  started.isClosing = true;
  started.child.kill("SIGKILL");
  await started.exited;
  if (first instanceof BridgeError) throw first;
  if (first !== "late" && first !== undefined) throw new BridgeError(first.code, first.text);
  throw new BridgeError(
    ErrorCode.ThreadTimeout,
    `ROS host process was not ready within ${timeoutMs} ms`,
  );
}
