import { parentPort, workerData } from "node:worker_threads";
import { monotonicMs } from "../../bridge/contract/clock.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { FrameMailbox } from "../../bridge/contract/frame-mailbox.ts";
import { Heartbeats, Thread } from "../../bridge/contract/heartbeats.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import { workerFailure } from "../../bridge/contract/worker-host.ts";
import { makeSceneAt, poseSnapshotWidth, writeScenePoses } from "./scene.ts";
import { SceneCamera, type CameraModel } from "./scene-camera.ts";
import type { SceneName } from "./scene-layout.ts";
import type { SceneLook } from "./scene-look.ts";

/** Everything the render thread is given. */
export interface RenderWorkerData {
  readonly device: DeviceDescription;
  /** Default `targets`; the same as the physics has. */
  readonly scene?: SceneName;
  /** Default `defaultLook`. */
  readonly look?: SceneLook;
  /** Default `perfectCamera`. */
  readonly model?: CameraModel;
  /** SharedRow of pose snapshots (scene.ts). */
  readonly poses: SharedArrayBuffer;
  /** FrameMailbox: its size is the picture's. */
  readonly camera: SharedArrayBuffer;
  /** Int32: frames per 1000 s. A change takes effect at once. */
  readonly rate: SharedArrayBuffer;
  readonly heartbeats: SharedArrayBuffer;
}

/** Pictures drawn before the first one is shown, so that the compiler has optimised the loops. */
const warmUpPictures = 12;
/** Longest sleep: how late a close, a new rate or a heartbeat may be. */
const maxSleepMs = 100;
/** A frame that is due while there is no new snapshot looks again this often. */
const retryMs = 10;

const data = workerData as RenderWorkerData;
const { device } = data;
const poses = new SharedRow(data.poses);
const camera = new FrameMailbox(data.camera);
const rate = new Int32Array(data.rate);
const heartbeats = new Heartbeats(data.heartbeats);

const scene = makeSceneAt(device, 0, data.scene);
const row = new Float64Array(poseSnapshotWidth(scene.geoms.length));
const { widthPx, heightPx } = camera;

let timer: NodeJS.Timeout | undefined;
let sceneCamera: SceneCamera | undefined;
let drawnVersion = 0;
let drawnStampMs = Number.NaN;
let nextFrameMs = 0;

/** False when there is nothing new to draw. */
function draw(): boolean {
  const { version } = poses;
  // A snapshot that was drawn already would be the same picture again.
  if (version === drawnVersion || sceneCamera === undefined || !poses.read(row)) return false;
  drawnVersion = version;
  // A write between the look at the version and the copy: that newer snapshot was drawn last time.
  const stampMs = row[0] ?? 0;
  if (stampMs === drawnStampMs) return false;
  drawnStampMs = stampMs;
  sceneCamera.capture(row);
  camera.write(stampMs, sceneCamera.rgbBorrowed);
  return true;
}

function wake(): void {
  const nowMs = monotonicMs();
  heartbeats.beat(Thread.Render, nowMs);
  const periodMs = 1e6 / Math.max(1, Atomics.load(rate, 0));
  // A faster rate must not wait for the end of a slow period; a late frame does not make the next one early.
  nextFrameMs = Math.min(nextFrameMs, nowMs + periodMs);
  let sleepMs = retryMs;
  if (nowMs < nextFrameMs || draw()) {
    if (nowMs >= nextFrameMs) nextFrameMs = Math.max(nextFrameMs + periodMs, monotonicMs());
    sleepMs = Math.min(nextFrameMs - monotonicMs(), maxSleepMs);
  }
  timer = setTimeout(wake, Math.max(0, sleepMs));
}

parentPort?.on("message", (message: { readonly kind: string }) => {
  if (message.kind !== "close") return;
  clearTimeout(timer);
  parentPort?.close();
});

try {
  sceneCamera = new SceneCamera({ ...data, geoms: scene.geoms, widthPx, heightPx });
  for (let i = 0; i < warmUpPictures; i += 1) {
    writeScenePoses(scene, device.homeRad, i, row);
    sceneCamera.capture(row);
  }
  sceneCamera.reset();
  // Its owner may look at the heartbeat as soon as it hears that the thread is ready.
  wake();
  parentPort?.postMessage({ kind: "ready", ready: {} });
} catch (error) {
  parentPort?.postMessage(workerFailure(error));
  parentPort?.close();
}
