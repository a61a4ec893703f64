import process from "node:process";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import {
  ActuationMode,
  ActuationStatusField,
  type Actuation,
  type ActuationCommand,
  type ActuationEvent,
} from "../../bridge/contract/actuation.ts";
import { monotonicMs, systemClock } from "../../bridge/contract/clock.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import { cameraPath } from "../../bridge/core/camera-path.ts";
import { openControlServer, type ControlServer } from "../../bridge/control/server.ts";
import type { TargetPayload } from "../../bridge/control/stream-messages.ts";
import type { SiteFolders } from "../../bridge/control/site.ts";
import { phoneMount, projectRoot } from "./synthetic-actuation.ts";

const axisNames = ["deploy", "yaw", "roll", "pitch"];
const stepMs = 40;
const horizonSteps = 32;
const defaultAheadMs = 400;
const pictureSize = { widthPx: 320, heightPx: 240 };
/** Where the blue door of the scene is, seen from home. */
const doorRad = { right: 0.1, down: 0 };

/** Where the built page lies; the same folders the service passes. */
export function builtSite(): SiteFolders {
  const path = (relative: string): string => fileURLToPath(new URL(relative, projectRoot));
  return {
    page: path("bridge/web"),
    pageScripts: path("dist/bridge/web"),
    clientScripts: path("dist/bridge/client"),
    msgpackScripts: path("node_modules/@msgpack/msgpack/dist.esm"),
    ed25519Scripts: path("node_modules/@noble/ed25519"),
  };
}

/** Four joints that follow commands with a lag of their own: enough to see a page at work. */
class SyntheticJoints implements Actuation {
  readonly device = phoneMount();
  readonly posRad: number[];
  readonly velRadPerS = [0, 0, 0, 0];
  readonly setpointRad: number[];
  #target: number[];
  #commandVel = [0, 0, 0, 0];
  #expiresAtMs = 0;
  #motion: { readonly commandId: number } | undefined;
  #mode: ActuationMode = ActuationMode.Active;
  #limitedCount = 0;
  #expiredCount = 0;
  readonly #listeners: ((event: ActuationEvent) => void)[] = [];

  constructor() {
    this.posRad = [...this.device.homeRad];
    this.setpointRad = [...this.posRad];
    this.#target = [...this.posRad];
  }

