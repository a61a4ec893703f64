import { createServer } from "node:net";
import { availableParallelism, totalmem } from "node:os";
import process from "node:process";
import type { Config } from "../config.ts";
import { errorText } from "../contract/errors.ts";
import { silentLog } from "../contract/log.ts";
import type { ServiceSnapshot } from "../core/service-status.ts";
import { startBridge } from "../start.ts";

type Verdict = "ok" | "warn" | "FAIL";
type Print = (line: string) => void;

/** Long enough for a slow board to compile the simulator's WebAssembly and load a model. */
const firstPredictionTimeoutMs = 30_000;

/**
 * Starts the service once as configured (on a free port), waits for a prediction, and says what runs
 * and why. Nothing moves: no command is given. True if all of it works.
 */
export async function runDoctor(config: Config, print: Print): Promise<boolean> {
  let healthy = true;
  const say = (verdict: Verdict, subject: string, text: string): void => {
    if (verdict === "FAIL") healthy = false;
    print(`${verdict.padEnd(5)}${subject.padEnd(13)}${text}`);
  };
  say("ok", "machine", machineText());
  const portProblem = await whyPortIsBusy(config.http.host, config.http.port);
  say(
    portProblem === undefined ? "ok" : "warn",
    "port",
    portProblem ?? `${config.http.host}:${config.http.port} is free`,
  );
  try {
    await using bridge = await startBridge(
      { ...config, http: { ...config.http, port: 0 } },
      { log: silentLog, version: "doctor", signal: new AbortController().signal },
    );
    const snapshot = await firstPrediction(() => bridge.snapshot());
    reportParts(snapshot, say);
    const assumed = bridge.device.axes.filter((axis) => axis.provenance === "assumed");
    say(
      assumed.length === 0 ? "ok" : "warn",
      "device",
      `${bridge.device.profile} on driver ${config.device.driver}; limits assumed, not measured: ` +
        (assumed.length === 0 ? "none" : assumed.map((axis) => axis.name).join(", ")),
    );
  } catch (error) {
    say("FAIL", "start", errorText(error));
  }
  return healthy;
}

function machineText(): string {
  const memoryGiB = (totalmem() / 2 ** 30).toFixed(1);
  return `Node ${process.version} ${process.platform}-${process.arch}, ${availableParallelism()} cores, ${memoryGiB} GiB`;
}

async function firstPrediction(snapshot: () => ServiceSnapshot): Promise<ServiceSnapshot> {
  const deadlineMs = performance.now() + firstPredictionTimeoutMs;
  for (;;) {
    const now = snapshot();
    if (now.loop.predictedCount > 0 || performance.now() > deadlineMs) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function reportParts(
  snapshot: ServiceSnapshot,
  say: (verdict: Verdict, subject: string, text: string) => void,
): void {
  const { model, ros, loop } = snapshot;
  const { engine } = model;
  say("ok", "engine", `${engine.name}, ONNX Runtime ${engine.version}, ${engine.library}`);
  say(
    engine.fallbackReasons.length === 0 ? "ok" : "warn",
    "provider",
    [engine.provider, ...engine.fallbackReasons].join("; not better because: "),
  );
  say("ok", "model", `${model.id} ${model.revision}, sha256 ${model.sha256.slice(0, 16)}…`);
  say(
    loop.predictedCount > 0 ? "ok" : "FAIL",
    "prediction",
    `${loop.predictedCount} made, ${loop.heldCount} held`,
  );
  say(
    "ok",
    "ros",
    ros === undefined
      ? "off by configuration"
      : `${ros.info.transport} (${ros.info.reason}), domain ${ros.info.domainId}, range ${ros.info.discoveryRange}`,
  );
  for (const fault of snapshot.faults) say("FAIL", "fault", fault);
}

/** Undefined when the port can be bound. */
async function whyPortIsBusy(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once("error", (error) => {
      resolve(`${host}:${port} cannot be used: ${errorText(error)}`);
    });
    server.listen({ host, port }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}
