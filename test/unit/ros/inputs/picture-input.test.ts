import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { CameraImage } from "../../../../bridge/contract/camera-image.ts";
import { FrameMailbox } from "../../../../bridge/contract/frame-mailbox.ts";
import { MeasuredStampMap } from "../../../../ros/inputs/measured-stamp-map.ts";
import { PictureInput, type DecodePicture } from "../../../../ros/inputs/picture-input.ts";
import type { CompressedImage, Image } from "../../../../ros/messages/message-types.ts";

const jpegBytes = (mark: number): Uint8Array => Uint8Array.of(0xff, 0xd8, 0xff, mark);

interface Options {
  readonly decode?: DecodePicture;
  readonly maxAgeMs?: number;
}

const refuses: DecodePicture = () => Promise.reject(new Error("not asked for"));

function open({ decode = refuses, maxAgeMs = 300 }: Options = {}) {
  const camera = FrameMailbox.create({ widthPx: 2, heightPx: 1 });
  const fitted: CameraImage[] = [];
  const input = new PictureInput({
    camera,
    stamps: new MeasuredStampMap({ maxAgeMs, maxAheadMs: 20 }),
    fit: (image, out) => {
      fitted.push({ ...image });
      out.fill(image.data[0] ?? 0);
    },
    decode,
    maxRateHz: 25,
  });
  return { camera, fitted, input };
}

const opening = (decode: DecodePicture) => open({ decode });

const header = (timeMs: number) => ({
  stamp: { sec: 1000 + Math.floor(timeMs / 1000), nanosec: (timeMs % 1000) * 1e6 },
  frame_id: "camera_optical_frame",
});

function raw(timeMs: number, fields: Partial<Image> = {}): Image {
  return {
    header: header(timeMs),
    width: 4,
    height: 2,
    encoding: "rgb8",
    is_bigendian: 0,
    step: 12,
    data: new Uint8Array(24).fill(7),
    ...fields,
  };
}

const compressed = (timeMs: number, data: Uint8Array, format = "jpeg"): CompressedImage => ({
  header: header(timeMs),
  format,
  data,
});

describe("raw pictures", () => {
  it("go into the mailbox, stamped with when they were true", () => {
    const { input, camera } = open();
    input.takeRaw(raw(0), 100);
    input.takeRaw(raw(40), 165);
    const frame = camera.readCopy();
    expect(frame?.stampMs, "25 ms late, as the first one tells").toBe(140);
    expect(frame?.rgb[0]).toBe(7);
    expect(input.takenCount).toBe(2);
  });

  it.each([
    ["rgb8", "rgb8", 12],
    ["bgr8", "bgr8", 12],
    ["8UC3", "bgr8", 12],
    ["rgba8", "rgba8", 16],
    ["bgra8", "bgra8", 16],
    ["mono8", "mono8", 4],
    ["8UC1", "mono8", 4],
    ["yuv422", "uyvy", 8],
    ["uyvy", "uyvy", 8],
    ["yuv422_yuy2", "yuyv", 8],
    ["yuyv", "yuyv", 8],
    ["bayer_rggb8", "bayer_rggb8", 4],
  ])("called %s are read as %s", (encoding, asked, step) => {
    const { input, fitted } = open();
    input.takeRaw(raw(0, { encoding, step, data: new Uint8Array(2 * step) }), 100);
    expect(fitted[0]?.encoding).toBe(asked);
    expect(fitted[0]?.strideBytes).toBe(step);
  });

  it("may leave their step unset", () => {
    const { input, fitted } = open();
    input.takeRaw(raw(0, { step: 0 }), 100);
    expect(fitted[0]?.strideBytes).toBe(12);
  });

  it.each<[string, Image]>([
    ["encoding", raw(40, { encoding: "16UC1" })],
    ["encoding", raw(40, { encoding: "constructor" })],
    ["sizes", raw(40, { data: new Uint8Array(23) })],
    ["sizes", raw(40, { step: 11 })],
    ["sizes", raw(40, { width: 0 })],
    ["sizes", raw(40, { height: 4_000_000_000 })],
    ["stale", raw(-400)],
  ])("refused as %s change nothing", (reason, message) => {
    const { input, camera } = open();
    input.takeRaw(raw(0), 100);
    input.takeRaw(message, 140);
    expect(camera.sequence).toBe(1);
    expect(input.refusals.list.map((each) => each.reason)).toEqual([reason]);
  });

  it("that come again on the other topic are passed over", () => {
    const { input, camera } = open();
    input.takeRaw(raw(0), 100);
    input.takeCompressed(compressed(0, jpegBytes(1)), 105);
    expect([input.skippedCount, input.refusals.total, camera.sequence]).toEqual([1, 0, 1]);
  });

  it("much older than the last one are refused", () => {
    const { input } = open({ maxAgeMs: 5000 });
    input.takeRaw(raw(2000), 100);
    input.takeRaw(raw(0), 140);
    expect(input.refusals.list).toMatchObject([{ reason: "not-newer" }]);
  });

  it("faster than the camera's rate are passed over", () => {
    const { input } = open();
    for (let timeMs = 0; timeMs < 1000; timeMs += 10) input.takeRaw(raw(timeMs), 100 + timeMs);
    expect(input.takenCount).toBeLessThanOrEqual(34);
    expect(input.takenCount).toBeGreaterThanOrEqual(24);
    expect(input.skippedCount).toBe(100 - input.takenCount);
  });
});

