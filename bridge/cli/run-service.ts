import process from "node:process";
import type { Config } from "../config.ts";
import { errorText } from "../contract/errors.ts";
import type { Log } from "../contract/log.ts";
import { startBridge } from "../start.ts";

/** An exit that hangs is worse than one that is not clean. */
const closeDeadlineMs = 5000;

export interface RunServiceOptions {
  readonly log: Log;
  readonly version: string;
}

/** Runs the service until SIGINT or SIGTERM, or until a part it cannot do without has died. */
export async function runService(config: Config, options: RunServiceOptions): Promise<void> {
  const { log, version } = options;
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort(name);
    });
  }
  const bridge = await startBridge(config, { log, version, signal: stop.signal });
  const ended = await Promise.race([
    new Promise<string>((resolve) => {
      const done = (): void => {
        resolve(`received ${String(stop.signal.reason)}`);
      };
      if (stop.signal.aborted) done();
      else stop.signal.addEventListener("abort", done, { once: true });
    }),
    bridge.failed.then((error) => {
      process.exitCode = 1;
      return errorText(error);
    }),
  ]);
  log.info({ reason: ended }, "stopping: the device first");
  const timer = setTimeout(() => {
    log.error({ closeDeadlineMs }, "did not stop in time, leaving anyway");
    process.exit(1);
  }, closeDeadlineMs);
  const startMs = performance.now();
  await bridge[Symbol.asyncDispose]();
  clearTimeout(timer);
  log.info({ tookMs: Math.round(performance.now() - startMs) }, "stopped");
}
