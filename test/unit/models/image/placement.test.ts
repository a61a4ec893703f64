import { describe, expect, it } from "vitest";
import { cameraIntrinsics } from "../../../../bridge/core/camera.ts";
import { coveredRange, placePicture } from "../../../../models/inference/image/placement.ts";
import { Stream } from "../../../../models/package/streams.ts";

const size = [64, 64] as const;
const axis = (place: { start256: number; length256: number; offset: number; count: number }) => [
  place.start256 / 256,
  place.length256 / 256,
  place.offset,
  place.count,
];

describe("where a picture lies under the tensor", () => {
  it.each([
    // resize, picture, then per axis: window start and length in px, first element and their count
    ["stretch", 640, 480, [0, 640, 0, 64], [0, 480, 0, 64]],
    ["letterbox", 640, 480, [0, 640, 0, 64], [0, 480, 8, 48]],
    ["letterbox", 480, 640, [0, 480, 8, 48], [0, 640, 0, 64]],
    ["letterbox", 6400, 10, [0, 6400, 0, 64], [0, 10, 31, 1]],
    ["crop", 640, 480, [80, 480, 0, 64], [0, 480, 0, 64]],
    ["crop", 480, 640, [0, 480, 0, 64], [80, 480, 0, 64]],
    ["crop", 641, 480, [80.5, 480, 0, 64], [0, 480, 0, 64]],
  ] as const)("%s of %i x %i", (resize, widthPx, heightPx, x, y) => {
    const places = placePicture(Stream.parse({ size, resize }), widthPx, heightPx);
    expect(axis(places.x)).toEqual(x);
    expect(axis(places.y)).toEqual(y);
  });
});

describe("resize: intrinsics", () => {
  const trained = cameraIntrinsics(64, 64, Math.PI / 2);
  const stream = Stream.parse({
    size,
    resize: "intrinsics",
    intrinsics: { fx: trained.fxPx, fy: trained.fyPx, cx: trained.cxPx, cy: trained.cyPx },
  });

  it("takes the middle of a camera that sees more", () => {
    // tan(60 deg) / tan(45 deg): 277.13 of 480 rows show what 90 degrees show.
    const camera = cameraIntrinsics(640, 480, (2 * Math.PI) / 3);
    const { x, y } = placePicture(stream, 640, 480, camera);
    expect(y.length256 / 256).toBeCloseTo(480 / Math.tan(Math.PI / 3), 2);
    expect(x.length256).toBe(y.length256);
    expect(x.start256 / 256 + x.length256 / 512).toBeCloseTo(320, 2);
    expect(coveredRange(x)).toEqual([0, 64]);
  });

  it("makes the same ray fall on the same element, whatever the camera", () => {
    const ray = { right: 0.31, down: -0.22 };
    const camera = {
      widthPx: 800,
      heightPx: 600,
      fxPx: 290,
      fyPx: 300,
      cxPx: 411,
      cyPx: 287,
    };
    const { x, y } = placePicture(stream, 800, 600, camera);
    const element = (place: typeof x, at: number): number =>
      ((at - place.start256 / 256) / (place.length256 / 256)) * 64;
    const seen = [camera.cxPx + camera.fxPx * ray.right, camera.cyPx + camera.fyPx * ray.down];
    expect(element(x, seen[0]!)).toBeCloseTo(trained.cxPx + trained.fxPx * ray.right, 1);
    expect(element(y, seen[1]!)).toBeCloseTo(trained.cyPx + trained.fyPx * ray.down, 1);
  });

  it.each([
    ["a camera that sees far less", cameraIntrinsics(640, 640, Math.PI / 4), /sees 16\.5 % of/],
    ["no intrinsics", undefined, /needs the camera's intrinsics/],
  ])("refuses %s", (_, camera, message) => {
    expect(() => placePicture(stream, 640, 640, camera)).toThrow(message);
    expect(() => placePicture(stream, 640, 640, camera)).toThrow(/^\[model\/unsupported\]/);
  });
});