describe("compressed pictures", () => {
  it("are unpacked one at a time; of those that come meanwhile only the newest", async () => {
    const waiting: (() => void)[] = [];
    const asked: number[] = [];
    const { input, camera } = opening((bytes) => {
      asked.push(bytes[3] ?? 0);
      return new Promise((resolve) => {
        waiting.push(() => {
          resolve({ widthPx: 1, heightPx: 1, rgb: Uint8Array.of(bytes[3] ?? 0, 0, 0) });
        });
      });
    });
    for (const mark of [1, 2, 3, 4]) {
      input.takeCompressed(compressed(mark * 40, jpegBytes(mark)), 100 + mark * 40);
    }
    waiting.shift()?.();
    await turn();
    waiting.shift()?.();
    await turn();
    expect(asked).toEqual([1, 4]);
    expect(input.skippedCount).toBe(2);
    expect(camera.readCopy()?.rgb[0]).toBe(4);
    expect(camera.readCopy()?.stampMs).toBe(260);
  });

  it.each([
    ["neither JPEG nor PNG", compressed(0, Uint8Array.of(1, 2, 3, 4))],
    ["neither JPEG nor PNG", compressed(0, new Uint8Array(0))],
    [
      "a compressed depth picture",
      compressed(0, Uint8Array.of(0, 0, 0, 0, 0x89, 0x50), "16UC1; compressedDepth"),
    ],
  ])("that are %s are refused unopened", (_, message) => {
    const { input } = open();
    input.takeCompressed(message, 100);
    expect(input.refusals.list.map((each) => each.reason)).toEqual(["encoding"]);
  });

  it("that cannot be unpacked are counted, and the next one is", async () => {
    const { input, camera } = opening((bytes) =>
      bytes[3] === 1
        ? Promise.reject(new Error("corrupt"))
        : Promise.resolve({ widthPx: 1, heightPx: 1, rgb: Uint8Array.of(9, 9, 9) }),
    );
    input.takeCompressed(compressed(0, jpegBytes(1)), 100);
    await turn();
    input.takeCompressed(compressed(40, jpegBytes(2)), 140);
    await turn();
    expect(input.refusals.list).toMatchObject([{ reason: "undecodable", count: 1 }]);
    expect(camera.sequence).toBe(1);
  });

  it("unpacked after the end are thrown away", async () => {
    const { input, camera } = opening(() =>
      Promise.resolve({ widthPx: 1, heightPx: 1, rgb: Uint8Array.of(9, 9, 9) }),
    );
    input.takeCompressed(compressed(0, jpegBytes(1)), 100);
    input.close();
    await turn();
    expect(camera.sequence).toBe(0);
  });
});
