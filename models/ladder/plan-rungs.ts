import type { ProviderRequest } from "../../bridge/contract/engine.ts";
import { cpuRung, isCpu, type Rung } from "./rung.ts";

/** The name under which NVIDIA's CUDA plugin reports itself (its release 0.1.0, August 2026). */
const cudaPluginName = "CudaPluginExecutionProvider";

export interface ProviderSettings {
  /** `auto`: tensorrt, then cuda, then cpu. */
  readonly providers: "auto" | readonly (string | ProviderRequest)[];
  /** A CUDA plugin for libraries that were not built with CUDA; empty: none. */
  readonly cudaPluginLibrary: string;
  readonly precision: "fp32" | "fp16";
  readonly minNodeShare: number;
  /** Try cpu last although the list does not name it. */
  readonly cpuFallback: boolean;
}

/** The ladder a configuration asks for, best rung first. */
export function planRungs(settings: ProviderSettings): readonly Rung[] {
  const { providers, precision, minNodeShare } = settings;
  const asked = providers === "auto" ? "auto" : "user";
  const requests = providers === "auto" ? autoRequests(settings) : providers.map(requestOf);
  const rungs = requests.map((request): Rung => {
    if (request.name === "cpu") return { ...cpuRung, request, asked };
    return { request, asked, precision, minNodeShare };
  });
  if (rungs.some(isCpu) || !settings.cpuFallback) return rungs;
  return [...rungs, cpuRung];
}

function autoRequests({ cudaPluginLibrary }: ProviderSettings): readonly ProviderRequest[] {
  const plugin = { name: cudaPluginName, library: cudaPluginLibrary };
  return [
    { name: "tensorrt" },
    { name: "cuda" },
    ...(cudaPluginLibrary === "" ? [] : [plugin]),
    { name: "cpu" },
  ];
}

const requestOf = (provider: string | ProviderRequest): ProviderRequest =>
  typeof provider === "string" ? { name: provider } : provider;