  send(command: ActuationCommand): void {
    if (command.kind === "stop") {
      this.#rest();
      this.#setMode(command.level === "estop" ? ActuationMode.Latched : this.#mode, command.reason);
      return;
    }
    if (command.kind === "reset") {
      this.#setMode(ActuationMode.Active, "reset");
      return;
    }
    if (command.kind === "limits") return;
    const { commandId } = command;
    if (command.kind === "velocity") {
      const limits: string[] = [];
      this.device.axes.forEach((axis, i) => {
        const wanted = command.velRadPerS[i] ?? 0;
        const limit = axis.maxVelocityRadPerS;
        if (Math.abs(wanted) > limit)
          limits.push(`${axis.name} velocity limited to ${limit} rad/s`);
        this.#commandVel[i] = Math.max(-limit, Math.min(limit, wanted));
      });
      this.#limitedCount += limits.length;
      this.#expiresAtMs = command.expiresAtMs;
      this.#target = [...this.setpointRad];
      const applied = [...this.#commandVel];
      this.#later({ kind: "applied", commandId, atMs: monotonicMs(), applied, limits });
      return;
    }
    if (command.kind !== "position") {
      const reason = `the synthetic mount knows no ${command.kind}`;
      this.#later({ kind: "done", commandId, result: "rejected", reason });
      return;
    }
    this.#commandVel = [0, 0, 0, 0];
    this.#motion = { commandId };
    this.#target = this.setpointRad.map((from, i) => command.posRad[i] ?? from);
  }

  onEvent(listener: (event: ActuationEvent) => void): void {
    this.#listeners.push(listener);
  }

  readStatus(out: Float64Array): void {
    out.fill(0);
    out[ActuationStatusField.mode] = this.#mode;
    out[ActuationStatusField.expiredCount] = this.#expiredCount;
    out[ActuationStatusField.limitedCount] = this.#limitedCount;
    out[ActuationStatusField.moving] = this.velRadPerS.some((vel) => Math.abs(vel) > 0.01) ? 1 : 0;
  }

  step(dtS: number, nowMs: number): void {
    if (this.#commandVel.some((vel) => vel !== 0) && nowMs > this.#expiresAtMs) {
      this.#commandVel = [0, 0, 0, 0];
      this.#expiredCount += 1;
    }
    this.device.axes.forEach((axis, i) => {
      const from = this.setpointRad[i]!;
      const towards = this.#target[i]! - from;
      const reach = axis.maxVelocityRadPerS * 0.6 * dtS;
      const stepRad =
        this.#commandVel[i] === 0
          ? Math.max(-reach, Math.min(reach, towards))
          : this.#commandVel[i]! * dtS;
      this.setpointRad[i] = Math.max(axis.lowerRad, Math.min(axis.upperRad, from + stepRad));
      if (this.#commandVel[i] !== 0) this.#target[i] = this.setpointRad[i]!;
      const error = this.setpointRad[i] - this.posRad[i]!;
      this.velRadPerS[i]! += (error * 220 - this.velRadPerS[i]! * 22) * dtS;
      this.posRad[i]! += this.velRadPerS[i]! * dtS;
    });
    const arrived = this.setpointRad.every((at, i) => Math.abs(at - this.#target[i]!) < 1e-3);
    if (this.#motion !== undefined && arrived) {
      const { commandId } = this.#motion;
      this.#motion = undefined;
      this.#later({ kind: "done", commandId, result: "completed", reason: "arrived" });
    }
  }

  /** Where a joint will be, if the present command goes on to its expiry. */
  predict(axis: number, aheadS: number): number {
    const error = this.setpointRad[axis]! - this.posRad[axis]!;
    const drive = this.#commandVel[axis]! * Math.min(aheadS, 0.18);
    return this.posRad[axis]! + (error + drive) * (1 - Math.exp(-aheadS * 10));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held.
  }

  #rest(): void {
    this.#commandVel = [0, 0, 0, 0];
    this.#target = [...this.setpointRad];
    this.#motion = undefined;
  }

  #setMode(mode: ActuationMode, reason: string): void {
    this.#mode = mode;
    this.#later({ kind: "mode", mode, reason });
  }

  #later(event: ActuationEvent): void {
    setImmediate(() => {
      for (const listener of this.#listeners) listener(event);
    });
  }
}

export interface SyntheticBackend extends AsyncDisposable {
  readonly server: ControlServer;
  readonly joints: SyntheticJoints;
  /** What is wrong from now on; nothing is well. */
  report(reasons: readonly string[]): void;
}

/** The service's outside with made-up joints, predictions, pictures and scores behind it. */
export async function openSyntheticBackend(
  options: {
    readonly port?: number;
    readonly cameraPeriodMs?: number;
    readonly targetVisibility?: number;
    readonly site?: SiteFolders;
  } = {},
): Promise<SyntheticBackend> {
  const { targetVisibility = 0.95 } = options;
  const joints = new SyntheticJoints();
  const server = await openControlServer({
    port: options.port ?? 0,
    actuations: [joints],
    status: () => ({ status: "ok" }),
    metrics: () => "",
    site: options.site ?? builtSite(),
    clock: systemClock(),
    log: silentLog,
  });
  const startMs = monotonicMs();
  let lastMs = startMs;
  let tick = 0;
  let wrong: readonly string[] = [];
  const timers = [
    setInterval(() => {
      const nowMs = monotonicMs();
      for (; lastMs + 5 <= nowMs; lastMs += 5) joints.step(0.005, lastMs);
      publishState(server, joints, lastMs);
      if (tick % 2 === 0) publishPrediction(server, joints, lastMs, targetVisibility);
      tick += 1;
    }, 20),
    setInterval(() => {
      void publishCameras(server, joints, lastMs);
    }, options.cameraPeriodMs ?? 66),
    setInterval(() => {
      publishScore(server, lastMs);
      publishStatus(server, lastMs, { uptimeMs: lastMs - startMs, reasons: wrong });
    }, 500),
  ];
  return {
    server,
    joints,
    report(reasons) {
      wrong = reasons;
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      await server[Symbol.asyncDispose]();
    },
  };
}

function publishState(server: ControlServer, joints: SyntheticJoints, stampMs: number): void {
  server.stream.publish("state", {
    device: "mount0",
    stampMs,
    posRad: joints.posRad.map((pos) => pos + (Math.random() - 0.5) * 0.002),
    velRadPerS: [...joints.velRadPerS],
    setpointRad: [...joints.setpointRad],
  });
}

function publishPrediction(
  server: ControlServer,
  joints: SyntheticJoints,
  stampMs: number,
  targetVisibility: number,
): void {
  const shape = [horizonSteps, axisNames.length];
  const mean = new Float32Array(horizonSteps * axisNames.length);
  const std = new Float32Array(mean.length);
  for (let k = 0; k < horizonSteps; k += 1) {
    for (let axis = 0; axis < axisNames.length; axis += 1) {
      const aheadS = ((k + 1) * stepMs) / 1000;
      mean[k * axisNames.length + axis] = joints.predict(axis, aheadS);
      std[k * axisNames.length + axis] =
        0.004 + 0.02 * aheadS + Math.abs(joints.velRadPerS[axis]!) * 0.06 * aheadS;
    }
  }
  const path = cameraPath(joints.device, joints.posRad, {
    horizonSteps,
    axisCount: axisNames.length,
    meanPosRad: mean,
    stdPosRad: std,
  });
  server.stream.publish("prediction", {
    device: "mount0",
    stampMs,
    stepMs,
    horizonSteps,
    axisNames,
    meanPosRad: { data: mean, shape },
    stdPosRad: { data: std, shape },
    camera: {
      verticalFovRad: joints.device.camera.verticalFovRad,
      baseFromOpticalXyzw: { data: path.baseFromOpticalXyzw, shape: [horizonSteps + 1, 4] },
      covarianceRad2: { data: path.covarianceRad2, shape: [horizonSteps + 1, 3] },
    },
    target: targetOf(mean, std, targetVisibility),
    inferMs: 3.1,
    lookaheadMs: 120,
  });
}

/** The door's place in each step's picture: it goes the other way than the camera turns. */
function targetOf(mean: Float32Array, std: Float32Array, visibility: number): TargetPayload {
  const [yaw, pitch] = [1, 3];
  const at = (data: Float32Array, k: number, axis: number): number =>
    data[k * axisNames.length + axis]!;
  const rows = (of: (k: number) => readonly number[]): Float32Array =>
    Float32Array.from(Array.from({ length: horizonSteps }, (_, k) => of(k)).flat());
  const shape = [horizonSteps, 2];
  const mount = phoneMount().homeRad[pitch]!;
  return {
    meanRad: {
      data: rows((k) => [
        doorRad.right + at(mean, k, yaw),
        doorRad.down - at(mean, k, pitch) + mount,
      ]),
      shape,
    },
    stdRad: { data: rows((k) => [at(std, k, yaw), at(std, k, pitch)]), shape },
    visibility: { data: rows(() => [visibility]), shape: [horizonSteps] },
  };
}

async function publishCameras(
  server: ControlServer,
  joints: SyntheticJoints,
  stampMs: number,
): Promise<void> {
  const [, yaw = 0, roll = 0, pitch = 0] = joints.posRad;
  const size = { stampMs, ...pictureSize };
  if (server.stream.isDue("camera")) {
    server.stream.publish("camera", { ...size, jpeg: await scene(yaw, roll, pitch) });
  }
  if (server.stream.isDue("camera.predicted")) {
    const wantedMs = server.stream.nextAheadMs("camera.predicted") ?? defaultAheadMs;
    const aheadMs = Math.round(wantedMs / stepMs) * stepMs;
    const at = [1, 2, 3].map((axis) => joints.predict(axis, aheadMs / 1000));
    const jpeg = await scene(at[0]!, at[1]!, at[2]!);
    server.stream.publish("camera.predicted", { ...size, aheadMs, knownRatio: 0.93, jpeg });
  }
}

/** A room seen from the mount, as a pinhole sees it near its middle: enough to see which way it looks. */
async function scene(yaw: number, roll: number, pitch: number): Promise<Uint8Array> {
  const focalPx = 248;
  const x = 160 + (doorRad.right + yaw) * focalPx;
  const y = 120 + (doorRad.down + phoneMount().homeRad[3]! - pitch) * focalPx;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240">
    <rect width="320" height="240" fill="#bcc7d1"/>
    <g transform="rotate(${(roll * 180) / Math.PI} 160 120)">
      <rect x="-400" y="${y + 40}" width="1200" height="600" fill="#8d7a66"/>
      <rect x="${x - 30}" y="${y - 40}" width="60" height="80" rx="6" fill="#3f6fb5"/>
      <circle cx="${x + 170}" cy="${y}" r="26" fill="#c7503f"/>
      <rect x="${x - 240}" y="${y - 20}" width="50" height="60" fill="#4f8a5b"/>
      <rect x="${x + 330}" y="${y - 70}" width="40" height="110" fill="#d8b24a"/>
    </g></svg>`;
  return await sharp(Buffer.from(svg)).jpeg({ quality: 70 }).toBuffer();
}

function publishScore(server: ControlServer, stampMs: number): void {
  const horizons = [40, 120, 200, 400, 800, 1280].map((horizonMs) => ({
    horizonMs,
    count: 250,
    modelRmsRad: 0.002 + horizonMs * 1.2e-5,
    holdRmsRad: 0.003 + horizonMs * 1.4e-4,
    constantVelocityRmsRad: 0.002 + horizonMs * horizonMs * 1.1e-7,
    coverageRatio: 0.9 + Math.sin(horizonMs) * 0.03,
  }));
  server.stream.publish("score", {
    stampMs,
    windowS: 10,
    horizons,
    coverageRatio: 0.907,
    degraded: false,
  });
}

function publishStatus(
  server: ControlServer,
  stampMs: number,
  { uptimeMs, reasons }: { readonly uptimeMs: number; readonly reasons: readonly string[] },
): void {
  const [authority] = server.authority();
  server.stream.publish("status", {
    stampMs,
    uptimeS: uptimeMs / 1000,
    health: reasons.length === 0 ? "ok" : "degraded",
    reasons,
    device: { id: "mount0", axisNames },
    simulator: "synthetic",
    model: {
      id: "kairos-mini-gimbal4",
      revision: "1",
      sha256: "6f1c0d3a".repeat(8),
      family: "recurrent-latent",
      stepMs,
      preview: "reprojection",
    },
    engine: { name: "ort-ffi", provider: "cpu", version: "1.30.0", fallbackReasons: [] },
    ros: {
      transport: "rtps",
      reason: "no ROS 2 environment is sourced",
      domainId: 0,
      discoveryRange: "LOCALHOST",
      peerCount: 2,
    },
    loop: {
      predictionsPublished: Math.floor(uptimeMs / 40),
      lastPredictionAgeMs: 14,
      inferMsP50: 3.1,
      inferMsP99: 5.4,
      heldCount: 0,
      lookaheadMs: 120,
    },
    actuation: { mode: "active", tickLateMsP99: 0.4, expiredCount: 0, limitedCount: 0 },
    authority: { owner: authority?.owner ?? null, latched: authority?.latched ?? false },
  });
}

// The page to look at while it is worked on: node dist/test/fakes/synthetic-backend.js [port]
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { server } = await openSyntheticBackend({ port: Number(process.argv[2] ?? 8701) });
  process.stdout.write(`${server.url}\n`);
}
