import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { FrameMailbox } from "../../../bridge/contract/frame-mailbox.ts";
import { Heartbeats, Thread } from "../../../bridge/contract/heartbeats.ts";
import type { SharedRow } from "../../../bridge/contract/shared-row.ts";
import { WorkerHost } from "../../../bridge/contract/worker-host.ts";
import { createPosesRow } from "../../../sims/embedded/embedded-simulation.ts";
import { Rasterizer } from "../../../sims/embedded/raster/rasterizer.ts";
import { posesOfSnapshot, renderSetup } from "../../../sims/embedded/render-scene.ts";
import { makeSceneAt, writeScenePoses } from "../../../sims/embedded/scene.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";

const entry = new URL("../../../dist/sims/embedded/render-worker.js", import.meta.url);
const size = { widthPx: 64, heightPx: 48 };
const scene = makeSceneAt(phoneMount, 0);

let poses: SharedRow;
let row: Float64Array<ArrayBuffer>;
let camera: FrameMailbox;
let rate: Int32Array;
let heartbeats: Heartbeats;
let worker: WorkerHost<never, never, unknown> | undefined;
let writing: NodeJS.Timeout | undefined;

async function open(rateHz: number, changes: Record<string, unknown> = {}): Promise<void> {
  rate[0] = rateHz * 1000;
  worker = await WorkerHost.open({
    name: "render",
    entry,
    workerData: {
      device: phoneMount,
      poses: poses.buffer,
      camera: camera.buffer,
      rate: rate.buffer,
      heartbeats: heartbeats.buffer,
      ...changes,
    },
  });
}

/** A snapshot of the mount turned by `yawRad`. */
function writePoses(stampMs: number, yawRad = 0): void {
  const [deploy = 0, , roll = 0, pitch = 0] = phoneMount.homeRad;
  writeScenePoses(scene, [deploy, yawRad, roll, pitch], 1, row);
  row[0] = stampMs;
  poses.write(row);
}

/** New snapshots all the time, as the physics makes them. */
function keepWriting(): void {
  writing = setInterval(() => {
    writePoses(monotonicMs(), Math.sin(monotonicMs() / 500));
  }, 4);
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadlineMs = monotonicMs() + 10_000;
  while (!isTrue()) {
    if (monotonicMs() > deadlineMs) throw new Error(`${what}: not within 10 s`);
    await wait(2);
  }
}

async function framesDuring(ms: number): Promise<number> {
  const before = camera.sequence;
  await wait(ms);
  return camera.sequence - before;
}

beforeEach(() => {
  poses = createPosesRow(phoneMount);
  row = new Float64Array(poses.width);
  camera = FrameMailbox.create(size);
  rate = new Int32Array(new SharedArrayBuffer(4));
  heartbeats = new Heartbeats();
});

afterEach(async () => {
  clearInterval(writing);
  await worker?.[Symbol.asyncDispose]();
  worker = undefined;
});

describe("the render thread", () => {
  it("draws nothing before there is a pose, then the pose's picture with the pose's stamp", async () => {
    await open(50);
    expect(await framesDuring(150)).toBe(0);
    writePoses(1234.5, 0.4);
    await until("a frame", () => camera.sequence > 0);
    const frame = camera.readCopy()!;
    expect(frame).toMatchObject({ stampMs: 1234.5, sequence: 1, ...size });
    const rasterizer = new Rasterizer(
      renderSetup({ device: phoneMount, geoms: scene.geoms, ...size }),
    );
    const views = posesOfSnapshot(row);
    rasterizer.render(views.geoms, views.camera);
    expect(Buffer.compare(frame.rgb, rasterizer.rgbBorrowed)).toBe(0);
  });

  it("draws a snapshot once", async () => {
    await open(50);
    writePoses(1);
    await until("a frame", () => camera.sequence > 0);
    expect(await framesDuring(200)).toBe(0);
    writePoses(2);
    await until("the next frame", () => camera.sequence > 1);
    expect(camera.sequence).toBe(2);
    expect(camera.readCopy()?.stampMs).toBe(2);
  });

  it("keeps to its rate, whatever the pace of the poses", async () => {
    await open(5);
    keepWriting();
    await until("a frame", () => camera.sequence > 0);
    const frameCount = await framesDuring(1000);
    expect(frameCount).toBeGreaterThanOrEqual(2);
    expect(frameCount).toBeLessThanOrEqual(6);
  });

  it("takes a higher rate without waiting for the end of a slow period", async () => {
    await open(25);
    keepWriting();
    await until("a frame", () => camera.sequence > 0);
    // One frame in 100 s: within this test the next one comes at the new rate or not at all.
    Atomics.store(rate, 0, 10);
    await wait(250);
    expect(await framesDuring(300)).toBe(0);
    const before = camera.sequence;
    Atomics.store(rate, 0, 25_000);
    await until("four more frames", () => camera.sequence >= before + 4);
  });

  it("beats while it has nothing to draw and even at the slowest rate", async () => {
    await open(0.1);
    const start = heartbeats.ageMs(Thread.Render, monotonicMs());
    expect(start).toBeLessThan(5000);
    for (let i = 0; i < 3; i += 1) {
      const seenMs = monotonicMs();
      await until(
        "a beat",
        () => heartbeats.ageMs(Thread.Render, monotonicMs()) < monotonicMs() - seenMs,
      );
    }
  });

  it("ends when it is closed, by itself and without an error", async () => {
    await open(25);
    keepWriting();
    await until("a frame", () => camera.sequence > 0);
    await worker?.[Symbol.asyncDispose]();
    expect(await worker?.exited).toBeUndefined();
    expect(await framesDuring(150)).toBe(0);
  });

  it("does not open with data it cannot use", async () => {
    await expect(open(25, { camera: "nothing" })).rejects.toMatchObject({
      code: "thread/failed",
    });
  });
});
