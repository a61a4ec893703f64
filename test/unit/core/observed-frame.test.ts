import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FrameMailbox } from "../../../bridge/contract/frame-mailbox.ts";
import type { Observation } from "../../../bridge/contract/observation.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import type { WorldModel } from "../../../bridge/contract/world-model.ts";
import { PredictionLoop } from "../../../bridge/core/prediction-loop.ts";
import { RingObservationSource } from "../../../bridge/core/ring-observation-source.ts";
import { ManualClock } from "../../fakes/manual-clock.ts";

/** One second of a robot whose camera gives a picture every 30 ms, and a model that keeps their stamps. */
async function picturesSeen(streams: readonly string[] | undefined): Promise<unknown[]> {
  const clock = new ManualClock();
  clock.nowMs = 0;
  const telemetry = SampleRing.create({ width: 3, capacity: 2000 });
  const setpoints = SampleRing.create({ width: 2, capacity: 2000 });
  const camera = FrameMailbox.create({ widthPx: 2, heightPx: 1 });
  const source = new RingObservationSource({ axisNames: ["yaw"], telemetry, setpoints, camera });
  const seen: unknown[] = [];
  const description = { stepS: 0.04, stateTtlS: 1, ...(streams && { streams }) };
  const model = {
    description,
    observe: ({ frame, stampMs }: Observation) => {
      const pixel = frame?.data[0];
      seen.push(frame && [stampMs - frame.stampMs, frame.encoding, pixel === frame.stampMs / 30]);
      return Promise.resolve();
    },
    reset: () => Promise.resolve(),
  } as unknown as WorldModel;
  const loop = new PredictionLoop({
    source,
    model,
    plan: { fill: () => false },
    clock,
    horizonSteps: 1,
    previewStep: () => 1,
    previewWanted: () => false,
    onObservation: () => undefined,
    onPrediction: () => undefined,
    onHeld: () => undefined,
  });
  loop.start();
  for (let ms = 1; ms <= 200; ms += 1) {
    clock.nowMs = ms;
    telemetry.push(ms, Float64Array.of(0, 0, 0));
    setpoints.push(ms, Float64Array.of(0, 0));
    if (ms % 30 === 0) camera.write(ms, new Uint8Array(6).fill(ms / 30));
    await vi.advanceTimersByTimeAsync(1);
  }
  await loop.stop();
  return seen;
}

describe("the picture of an observation", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is the newest that was taken before it", async () => {
    // Steps at 40, 80, 120, 160 ms; pictures at 30, 60, 90, 120, 150 ms.
    expect(await picturesSeen(["cam0"])).toEqual([
      [10, "rgb8", true],
      [20, "rgb8", true],
      [0, "rgb8", true],
      [10, "rgb8", true],
    ]);
  });

  it.each([undefined, []])(
    "is not fetched for a model that does not look (%j)",
    async (streams) => {
      expect(await picturesSeen(streams)).toEqual(Array.from({ length: 4 }, () => undefined));
    },
  );
});
