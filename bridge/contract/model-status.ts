/**
 * What an execution provider has to pass before it serves (models/ladder/README.md says when each is
 * passed). `present` costs nothing; `serves` is what a rung fails that passed them all and died at work.
 */
export type Gate =
  "present" | "package" | "loads" | "warm-up" | "golden" | "assignment" | "deadline" | "serves";

/** Which nodes of a graph a provider was given. */
export interface GraphShare {
  /** The graph's file in its package. */
  readonly graph: string;
  /** Nodes by execution provider, in ONNX Runtime's names; undefined: this library cannot say. */
  readonly nodeCounts: Readonly<Record<string, number>> | undefined;
}

/** Why a rung of the provider ladder does not serve: one gate, what was found, what was expected. */
export interface RungRefusal {
  readonly provider: string;
  readonly gate: Gate;
  /** Undefined when it is no single graph's matter. */
  readonly graph?: string;
  readonly found: string;
  readonly expected: string;
}

/** One line for people and logs: `tensorrt: present: no NVIDIA device node, expected /dev/nvidia0`. */
export function refusalText(refusal: RungRefusal): string {
  const { provider, gate, graph, found, expected } = refusal;
  const where = graph === undefined ? "" : ` (${graph})`;
  return `${provider}: ${gate}${where}: ${found}, expected ${expected}`;
}

/** How the running model came to be what it is, and how it fares. Counters count since the service started. */
export interface ModelStatus {
  /** `absent`: between a death and the next worker. */
  readonly state: "serving" | "absent" | "closed";
  /** What a second worker is at in the background: a package and the providers it tries, best first. */
  readonly building:
    | {
        readonly packagePath: string;
        readonly providers: readonly string[];
        readonly forMs: number;
      }
    | undefined;
  readonly refusals: readonly RungRefusal[];
  /** Times another worker took over at a step boundary: a better provider, or another package. */
  readonly swapCount: number;
  readonly restartCount: number;
  /** Calls that were not answered within the tick budget. */
  readonly missedCount: number;
  /** Runs ended through the engine because they took two budgets. */
  readonly terminatedCount: number;
  /** Workers whose native code did not come back; their threads stay until the process ends. */
  readonly abandonedCount: number;
  readonly tickBudgetMs: number;
  /** Why the last asked-for package was not taken; undefined after a success. */
  readonly lastUseError: string | undefined;
}
