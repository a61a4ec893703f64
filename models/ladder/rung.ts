import type { ProviderRequest } from "../../bridge/contract/engine.ts";

/** One provider to try, and what is asked of it. */
export interface Rung {
  readonly request: ProviderRequest;
  /** `auto`: from the default list, so it is left out where the package does not name it. */
  readonly asked: "auto" | "user";
  readonly precision: "fp32" | "fp16";
  /** Least share of each graph's nodes it must be given, 0..1; at least one node in any case. Not for cpu. */
  readonly minNodeShare: number;
}

/** In ms, or the step of the package, whatever that is. */
export type TickBudget = number | "step";

export const budgetMsOf = (budget: TickBudget, { stepS }: { readonly stepS: number }): number =>
  budget === "step" ? stepS * 1000 : budget;

/** How one package is opened on the best rung that passes. Plain data: it crosses to the worker. */
export interface LadderPlan {
  /** Best first. */
  readonly rungs: readonly Rung[];
  /** A rehearsed tick at p99 may take this long; `step`: as long as the package's step. */
  readonly tickBudgetMs: TickBudget;
  /** Steps each rehearsed tick predicts. */
  readonly horizonSteps: number;
  /**
   * True: the last rung is taken even if it is too slow, because a slow model with a published reason
   * is more use than none.
   */
  readonly lastMayBeLate: boolean;
  readonly cudaGraph: boolean;
  /** Where built engines are kept. */
  readonly engineCache: { readonly folder: string; readonly maxBytes: number };
}

/** The rung that is always there. */
export const cpuRung: Rung = {
  request: { name: "cpu" },
  asked: "auto",
  precision: "fp32",
  minNodeShare: 0,
};

export const isCpu = (rung: Rung): boolean => rung.request.name === "cpu";

/** For a model without a robot around it: nobody waits for its ticks. */
export const cpuOnlyPlan: LadderPlan = {
  rungs: [cpuRung],
  tickBudgetMs: Number.MAX_SAFE_INTEGER,
  horizonSteps: 1,
  lastMayBeLate: true,
  cudaGraph: false,
  engineCache: { folder: "", maxBytes: 0 },
};
