// A camera picture as a 3 x 128 x 128 float tensor: ours against a Resize in the graph and against sharp.
import sharp from "sharp";
import { afterAll, bench, describe } from "vitest";
import type { EngineBinding } from "../../bridge/contract/engine.ts";
import { createPreprocessor } from "../../models/inference/image/preprocessor.ts";
import { openEngine } from "../../models/engine/open-engine.ts";
import { Stream } from "../../models/package/streams.ts";
import { noiseImage } from "../fakes/noise-image.ts";
import { onnxModel } from "../fakes/onnx-writer.ts";

const sizePx = 128;
const stream = { size: [sizePx, sizePx], resize: "stretch", range: [-1, 1] } as const;
sharp.concurrency(1);
sharp.cache(false);
const engine = await openEngine({ engine: "ort-ffi" });
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

/** uint8 rows of rgb, resized while they are bytes, then planes of floats: the cheapest order. */
async function resizeInGraph(
  data: Uint8Array,
  widthPx: number,
  heightPx: number,
): Promise<EngineBinding> {
  const shape = [1, heightPx, widthPx, 3];
  const model = onnxModel({
    name: "resize",
    inputs: [{ name: "image", shape, elementType: 2 }],
    outputs: [{ name: "tensor", shape: [1, 3, sizePx, sizePx] }],
    initializers: [
      { name: "sizes", shape: [4], data: [1n, BigInt(sizePx), BigInt(sizePx), 3n] },
      { name: "gain", shape: [1], data: [2 / 255] },
      { name: "one", shape: [1], data: [1] },
    ],
    nodes: [
      {
        op: "Resize",
        inputs: ["image", "", "", "sizes"],
        outputs: ["small"],
        attributes: { mode: "linear" },
      },
      {
        op: "Transpose",
        inputs: ["small"],
        outputs: ["planes"],
        attributes: { perm: [0, 3, 1, 2] },
      },
      { op: "Cast", inputs: ["planes"], outputs: ["floats"], attributes: { to: 1 } },
      { op: "Mul", inputs: ["floats", "gain"], outputs: ["scaled"] },
      { op: "Sub", inputs: ["scaled", "one"], outputs: ["tensor"] },
    ],
  });
  const session = await engine.openSession({ name: "resize", model });
  const out = new Float32Array(3 * sizePx * sizePx);
  return session.bind(
    { image: { data, shape } },
    { tensor: { data: out, shape: [1, 3, sizePx, sizePx] } },
  );
}

for (const [widthPx, heightPx] of [
  [640, 480],
  [1920, 1080],
] as const) {
  const rgb = noiseImage("rgb8", widthPx, heightPx);
  const inGraph = await resizeInGraph(rgb.data, widthPx, heightPx);
  const raw = { width: widthPx, height: heightPx, channels: 3 } as const;
  const floats = new Float32Array(3 * sizePx * sizePx);

  describe(`${widthPx} x ${heightPx} rgb8 to 3 x ${sizePx} x ${sizePx}`, () => {
    bench("ONNX Resize in the graph (reference)", () => {
      void inGraph.run();
    });
    for (const resampler of ["bilinear", "area"] as const) {
      const preprocessor = createPreprocessor(Stream.parse({ ...stream, resampler }));
      bench(resampler, () => {
        preprocessor.write(rgb, floats);
      });
    }
    for (const kernel of ["linear", "lanczos3"] as const) {
      bench(`sharp, ${kernel}, bytes only`, async () => {
        await sharp(rgb.data, { raw })
          .resize(sizePx, sizePx, { kernel, fit: "fill" })
          .raw()
          .toBuffer();
      });
    }
  });

  describe(`${widthPx} x ${heightPx}, bilinear, by encoding`, () => {
    for (const encoding of ["rgb8", "mono8", "nv12", "yuyv", "bayer_rggb8"] as const) {
      const image = noiseImage(encoding, widthPx, heightPx);
      const preprocessor = createPreprocessor(Stream.parse(stream));
      bench(encoding === "rgb8" ? "rgb8 (reference)" : encoding, () => {
        preprocessor.write(image, floats);
      });
    }
  });
}
