import { describe, expect, it } from "vitest";
import { makeObservation, type Observation } from "../../../../bridge/contract/observation.ts";
import { FrameTensor } from "../../../../models/inference/image/frame-tensor.ts";
import { Stream } from "../../../../models/package/streams.ts";
import { noiseImage } from "../../../fakes/noise-image.ts";

const spec = { size: [4, 3], resize: "stretch", range: [1, 2] } as const;

function observed(stampMs: number, frameStampMs?: number): Observation {
  const observation = { ...makeObservation(1), stampMs };
  if (frameStampMs === undefined) return observation;
  const frame = { ...noiseImage("rgb8", 8, 6, frameStampMs), stampMs: frameStampMs };
  return { ...observation, frame };
}

function made(options: { readonly max_age_s?: number } = {}): FrameTensor {
  return new FrameTensor({ stream: Stream.parse({ ...spec, ...options }), defaultMaxAgeS: 0.12 });
}

describe("what a graph reads of a camera", () => {
  it.each([
    ["a fresh picture", observed(1000, 1000), 1],
    ["one at the limit of its age", observed(1000, 880), 1],
    ["one that is too old", observed(1000, 879), 0],
    ["one from the future", observed(1000, 1001), 0],
    ["none", observed(1000), 0],
  ])("%s", (_, observation, hasFrame) => {
    const input = made();
    input.update(observation);
    expect(input.hasFrame).toBe(hasFrame === 1);
    expect(input.data.every((value) => (hasFrame === 1 ? value >= 1 : value === 0))).toBe(true);
  });

  it("follows the stream's own limit of age", () => {
    const input = made({ max_age_s: 0.02 });
    input.update(observed(1000, 979));
    expect(input.hasFrame).toBe(false);
    input.update(observed(1000, 980));
    expect(input.hasFrame).toBe(true);
  });

  it("holds nothing of the last picture once there is none, and takes the next", () => {
    const input = made();
    input.update(observed(1000, 1000));
    const first = input.data.slice();
    input.update(observed(1200));
    expect(input.data).toEqual(new Float32Array(36));
    input.update(observed(1240, 1000.5));
    expect(input.hasFrame).toBe(false);
    input.update(observed(1280, 1000 + 280));
    expect(input.hasFrame).toBe(true);
    expect(input.data).not.toEqual(first);
  });

  it("does not make a picture again that it shows already", () => {
    const input = made();
    const observation = observed(1000, 1000);
    input.update(observation);
    const shown = input.data.slice();
    observation.frame!.data.fill(0);
    observation.stampMs = 1040;
    input.update(observation);
    expect(input.data).toEqual(shown);
  });

  it("shows no picture that could not be made", () => {
    const input = made();
    const broken = observed(1000, 1000);
    broken.frame!.data = new Uint8Array(3);
    expect(() => {
      input.update(broken);
    }).toThrow(/^\[model\/shape\]/);
    expect(input.hasFrame).toBe(false);
  });
});
