import type { Config } from "../config.ts";
import { BridgeError, errorText } from "../contract/errors.ts";
import type { Finding, FindingGroup } from "../contract/finding.ts";
import type { RungRefusal } from "../contract/model-status.ts";
import { silentLog } from "../contract/log.ts";
import type { ServiceSnapshot } from "../core/service-status.ts";
import { probeParts } from "../parts/doctor.ts";
import { startBridge } from "../start.ts";
import { probeMachine } from "./doctor-machine.ts";

/** Long enough for a slow board to compile the simulator's WebAssembly and load a model. */
const firstPredictionTimeoutMs = 30_000;

/**
 * Looks at the machine, at what each part of the service needs, and then starts the service once (on a
 * free port) until it has predicted. Nothing moves: no command is given.
 */
export async function examine(config: Config): Promise<readonly FindingGroup[]> {
  return [
    { title: "Machine", findings: await probeMachine(config) },
    ...(await probeParts(config)),
    { title: "Service", findings: await tryService(config) },
  ];
}

async function tryService(config: Config): Promise<Finding[]> {
  const startMs = performance.now();
  try {
    await using bridge = await startBridge(
      { ...config, http: { ...config.http, port: 0 } },
      { log: silentLog, version: "doctor", signal: new AbortController().signal },
    );
    const snapshot = await firstPrediction(() => bridge.snapshot());
    const tookMs = Math.round(performance.now() - startMs);
    const assumed = bridge.device.axes.filter((axis) => axis.provenance === "assumed");
    return [
      ...device(
        bridge.device.profile,
        snapshot.driver,
        assumed.map((axis) => axis.name),
      ),
      ...providers(snapshot),
      prediction(snapshot, tookMs),
      ...snapshot.faults.map((text): Finding => ({ level: "fail", subject: "fault", text })),
    ];
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return [{ level: "fail", subject: "start", text: errorText(error) }];
  }
}

function device(profile: string, driver: string, assumed: readonly string[]): Finding[] {
  const text = `${profile} on driver ${driver}`;
  if (assumed.length === 0) return [{ level: "ok", subject: "device", text }];
  const limits = `${text}; limits assumed, not measured: ${assumed.join(", ")}`;
  const advice = "measure the limits of your device and set their provenance in its profile";
  // A simulated device is what its profile says.
  if (driver === "simulator") return [{ level: "note", subject: "device", text: limits }];
  return [{ level: "warn", subject: "device", text: limits, advice }];
}

/** What serves, and for each better provider the gate it did not pass. */
function providers({ model, modelStatus }: ServiceSnapshot): Finding[] {
  const { building, refusals } = modelStatus;
  const more = building === undefined ? "" : `; ${building.providers.join(", ")} still being tried`;
  return [
    { level: "ok", subject: "provider", text: model.engine.provider + more },
    ...refusals.map(refused),
  ];
}

/** Hardware that is not there is no fault; a provider that is there and does not serve is one. */
function refused(refusal: RungRefusal): Finding {
  const { provider, gate, found, expected } = refusal;
  const subject = `not ${provider}`;
  const details = { ...refusal };
  const text = `${found.split("\n")[0] ?? ""} (expected ${expected})`;
  if (gate === "present" || gate === "package") return { level: "note", subject, text, details };
  const advice =
    'the GPU section above says what is missing; models/README.md, "Jetson", how to build';
  return { level: "warn", subject, text: `${gate}: ${text}`, advice, details };
}

function prediction({ loop }: ServiceSnapshot, tookMs: number): Finding {
  const subject = "prediction";
  const details = { tookMs, heldCount: loop.heldCount };
  if (loop.predictedCount === 0) {
    const text = `none within ${firstPredictionTimeoutMs / 1000} s, ${loop.heldCount} steps held`;
    const advice = "kairos-bridge start --log-level debug says why each step is held";
    return { level: "fail", subject, text, advice, details };
  }
  return { level: "ok", subject, text: `the first ${tookMs} ms after the start`, details };
}

async function firstPrediction(snapshot: () => ServiceSnapshot): Promise<ServiceSnapshot> {
  const deadlineMs = performance.now() + firstPredictionTimeoutMs;
  for (;;) {
    const now = snapshot();
    if (now.loop.predictedCount > 0 || performance.now() > deadlineMs) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
