import { basename } from "node:path";
import type { ProviderRequest } from "../../bridge/contract/engine.ts";
import type { PackageHints, ShapeProfile } from "./package-hints.ts";
import type { Rung } from "./rung.ts";

export interface OptionSettings {
  readonly rung: Rung;
  readonly cudaGraph: boolean;
  readonly hints: PackageHints;
  /** Folder for engines this provider builds; undefined: keep none. */
  readonly cacheFolder: string | undefined;
}

type Options = Readonly<Record<string, string>>;

/**
 * The request a graph's session is opened with: what we set for this provider, in ONNX Runtime's own
 * spelling, and over it what the package and, above that, the user set.
 *
 * @param asked the user's request with the package's options in it.
 * @param graph file of the graph in its package.
 */
export function completed(
  asked: ProviderRequest,
  settings: OptionSettings,
  graph: string,
): ProviderRequest {
  const options = { ...ourOptions(settings, graph), ...asked.options };
  return Object.keys(options).length === 0 ? asked : { ...asked, options };
}

/** True for providers that spend long on building an engine which can be kept. */
export const buildsEngines = (name: string): boolean =>
  name === "tensorrt" || name === "openvino" || name === "migraphx";

function ourOptions(settings: OptionSettings, graph: string): Options {
  switch (settings.rung.request.name) {
    case "tensorrt":
      return tensorrtOptions(settings, graph);
    case "cuda":
    case "CudaPluginExecutionProvider":
      // Half precision on CUDA is the graph's own matter: this provider casts nothing.
      return settings.cudaGraph ? { enable_cuda_graph: "1" } : {};
    case "openvino":
      return {
        ...(settings.cacheFolder === undefined ? {} : { cache_dir: settings.cacheFolder }),
        ...(usesFp16(settings) ? { precision: "FP16" } : {}),
      };
    case "migraphx":
      return {
        ...(settings.cacheFolder === undefined
          ? {}
          : { migraphx_model_cache_dir: settings.cacheFolder }),
        ...(usesFp16(settings) ? { migraphx_fp16_enable: "1" } : {}),
      };
    default:
      return {};
  }
}

/** Asked for by the configuration and not refused by the package. */
export const usesFp16 = ({ rung, hints }: OptionSettings): boolean =>
  rung.precision === "fp16" && hints.allowsFp16 !== false;

// https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html, "Configurations".
function tensorrtOptions(settings: OptionSettings, graph: string): Options {
  const { cacheFolder, cudaGraph, hints } = settings;
  const profile = hints.profiles?.get(graph);
  return {
    ...(cacheFolder === undefined
      ? {}
      : {
          trt_engine_cache_enable: "1",
          trt_engine_cache_path: cacheFolder,
          trt_engine_cache_prefix: basename(graph, ".onnx"),
          trt_timing_cache_enable: "1",
          trt_timing_cache_path: cacheFolder,
        }),
    ...(usesFp16(settings) ? { trt_fp16_enable: "1" } : {}),
    ...(cudaGraph ? { trt_cuda_graph_enable: "1" } : {}),
    ...(profile === undefined ? {} : profileOptions(profile)),
  };
}

const profileOptions = (profile: ShapeProfile): Options => ({
  trt_profile_min_shapes: shapesText(profile, "min"),
  trt_profile_opt_shapes: shapesText(profile, "opt"),
  trt_profile_max_shapes: shapesText(profile, "max"),
});

/** `image:1x3x64x64,state:1x64`. */
const shapesText = (profile: ShapeProfile, which: "min" | "opt" | "max"): string =>
  Object.entries(profile)
    .map(([input, shapes]) => `${input}:${shapes[which].join("x")}`)
    .join(",");
