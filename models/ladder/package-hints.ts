/** Smallest, usual and largest shape of each input of a graph, by its name in the graph. */
export interface ShapeProfile {
  readonly min: Readonly<Record<string, readonly number[]>>;
  readonly opt: Readonly<Record<string, readonly number[]>>;
  readonly max: Readonly<Record<string, readonly number[]>>;
}

/** What a package says of the providers it may run on. All of it is optional. */
export interface PackageHints {
  /** The providers its maker tried, as the ladder names them; undefined: any. */
  readonly providers?: readonly string[];
  /** Half precision keeps its golden rollout within tolerance, as its maker measured. */
  readonly allowsFp16?: boolean;
  /** By file of the graph; what TensorRT builds its engine for. */
  readonly profiles?: ReadonlyMap<string, ShapeProfile>;
}

/** The parts of a manifest the ladder reads. */
interface HintedManifest {
  readonly requires: object & { readonly providers?: readonly string[] | undefined };
}

export function hintsOf(manifest: HintedManifest): PackageHints {
  const { providers } = manifest.requires;
  return providers === undefined ? {} : { providers };
}

/** ONNX Runtime's own names for what the ladder and the configuration call shorter. */
const shortNames: Readonly<Record<string, string>> = {
  CPUExecutionProvider: "cpu",
  CUDAExecutionProvider: "cuda",
  CudaPluginExecutionProvider: "cuda",
  TensorrtExecutionProvider: "tensorrt",
  NvTensorRTRTXExecutionProvider: "tensorrt",
  OpenVINOExecutionProvider: "openvino",
  CANNExecutionProvider: "cann",
  QNNExecutionProvider: "qnn",
  MIGraphXExecutionProvider: "migraphx",
  WebGpuExecutionProvider: "webgpu",
  XnnpackExecutionProvider: "xnnpack",
};

/** `CUDAExecutionProvider` and `cuda` are the same; an unknown name stays as it is. */
export const shortProviderName = (name: string): string => shortNames[name] ?? name;

/** Is a node count under `reported`, ONNX Runtime's name, this provider's? */
export const isSameProvider = (reported: string, name: string): boolean =>
  reported === name || shortProviderName(reported) === shortProviderName(name);
