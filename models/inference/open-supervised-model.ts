import { existsSync } from "node:fs";
import type { LadderPlan, TickBudget } from "../ladder/rung.ts";
import type { OpenModel } from "./candidate.ts";
import { openInferenceWorker, type InferenceWorkerOptions } from "./inference-client.ts";
import { ModelSupervisor, type ModelSupervisorOptions } from "./model-supervisor.ts";

export interface SupervisedModelOptions extends Omit<ModelSupervisorOptions, "open" | "exists"> {
  readonly worker: Omit<
    InferenceWorkerOptions,
    "packageFolder" | "ladder" | "tickBudgetMs" | "signal"
  >;
  readonly ladder: Pick<LadderPlan, "horizonSteps" | "cudaGraph" | "engineCache">;
  readonly tickBudgetMs: TickBudget;
  readonly buildTimeoutMs: number;
}

/** A package in inference workers, supervised: what the service opens. */
export async function openSupervisedModel(
  options: SupervisedModelOptions,
): Promise<ModelSupervisor> {
  return await ModelSupervisor.open({
    ...options,
    exists: existsSync,
    open: workerOpener(options),
  });
}

function workerOpener(options: SupervisedModelOptions): OpenModel {
  const { worker, ladder, tickBudgetMs, buildTimeoutMs } = options;
  return async ({ packagePath, rungs, place, isLastResort, signal }) =>
    await openInferenceWorker({
      ...worker,
      packageFolder: packagePath,
      ladder: { ...ladder, rungs, lastMayBeLate: isLastResort, tickBudgetMs },
      tickBudgetMs,
      signal,
      ...(place === "background" ? { readyTimeoutMs: buildTimeoutMs } : {}),
    });
}
