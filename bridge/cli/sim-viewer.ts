import process from "node:process";
import { openLog } from "../log.ts";
import { playScenario } from "../lockstep/play-scenario.ts";
import { findScenario } from "../lockstep/simulate.ts";

export interface ViewOptions {
  readonly config?: string;
  readonly seed?: number;
  readonly fault: readonly string[];
  readonly httpPort?: number;
  readonly version: string;
}

/** `kairos-bridge sim SCENARIO --viewer`: once, in real time, with the page to watch it. */
export async function viewScenario(name: string, options: ViewOptions): Promise<void> {
  const { config, seed, fault, httpPort, version } = options;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      stop.abort();
    });
  }
  await playScenario({
    scenario: findScenario(name),
    faults: fault,
    version,
    log: openLog({ level: "info", format: "text" }).log,
    signal: stop.signal,
    onServing: (url) => {
      process.stdout.write(`watch it at ${url}\n`);
    },
    ...(config === undefined ? {} : { configPath: config }),
    ...(seed === undefined ? {} : { seed }),
    ...(httpPort === undefined ? {} : { httpPort }),
  });
}
