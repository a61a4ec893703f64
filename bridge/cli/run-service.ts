import process from "node:process";
import type { Config } from "../config.ts";
import { errorText } from "../contract/errors.ts";
import type { Log } from "../contract/log.ts";
import { startBridge, type Bridge } from "../start.ts";

/** An exit that hangs is worse than one that is not clean. */
const closeDeadlineMs = 5000;

export interface RunServiceOptions {
  readonly log: Log;
  readonly setLevel: (level: string) => void;
  readonly version: string;
  /** Reads the configuration again, as SIGHUP asks for. */
  readonly reloadConfig: () => Config;
}

/**
 * Runs the service until SIGINT or SIGTERM, or until something has broken without which the device
 * cannot be kept safe. However it ends, the device is brought to rest first.
 */
export async function runService(config: Config, options: RunServiceOptions): Promise<void> {
  const { log, version } = options;
  const stop = new AbortController();
  const ended = new Promise<string>((resolve) => {
    onSignals((name) => {
      stop.abort(name);
      resolve(`received ${name}`);
    });
    onBug((error) => {
      log.error({ text: errorText(error), stack: stackOf(error) }, "our own mistake");
      process.exitCode = 1;
      resolve("an internal error");
    });
  });
  log.debug({ version }, "starting");
  let bridge: Bridge;
  try {
    bridge = await startBridge(config, {
      log,
      version,
      signal: stop.signal,
      setLogLevel: options.setLevel,
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    log.info({ reason: stop.signal.reason as string }, "stopped while starting");
    return;
  }
  process.on("SIGHUP", () => {
    void reload(bridge, options);
  });
  const broken = bridge.failed.then((error) => {
    process.exitCode = 1;
    return errorText(error);
  });
  const reason = await Promise.race([ended, broken]);
  log.info({ reason }, "stopping: the device first");
  await closeInTime(bridge, log);
}

/** The model and its providers follow the configuration while the service runs; the rest needs a restart. */
async function reload(bridge: Bridge, { log, reloadConfig }: RunServiceOptions): Promise<void> {
  try {
    log.info({}, "SIGHUP: reading the model section of the configuration again");
    await bridge.reload(reloadConfig());
  } catch (error) {
    log.error({ text: errorText(error) }, "the configuration was not taken, all goes on as before");
  }
}

async function closeInTime(bridge: Bridge, log: Log): Promise<void> {
  const timer = setTimeout(() => {
    log.error({ closeDeadlineMs }, "did not stop in time, leaving anyway");
    leave(bridge, 1);
  }, closeDeadlineMs);
  const startMs = performance.now();
  await bridge[Symbol.asyncDispose]();
  clearTimeout(timer);
  log.info({ tookMs: Math.round(performance.now() - startMs) }, "stopped");
  if (bridge.snapshot().modelStatus.abandonedCount > 0) leave(bridge, 0);
}

/** `exit` waits for every thread, also for one that hangs in a provider's native code: that takes SIGKILL. */
function leave(bridge: Bridge, exitCode: number): void {
  if (bridge.snapshot().modelStatus.abandonedCount === 0) process.exit(exitCode);
  process.kill(process.pid, "SIGKILL");
}

/** The first signal asks for an orderly end, the second for any end. */
function onSignals(stop: (name: string) => void): void {
  let isStopping = false;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      stop(name);
    });
  }
}

function onBug(report: (error: unknown) => void): void {
  process.on("uncaughtException", report);
  process.on("unhandledRejection", report);
}

const stackOf = (error: unknown): string | undefined =>
  error instanceof Error ? error.stack : undefined;
