import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { CameraImage, ImageEncoding } from "../../../bridge/contract/camera-image.ts";
import type { CameraIntrinsics } from "../../../bridge/core/camera.ts";
import { createPreprocessor } from "../../../models/inference/image/preprocessor.ts";
import { Stream } from "../../../models/package/streams.ts";
import type { Peer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { noiseBytes } from "../../fakes/noise-image.ts";

interface Camera {
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
}

interface Vector {
  readonly name: string;
  readonly picture: {
    readonly encoding: ImageEncoding;
    readonly widthPx: number;
    readonly heightPx: number;
    readonly strideBytes: number;
    readonly bytes: number;
    readonly seed: number;
    readonly yuvRange?: "limited" | "full";
  };
  readonly stream: unknown;
  readonly camera?: Camera;
  readonly shape: readonly number[];
  /** Base64 of the tensor, little-endian. */
  readonly bytes: string;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const parse = (text: string): Vector[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Vector);
const vectors = parse(readFileSync(here("preprocess.jsonl"), "utf8"));

describe("the tensors that training makes of pictures are made again, byte for byte", () => {
  it.each(vectors)("$name", ({ picture, stream, camera, shape, bytes }) => {
    const data = noiseBytes(picture.seed, picture.bytes);
    const image: CameraImage = { stampMs: 0, ...picture, data };
    const preprocessor = createPreprocessor(
      Stream.parse(stream),
      camera === undefined ? {} : { intrinsicsOf: () => intrinsics(picture, camera) },
    );
    const out = preprocessor.makeData();
    preprocessor.write(image, out);
    expect(preprocessor.shape).toEqual(shape);
    expect(Buffer.from(out.buffer).toString("base64")).toBe(bytes);
  });
});

function intrinsics({ widthPx, heightPx }: Vector["picture"], camera: Camera): CameraIntrinsics {
  const { fx, fy, cx, cy } = camera;
  return { widthPx, heightPx, fxPx: fx, fyPx: fy, cxPx: cx, cyPx: cy };
}

const python = "/usr/bin/python3";
const hasNumpy = spawnSync(python, ["-c", "import numpy"]).status === 0;
const training: Peer<{ readonly python: string }> = hasNumpy
  ? { programs: { python } }
  : { missing: `${python} has no numpy` };

describePeer("training's own preprocessing", training, () => {
  it("prints the vectors as they are committed", () => {
    const options = { encoding: "utf8", maxBuffer: 1 << 24 } as const;
    const printed = execFileSync(python, ["-B", here("preprocess_vectors.py")], options);
    expect(parse(printed)).toEqual(vectors);
  });
});
