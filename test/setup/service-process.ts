import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import process from "node:process";

export interface ServiceProcessOptions {
  /** Makes the command run elsewhere, e.g. in a network namespace. */
  readonly wrap?: (file: string, args: readonly string[]) => readonly [string, readonly string[]];
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** `kairos-bridge start` as a user runs it: a process of its own on a free port, with JSON logs. */
export class ServiceProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly logLines: Record<string, unknown>[] = [];
  readonly startedMs = performance.now();

  private constructor(child: ChildProcess) {
    this.child = child;
    if (child.stderr === null) throw new Error("the service has no standard error");
    createInterface({ input: child.stderr }).on("line", (line) => {
      try {
        this.logLines.push(JSON.parse(line) as Record<string, unknown>);
      } catch {
        this.logLines.push({ msg: line });
      }
    });
  }

  static start(options: ServiceProcessOptions = {}): ServiceProcess {
    const words = ["dist/bridge/cli/main.js", ...(options.args ?? ["start", "--http-port", "0"])];
    const [file, args] = options.wrap?.(process.execPath, words) ?? [process.execPath, words];
    const child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, KAIROS_LOG_FORMAT: "json", ...options.environment },
    });
    return new ServiceProcess(child);
  }

  /** First log line with this sentence. */
  async logged(sentence: string, timeoutMs = 20_000): Promise<Record<string, unknown>> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const line = this.logLines.find((entry) => entry["msg"] === sentence);
      if (line !== undefined) return line;
      if (this.child.exitCode !== null || performance.now() > deadlineMs) {
        const tail = this.logLines.map((entry) => JSON.stringify(entry)).join("\n");
        throw new Error(`the service never logged "${sentence}". It logged:\n${tail}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Base URL once it serves, e.g. http://127.0.0.1:40123. */
  async url(): Promise<string> {
    return String((await this.logged("serving"))["url"]);
  }

  /** Sends the signal and gives the exit code, the signal that ended it, and the time it took. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<{ code: number | null; tookMs: number }> {
    const startMs = performance.now();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, "exit");
      this.child.kill(signal);
      await exited;
    }
    return { code: this.child.exitCode, tookMs: performance.now() - startMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}
