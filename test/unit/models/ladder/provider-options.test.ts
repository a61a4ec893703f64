import { describe, expect, test } from "vitest";
import { hintsOf, type PackageHints } from "../../../../models/ladder/package-hints.ts";
import { completed, type OptionSettings } from "../../../../models/ladder/provider-options.ts";
import type { Rung } from "../../../../models/ladder/rung.ts";

const rung = (name: string, precision: Rung["precision"] = "fp32"): Rung => ({
  request: { name },
  asked: "user",
  precision,
  minNodeShare: 0,
});

function optionsOf(change: Partial<OptionSettings>, user: Record<string, string> = {}) {
  const settings: OptionSettings = {
    rung: rung("tensorrt"),
    cudaGraph: false,
    hints: {},
    cacheFolder: undefined,
    ...change,
  };
  const asked = { ...settings.rung.request, options: user };
  return completed(asked, settings, "graphs/step.onnx").options;
}

const profiled: PackageHints = hintsOf({
  requires: {},
  graphs: {
    step: {
      file: "graphs/step.onnx",
      profile: {
        image: { min: [1, 3, 64, 64], opt: [1, 3, 64, 64], max: [8, 3, 64, 64] },
        state: { min: [1, 64], opt: [4, 64], max: [8, 64] },
      },
      providers: {},
    },
  },
});

describe("the options a provider is given", () => {
  test.each<[string, Partial<OptionSettings>, Record<string, string>]>([
    ["TensorRT alone needs none", {}, {}],
    [
      "TensorRT keeps its engines and timings in the cache folder",
      { cacheFolder: "/cache/key" },
      {
        trt_engine_cache_enable: "1",
        trt_engine_cache_path: "/cache/key",
        trt_engine_cache_prefix: "step",
        trt_timing_cache_enable: "1",
        trt_timing_cache_path: "/cache/key",
      },
    ],
    [
      "TensorRT computes in half precision when that is asked for",
      { rung: rung("tensorrt", "fp16") },
      { trt_fp16_enable: "1" },
    ],
    [
      "TensorRT does not when the package says that it breaks",
      { rung: rung("tensorrt", "fp16"), hints: { allowsFp16: false } },
      {},
    ],
    [
      "TensorRT builds for the shapes of the package",
      { hints: profiled },
      {
        trt_profile_min_shapes: "image:1x3x64x64,state:1x64",
        trt_profile_opt_shapes: "image:1x3x64x64,state:4x64",
        trt_profile_max_shapes: "image:8x3x64x64,state:8x64",
      },
    ],
    ["TensorRT captures graphs", { cudaGraph: true }, { trt_cuda_graph_enable: "1" }],
    ["CUDA captures graphs", { rung: rung("cuda"), cudaGraph: true }, { enable_cuda_graph: "1" }],
    ["CUDA casts nothing", { rung: rung("cuda", "fp16") }, {}],
    ["CUDA builds nothing", { rung: rung("cuda"), cacheFolder: "/cache/key" }, {}],
    [
      "the CUDA plugin is CUDA",
      { rung: rung("CudaPluginExecutionProvider"), cudaGraph: true },
      { enable_cuda_graph: "1" },
    ],
    [
      "OpenVINO keeps its blobs and may compute in half precision",
      { rung: rung("openvino", "fp16"), cacheFolder: "/cache/key" },
      { cache_dir: "/cache/key", precision: "FP16" },
    ],
    [
      "MIGraphX too",
      { rung: rung("migraphx", "fp16"), cacheFolder: "/cache/key" },
      { migraphx_model_cache_dir: "/cache/key", migraphx_fp16_enable: "1" },
    ],
    ["another provider is left to its user", { rung: rung("qnn", "fp16"), cudaGraph: true }, {}],
  ])("%s", (_, change, expected) => {
    expect(optionsOf(change)).toEqual(expected);
  });

  test("the user's word stands above ours", () => {
    const user = { trt_fp16_enable: "0", device_id: "1" };
    expect(optionsOf({ rung: rung("tensorrt", "fp16") }, user)).toEqual(user);
  });

  test("a twin of a graph is built for the same shapes", () => {
    const shapes = { x: { min: [1], opt: [1], max: [2] } };
    const graphs = {
      a: { file: "a.onnx", profile: shapes, providers: { tensorrt: { file: "a.trt.onnx" } } },
      b: { file: "b.onnx", providers: {} },
    };
    const { profiles } = hintsOf({ requires: {}, graphs });
    expect([...(profiles?.keys() ?? [])]).toEqual(["a.onnx", "a.trt.onnx"]);
  });
});
