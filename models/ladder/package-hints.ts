/** Smallest, usual and largest shape of each open input of a graph, by its name in the graph. */
export type ShapeProfile = Readonly<
  Record<
    string,
    {
      readonly min: readonly number[];
      readonly opt: readonly number[];
      readonly max: readonly number[];
    }
  >
>;

/** What a package says of the providers it may run on. All of it is optional. */
export interface PackageHints {
  /** The providers its maker tried, as the ladder names them; undefined: any. */
  readonly providers?: readonly string[];
  /** False: half precision is known to break it. */
  readonly allowsFp16?: boolean;
  /** By file of the graph; what TensorRT builds its engine for. */
  readonly profiles?: ReadonlyMap<string, ShapeProfile>;
}

/** The parts of a manifest the ladder reads. */
export interface HintedManifest {
  readonly requires: {
    readonly providers?: readonly string[] | undefined;
    readonly allows_fp16?: boolean | undefined;
  };
  readonly graphs: Readonly<Record<string, HintedGraph | undefined>>;
}

interface HintedGraph {
  readonly file: string;
  readonly profile?: ShapeProfile | undefined;
  readonly providers: Readonly<Record<string, { readonly file?: string | undefined }>>;
}

export function hintsOf({ requires, graphs }: HintedManifest): PackageHints {
  const { providers, allows_fp16: allowsFp16 } = requires;
  const profiles = new Map<string, ShapeProfile>();
  for (const graph of Object.values(graphs)) {
    if (graph?.profile === undefined) continue;
    const twins = Object.values(graph.providers).map((twin) => twin.file);
    for (const file of [graph.file, ...twins]) {
      if (file !== undefined) profiles.set(file, graph.profile);
    }
  }
  return {
    ...(providers === undefined ? {} : { providers }),
    ...(allowsFp16 === undefined ? {} : { allowsFp16 }),
    profiles,
  };
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
