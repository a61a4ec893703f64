import type { Graph } from "./graph-schema.ts";
import type { ManifestProblem } from "./rules.ts";

type Path = readonly (string | number)[];

/** A value the encoder makes of one observation, `latent.obs`, and its place in the next graph, `latent.cur`. */
export const observedPattern = /^(?!proprio\.|action\.|pred\.)[a-z][a-z0-9_]*\.obs$/;
export const currentPattern = /^(?!pred\.)[a-z][a-z0-9_]*\.cur$/;
export const predictedPattern = /^pred\.[a-z][a-z0-9_]*\.(mean|std|logvar)$/;
/** What one camera brings to an observation: the picture, whether there is one, and how old it is. */
export const streamRoles = (streams: object): string[] =>
  Object.keys(streams).flatMap((name) => [
    `stream:${name}`,
    `has_frame:${name}`,
    `frame_age:${name}`,
  ]);
/** An output that nobody reads; any number of them. */
export const ignored = "ignored";

/** Which roles one side of a graph must and may have. */
export interface RoleTable {
  readonly required?: readonly string[];
  readonly optional?: readonly string[];
  /** Families of names that are welcome too, with the words to describe them. */
  readonly patterns?: readonly (readonly [RegExp, string])[];
}

/** Every required role is there, every role is known, and none is given twice. */
export function* expectRoles(
  path: Path,
  roles: Readonly<Record<string, string>>,
  { required = [], optional = [], patterns = [] }: RoleTable,
): Generator<ManifestProblem> {
  const given = Object.values(roles);
  for (const role of required) {
    if (!given.includes(role)) yield { path, message: `no entry has the role ${role}` };
  }
  const seen = new Set<string>();
  const known = [...required, ...optional];
  for (const [graphName, role] of Object.entries(roles)) {
    if (!known.includes(role) && !patterns.some(([pattern]) => pattern.test(role))) {
      const expected = [...known, ...patterns.map(([, words]) => words)].join(", ");
      yield {
        path: [...path, graphName],
        message: `${role} is not a role here, expected ${expected}`,
      };
    }
    if (seen.has(role) && role !== ignored) {
      yield { path: [...path, graphName], message: `${role} appears twice` };
    }
    seen.add(role);
  }
}

/** The graph a program runs, or a problem at `path`. */
export function* expectGraph(
  graphs: Readonly<Record<string, Graph>>,
  path: Path,
  run: string,
): Generator<ManifestProblem, Graph | undefined> {
  const graph = Object.hasOwn(graphs, run) ? graphs[run] : undefined;
  if (graph === undefined) {
    const known = Object.keys(graphs).join(", ");
    yield { path, message: `${run} is no graph of this package, it has ${known}` };
  }
  return graph;
}

/** Every graph is run by some program: one that is never run is a mistake in the manifest. */
export function* idleGraphs(
  graphs: Readonly<Record<string, Graph>>,
  run: readonly string[],
): Generator<ManifestProblem> {
  for (const graph of Object.keys(graphs)) {
    if (!run.includes(graph)) yield { path: ["graphs", graph], message: "no program runs it" };
  }
}
