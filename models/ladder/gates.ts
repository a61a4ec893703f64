import type { NodeAssignment } from "../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import type { Gate, GraphShare, RungRefusal } from "../../bridge/contract/model-status.ts";
import type { WorldModel } from "../../bridge/contract/world-model.ts";
import { isSameProvider } from "./package-hints.ts";
import { rehearse, rehearseTicks, warmUpTicks } from "./rehearsal.ts";
import type { OpenedGraph } from "./rung-engine.ts";
import { budgetMsOf, isCpu, type LadderPlan, type Rung } from "./rung.ts";

export type GateResult =
  | { readonly passed: true; readonly tickMsP99: number; readonly lateBy?: RungRefusal }
  | { readonly passed: false; readonly refusal: RungRefusal };

/** What the golden rollout found, by the code it failed with; the rest of the opening is loading. */
const gateOfCode: Readonly<Partial<Record<ErrorCode, Gate>>> = {
  [ErrorCode.EngineRun]: "warm-up",
  [ErrorCode.EngineTerminated]: "warm-up",
  [ErrorCode.EngineDevice]: "warm-up",
  [ErrorCode.ModelGolden]: "golden",
  [ErrorCode.ModelOutput]: "golden",
};

/** Codes of a package that is wrong in itself: no other rung would mend it. */
const packageFaults: readonly ErrorCode[] = [
  ErrorCode.ModelMissing,
  ErrorCode.ModelManifest,
  ErrorCode.ModelHash,
  ErrorCode.ModelUnsupported,
];

/** True when the package is at fault rather than the rung: the ladder ends, with this error. */
export const isPackageFault = (error: unknown): boolean =>
  error instanceof BridgeError && packageFaults.includes(error.code);

/** A failure while the model was opened or warmed up, as the gate it belongs to. */
export function refusalOf(rung: Rung, error: unknown, during: Gate, graph?: string): RungRefusal {
  const gate = error instanceof BridgeError ? (gateOfCode[error.code] ?? during) : during;
  return {
    provider: rung.request.name,
    gate,
    ...(graph === undefined || gate !== "loads" ? {} : { graph }),
    found: errorText(error),
    expected: expectedAt[gate],
  };
}

const expectedAt: Readonly<Record<Gate, string>> = {
  present: "its hardware and a build with it",
  package: "a provider the package names",
  loads: "a session",
  "warm-up": `${warmUpTicks} runs without an error`,
  golden: "the golden rollout within the package's tolerance",
  assignment: "nodes of every graph",
  deadline: "a tick within its budget",
  serves: "a worker that lives",
};

/** Warm-up, assignment and deadline: what is asked once the model is open and its golden rollout reproduced. */
export async function passGates(
  model: WorldModel,
  graphs: readonly OpenedGraph[],
  rung: Rung,
  plan: LadderPlan,
): Promise<GateResult> {
  const horizonSteps = Math.min(plan.horizonSteps, model.description.maxHorizonSteps);
  const budgetMs = budgetMsOf(plan.tickBudgetMs, model.description);
  try {
    await rehearseTicks(model, horizonSteps, warmUpTicks);
    const misassigned = isCpu(rung) ? undefined : assignmentRefusal(graphs, rung);
    if (misassigned !== undefined) return { passed: false, refusal: misassigned };
    const { tickMsP99 } = await rehearse(model, horizonSteps, budgetMs);
    if (tickMsP99 <= budgetMs) return { passed: true, tickMsP99 };
    const refusal = deadlineRefusal(rung, tickMsP99, budgetMs);
    if (!plan.lastMayBeLate || plan.rungs.at(-1) !== rung) return { passed: false, refusal };
    return { passed: true, tickMsP99, lateBy: refusal };
  } catch (error) {
    return { passed: false, refusal: refusalOf(rung, error, "warm-up") };
  }
}

function deadlineRefusal(rung: Rung, tickMsP99: number, budgetMs: number): RungRefusal {
  return {
    provider: rung.request.name,
    gate: "deadline",
    found: `a tick takes ${tickMsP99.toFixed(2)} ms at p99`,
    expected: `at most ${budgetMs} ms`,
  };
}

/** The first graph of which the provider has too little; where the library cannot say, nothing is refused. */
function assignmentRefusal(graphs: readonly OpenedGraph[], rung: Rung): RungRefusal | undefined {
  const provider = rung.request.name;
  const own = graphs.filter((graph) => !graph.isExempt);
  if (own.length === 0) {
    const found = "the package puts every graph on cpu";
    return { provider, gate: "assignment", found, expected: "a graph for this provider" };
  }
  for (const { graph, assignment } of own) {
    if (assignment === undefined) continue;
    const allCount = assignment.reduce((sum, { nodeCount }) => sum + nodeCount, 0);
    const ownCount = assignment
      .filter((entry) => isSameProvider(entry.provider, provider))
      .reduce((sum, { nodeCount }) => sum + nodeCount, 0);
    if (ownCount > 0 && ownCount >= rung.minNodeShare * allCount) continue;
    const share = Math.round(rung.minNodeShare * 100);
    return {
      provider,
      gate: "assignment",
      graph,
      found: `${ownCount} of ${allCount} nodes`,
      expected: share === 0 ? "at least one" : `at least ${share} %`,
    };
  }
  return undefined;
}

/** As it is published. */
export const sharesOf = (graphs: readonly OpenedGraph[]): readonly GraphShare[] =>
  graphs.map(({ graph, assignment }) => ({ graph, nodeCounts: nodeCountsOf(assignment) }));

function nodeCountsOf(
  assignment: readonly NodeAssignment[] | undefined,
): Readonly<Record<string, number>> | undefined {
  if (assignment === undefined) return undefined;
  return Object.fromEntries(assignment.map(({ provider, nodeCount }) => [provider, nodeCount]));
}
