import { describe, expect, it } from "vitest";
import { CameraFeed, type PictureEncoder, type PictureSink } from "../../../bridge/camera-feed.ts";
import type { Frame } from "../../../bridge/contract/frame.ts";
import { FrameMailbox } from "../../../bridge/contract/frame-mailbox.ts";

const size = { widthPx: 4, heightPx: 2 };
const pixels = (level: number): Uint8Array => new Uint8Array(4 * 2 * 3).fill(level);
const frameOf = (sequence: number): Frame => ({
  stampMs: 40 * sequence,
  sequence,
  ...size,
  rgb: pixels(sequence),
});

class RecordingSink implements PictureSink {
  isCameraWanted = false;
  isPredictedWanted = false;
  readonly cameraStampsMs: number[] = [];
  readonly predictedAheadMs: number[] = [];

  wantsCamera(): boolean {
    return this.isCameraWanted;
  }
  camera(frame: Frame): void {
    this.cameraStampsMs.push(frame.stampMs);
  }
  wantsPredicted(): boolean {
    return this.isPredictedWanted;
  }
  predicted(_frame: Frame, _jpeg: Uint8Array, aheadMs: number): void {
    this.predictedAheadMs.push(aheadMs);
  }
}

/** Delivers at once and keeps what it was offered. */
class InstantEncoder implements PictureEncoder {
  readonly offered: Frame[] = [];

  offer(frame: Frame, deliver: (jpeg: Uint8Array) => void): void {
    this.offered.push(frame);
    deliver(Uint8Array.of(frame.sequence));
  }
}

function makeFeed(modelLooks = false): {
  readonly feed: CameraFeed;
  readonly camera: FrameMailbox;
  readonly sinks: readonly [RecordingSink, RecordingSink];
  readonly encoders: { readonly camera: InstantEncoder; readonly predicted: InstantEncoder };
  readonly demands: boolean[];
} {
  const camera = FrameMailbox.create(size);
  const sinks = [new RecordingSink(), new RecordingSink()] as const;
  const encoders = { camera: new InstantEncoder(), predicted: new InstantEncoder() };
  const demands: boolean[] = [];
  const onDemand = (wanted: boolean): void => {
    demands.push(wanted);
  };
  return {
    feed: new CameraFeed({ camera, sinks, modelLooks: () => modelLooks, encoders, onDemand }),
    camera,
    sinks,
    encoders,
    demands,
  };
}

describe("the camera feed", () => {
  it("keeps the camera at its rate for a model that looks, and encodes nothing for it", () => {
    const { feed, camera, encoders, demands } = makeFeed(true);
    camera.write(40, pixels(1));
    feed.poll();
    feed.poll();
    expect(demands).toEqual([true]);
    expect(encoders.camera.offered).toEqual([]);
  });

  it("encodes nothing while nobody wants pictures", () => {
    const { feed, camera, encoders, demands } = makeFeed();
    camera.write(40, pixels(1));
    feed.poll();
    feed.predicted(frameOf(1), 400);
    expect(encoders.camera.offered).toEqual([]);
    expect(encoders.predicted.offered).toEqual([]);
    expect(demands).toEqual([]);
  });

  it("encodes a wanted frame once, for all who want it and no one else", () => {
    const { feed, camera, sinks, encoders } = makeFeed();
    sinks[1].isCameraWanted = true;
    camera.write(40, pixels(1));
    feed.poll();
    feed.poll();
    expect(encoders.camera.offered).toEqual([frameOf(1)]);
    expect(sinks.map((sink) => sink.cameraStampsMs)).toEqual([[], [40]]);
    sinks[0].isCameraWanted = true;
    camera.write(80, pixels(2));
    feed.poll();
    expect(encoders.camera.offered).toHaveLength(2);
    expect(sinks.map((sink) => sink.cameraStampsMs)).toEqual([[80], [40, 80]]);
  });

  it("skips to the newest frame and waits while there is none", () => {
    const { feed, camera, sinks, encoders } = makeFeed();
    sinks[0].isCameraWanted = true;
    feed.poll();
    expect(encoders.camera.offered).toEqual([]);
    for (const sequence of [1, 2, 3]) camera.write(40 * sequence, pixels(sequence));
    feed.poll();
    expect(sinks[0].cameraStampsMs).toEqual([120]);
  });

  it("hands out pixels that a later frame does not overwrite", () => {
    const { feed, camera, sinks, encoders } = makeFeed();
    sinks[0].isCameraWanted = true;
    camera.write(40, pixels(1));
    feed.poll();
    for (let sequence = 2; sequence <= 9; sequence += 1) camera.write(0, pixels(sequence));
    expect(encoders.camera.offered[0]?.rgb).toEqual(pixels(1));
  });

  it("sends predicted pictures to those who want them, with their lookahead", () => {
    const { feed, sinks, encoders } = makeFeed();
    expect(feed.wantsPredicted()).toBe(false);
    sinks[1].isPredictedWanted = true;
    expect(feed.wantsPredicted()).toBe(true);
    feed.predicted(frameOf(5), 400);
    expect(sinks.map((sink) => sink.predictedAheadMs)).toEqual([[], [400]]);
    expect(encoders.camera.offered).toEqual([]);
  });

  it("tells when pictures begin and cease to be wanted, once each; predicted ones count", () => {
    const { feed, sinks, demands } = makeFeed();
    feed.poll();
    sinks[0].isCameraWanted = true;
    feed.poll();
    feed.poll();
    expect(demands).toEqual([true]);
    sinks[1].isPredictedWanted = true;
    sinks[0].isCameraWanted = false;
    feed.poll();
    expect(demands).toEqual([true]);
    sinks[1].isPredictedWanted = false;
    feed.poll();
    feed.poll();
    expect(demands).toEqual([true, false]);
  });
});
