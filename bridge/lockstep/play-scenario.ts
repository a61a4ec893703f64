import type { Scenario } from "../../sims/scenario/scenario.ts";
import { loadConfig, type Config } from "../config.ts";
import type { ControlDesk } from "../control/desk.ts";
import type { Log } from "../contract/log.ts";
import { monotonicMs } from "../contract/clock.ts";
import { parseFault } from "../core/faults/parse-fault.ts";
import { defaultKeepalive } from "../core/session-clock.ts";
import { startBridge, type Bridge } from "../start.ts";
import { ScriptedClient, type ClientWish } from "./scripted-client.ts";

const turnMs = 20;
/** Whoever opened the page has a look at the device at rest first. */
const leadInMs = 2000;

export interface PlayOptions {
  readonly scenario: Scenario;
  readonly seed?: number;
  readonly faults: readonly string[];
  readonly httpPort?: number;
  /** Says which world the service runs on; the rest is the scenario's. */
  readonly configPath?: string;
  readonly log: Log;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly onServing: (url: string) => void;
}

/**
 * A scenario in real time on the running service, with the page to watch it: the same clients at the
 * same times. Resolves when the scenario is over and the caller's signal has come.
 *
 * What only lockstep can do (faults of the link, of main, of the simulator; pushes, payload, scripted
 * targets) is left out, and the log says so.
 */
export async function playScenario(options: PlayOptions): Promise<void> {
  const { scenario, log, version, signal, onServing } = options;
  const { config, leftOut } = serviceConfig(options);
  if (leftOut.length > 0) log.warn({ leftOut }, "lockstep alone can do these, left out here");
  await using bridge = await startBridge(config, { log, version, signal });
  onServing(bridge.url);
  await pause(leadInMs, signal);
  log.info({ scenario: scenario.name, durationS: scenario.durationS }, "scenario begins");
  await runClients(bridge, scenario, signal);
  log.info({ scenario: scenario.name }, "scenario is over; the page stays until interrupted");
  await pause(Number.POSITIVE_INFINITY, signal);
}

function serviceConfig({ scenario, seed, faults, httpPort, configPath }: PlayOptions): {
  readonly config: Config;
  readonly leftOut: readonly string[];
} {
  const texts = [...scenario.faults, ...faults];
  // Axis names are judged when the service starts; here only what a service can do is asked.
  const isForService = (text: string): boolean => {
    const parsed = parseFault(text.replace(/:[a-z0-9_]+/, ""), { axisNames: [], host: "service" });
    return typeof parsed !== "string" || !parsed.startsWith("only kairos-bridge sim");
  };
  const { config } = loadConfig({
    ...(configPath === undefined ? {} : { filePath: configPath }),
    flags: {
      "http.port": httpPort,
      "device.profile": scenario.device,
      "sim.seed": seed ?? scenario.seed,
      "sim.scene": scenario.scene,
      "sim.startPose": scenario.start,
      "faults.list": texts.filter(isForService).map((text) => shifted(text)),
      "faults.seed": seed ?? scenario.seed,
    },
  });
  const events = [
    ...(scenario.pushes.length > 0 ? ["pushes"] : []),
    ...(scenario.payload.length > 0 ? ["payload"] : []),
    ...(scenario.targets.length > 0 ? ["targets"] : []),
  ];
  return { config, leftOut: [...texts.filter((text) => !isForService(text)), ...events] };
}

/** Faults count from the start of the service, the scenario from the end of the lead-in. */
function shifted(text: string): string {
  const start = /@([0-9.]+)(ms|s)/.exec(text);
  if (start === null) return text;
  const ms = Number(start[1]) * (start[2] === "s" ? 1000 : 1) + leadInMs;
  return text.replace(start[0], `@${ms}ms`);
}

async function runClients(bridge: Bridge, scenario: Scenario, signal: AbortSignal): Promise<void> {
  const { desk, device } = bridge;
  const clients = scenario.clients.map(
    (script) => new ScriptedClient(script, device.id, defaultKeepalive.checkInMs),
  );
  const startMs = monotonicMs();
  for (;;) {
    const nowS = (monotonicMs() - startMs) / 1000;
    if (nowS >= scenario.durationS || signal.aborted) break;
    for (const client of clients) {
      for (const wish of client.act(nowS)) carryOut(desk, client, wish);
    }
    await pause(turnMs, signal);
  }
  for (const client of clients) desk.close(client.name, "the scenario is over");
}

function carryOut(desk: ControlDesk, client: ScriptedClient, wish: ClientWish): void {
  const { name, role } = client;
  if (wish === "connect") {
    client.isConnected = true;
    desk.open({ id: name, role, client: name }, client);
  } else if (wish === "disconnect") {
    client.isConnected = false;
    desk.close(name, "left");
  } else desk.handle(name, wish, monotonicMs());
}

/** Ends early when the signal comes. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    // Node's longest timer: a caller who waits for ever waits for the signal.
    const timer = setTimeout(end, Math.min(ms, 0x7fff_ffff));
    signal.addEventListener("abort", end);
  });
}
