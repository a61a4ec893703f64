import { homedir } from "node:os";
import { join } from "node:path";
import type { ProviderRequest } from "../../bridge/contract/engine.ts";
import { planRungs } from "./plan-rungs.ts";
import type { LadderPlan, Rung, TickBudget } from "./rung.ts";

/** What the ladder reads of the configuration's `model` section; the schema is in bridge/config.ts. */
export interface ModelSection {
  readonly providers: "auto" | readonly (string | AskedProvider)[];
  readonly cpuFallback: boolean;
  readonly minNodeShareRatio: number;
  readonly precision: "fp32" | "fp16";
  readonly cudaGraph: boolean;
  readonly cudaPluginLibrary: string;
  readonly engineCacheFolder: string;
  readonly engineCacheMaxMiB: number;
  readonly buildTimeoutS: number;
  readonly tickBudgetMs: number;
  readonly horizonSteps: number;
}

interface AskedProvider {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
  readonly library?: string | undefined;
}

/** The configuration's `model` section as the provider ladder reads it. */
export interface ModelSettings {
  readonly rungs: readonly Rung[];
  readonly tickBudgetMs: TickBudget;
  readonly buildTimeoutMs: number;
  readonly ladder: Pick<LadderPlan, "horizonSteps" | "cudaGraph" | "engineCache">;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function modelSettings(model: ModelSection, environment: Environment): ModelSettings {
  const { tickBudgetMs, buildTimeoutS, horizonSteps, cudaGraph } = model;
  return {
    rungs: planRungs({
      providers: model.providers === "auto" ? "auto" : model.providers.map(requestOf),
      cudaPluginLibrary: model.cudaPluginLibrary,
      precision: model.precision,
      minNodeShare: model.minNodeShareRatio,
      cpuFallback: model.cpuFallback,
    }),
    tickBudgetMs: tickBudgetMs < 0 ? "step" : tickBudgetMs,
    buildTimeoutMs: buildTimeoutS * 1000,
    ladder: {
      horizonSteps,
      cudaGraph,
      engineCache: {
        folder: model.engineCacheFolder || defaultCacheFolder(environment),
        maxBytes: model.engineCacheMaxMiB * 2 ** 20,
      },
    },
  };
}

function requestOf(provider: string | AskedProvider): string | ProviderRequest {
  if (typeof provider === "string") return provider;
  const { name, options, library } = provider;
  return { name, options, ...(library === undefined ? {} : { library }) };
}

/** XDG Base Directory Specification 0.8: a relative XDG_CACHE_HOME is to be ignored. */
function defaultCacheFolder(environment: Environment): string {
  const asked = environment["XDG_CACHE_HOME"];
  const base = asked?.startsWith("/") === true ? asked : join(homedir(), ".cache");
  return join(base, "kairos-bridge", "engines");
}
