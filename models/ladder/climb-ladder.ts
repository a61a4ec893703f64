import type { Engine, SessionOptions } from "../../bridge/contract/engine.ts";
import {
  BridgeError,
  errorText,
  ErrorCode,
  textWithoutCode,
} from "../../bridge/contract/errors.ts";
import {
  refusalText,
  type GraphShare,
  type RungRefusal,
} from "../../bridge/contract/model-status.ts";
import type { WorldModel } from "../../bridge/contract/world-model.ts";
import type { NvidiaFacts } from "../probe/nvidia-facts.ts";
import { openEngineCache, pruneEngineCache } from "./engine-cache.ts";
import { isPackageFault, passGates, refusalOf, sharesOf } from "./gates.ts";
import { isSameProvider, type PackageHints } from "./package-hints.ts";
import { buildsEngines, completed, usesFp16, type OptionSettings } from "./provider-options.ts";
import { RungEngine } from "./rung-engine.ts";
import { cpuRung, isCpu, type LadderPlan, type Rung } from "./rung.ts";

export interface ClimbOptions<M extends WorldModel> {
  /** Borrowed. */
  readonly engine: Engine;
  readonly plan: LadderPlan;
  readonly modelSha256: string;
  readonly hints: PackageHints;
  /** What the package asks of this rung for each of its graphs: for the key of the engine cache. */
  readonly sessionsOn: (rung: Rung) => readonly Pick<SessionOptions, "name" | "provider">[];
  readonly nvidia: () => NvidiaFacts;
  /** Opens the package on `engine` and proves it on its golden rollout. */
  readonly open: (engine: Engine, rung: Rung) => Promise<M>;
  /** A rung is tried: what was opened on the one before is closed. */
  readonly onRung: (rung: Rung) => void;
  readonly onTerminateHandle: (handle: bigint) => void;
}

/** A model on the best rung that passed every gate. */
export interface Climbed<M extends WorldModel> extends AsyncDisposable {
  readonly model: M;
  readonly provider: string;
  readonly graphs: readonly GraphShare[];
  readonly tickMsP99: number;
  /** Of the rungs above, and of this one if it is let in late. */
  readonly refusals: readonly RungRefusal[];
}

/**
 * Tries the rungs in order; the first that passes its gates is taken. What a refused rung opened is
 * closed before the next is tried.
 *
 * @throws BridgeError with `details.refusals` when none passes: `engine/ladder`, or the error of the only
 * rung; the package's own error (`model/hash`, `model/manifest` ...) when no rung could mend it.
 */
export async function climbLadder<M extends WorldModel>(
  options: ClimbOptions<M>,
): Promise<Climbed<M>> {
  const refusals: RungRefusal[] = [];
  let error: unknown;
  for (const rung of options.plan.rungs) {
    const unlisted = packageRefusal(rung, options.hints);
    if (unlisted !== undefined) {
      refusals.push(unlisted);
      continue;
    }
    options.onRung(rung);
    const result = await tryRung(options, rung);
    refusals.push(...result.refusals);
    error = result.error;
    if (result.climbed !== undefined) return { ...result.climbed, refusals };
  }
  throw ladderError(refusals, error);
}

/** One refusal that was an error is that error; of several, all are said. */
function ladderError(refusals: readonly RungRefusal[], cause: unknown): BridgeError {
  const details = { refusals };
  if (refusals.length === 1 && cause instanceof BridgeError) {
    const text = textWithoutCode(cause);
    return new BridgeError(cause.code, text, { details, cause });
  }
  const text = `no provider passed: ${refusals.map(refusalText).join("; ")}`;
  return new BridgeError(ErrorCode.EngineLadder, text, { details });
}

/** A package that names its providers is not tried on others, unless the user asked for them. */
function packageRefusal(rung: Rung, { providers }: PackageHints): RungRefusal | undefined {
  const { name } = rung.request;
  if (rung.asked === "user" || isCpu(rung) || providers === undefined) return undefined;
  if (providers.some((listed) => isSameProvider(listed, name))) return undefined;
  return {
    provider: name,
    gate: "package",
    found: `the package names ${providers.join(", ")}`,
    expected: name,
  };
}

interface Tried<M extends WorldModel> {
  readonly climbed?: Omit<Climbed<M>, "refusals">;
  readonly refusals: readonly RungRefusal[];
  readonly error?: unknown;
}

async function tryRung<M extends WorldModel>(
  options: ClimbOptions<M>,
  rung: Rung,
): Promise<Tried<M>> {
  const { engine, plan } = options;
  const settings = await optionSettings(options, rung);
  const lane = new RungEngine({
    engine,
    complete: (request, graph) => completed(request, settings, graph),
    cudaGraph: plan.cudaGraph,
    onTerminateHandle: options.onTerminateHandle,
  });
  let model: M;
  try {
    model = await options.open(lane, rung);
  } catch (error) {
    await lane[Symbol.asyncDispose]();
    if (isPackageFault(error)) throw error;
    return { refusals: [refusalOf(rung, error, "loads", lane.lastGraph)], error };
  }
  const close = async (): Promise<void> => {
    await model[Symbol.asyncDispose]();
    await lane[Symbol.asyncDispose]();
  };
  const result = await passGates(model, lane.graphs, rung, plan);
  if (!result.passed) {
    await close();
    return { refusals: [result.refusal] };
  }
  const climbed = {
    model,
    provider: rung.request.name,
    graphs: sharesOf(lane.graphs),
    tickMsP99: result.tickMsP99,
    [Symbol.asyncDispose]: close,
  };
  return { climbed, refusals: result.lateBy === undefined ? [] : [result.lateBy] };
}

async function optionSettings(
  options: Pick<
    ClimbOptions<WorldModel>,
    "engine" | "plan" | "hints" | "modelSha256" | "nvidia" | "sessionsOn"
  >,
  rung: Rung,
): Promise<OptionSettings> {
  const { plan, hints } = options;
  const bare: OptionSettings = { rung, cudaGraph: plan.cudaGraph, hints, cacheFolder: undefined };
  if (plan.engineCache.folder === "" || !buildsEngines(rung.request.name)) return bare;
  const { gpuName, tensorrtVersion } = options.nvidia();
  const key = {
    modelSha256: options.modelSha256,
    onnxRuntimeVersion: options.engine.info.version,
    tensorrtVersion,
    gpuName,
    provider: rung.request.name,
    precision: usesFp16(bare) ? "fp16" : "fp32",
    options: Object.fromEntries(
      options
        .sessionsOn(rung)
        .map(({ name, provider = cpuRung.request }) => [
          name,
          completed(provider, bare, name).options ?? {},
        ]),
    ),
  };
  try {
    const cacheFolder = await openEngineCache(plan.engineCache.folder, key);
    await pruneEngineCache(plan.engineCache.folder, {
      maxBytes: plan.engineCache.maxBytes,
      keep: cacheFolder,
    });
    return { ...bare, cacheFolder };
  } catch (error) {
    // A cache that cannot be written costs time at the next start, not the provider.
    process.emitWarning(`engine cache ${plan.engineCache.folder}: ${errorText(error)}`);
    return bare;
  }
}
