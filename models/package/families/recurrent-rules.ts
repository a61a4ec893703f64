import { unlisted } from "../common-rules.ts";
import type { Graph } from "../graph-schema.ts";
import {
  currentPattern,
  expectGraph,
  expectRoles,
  idleGraphs,
  ignored,
  observedPattern,
  predictedPattern,
  streamRoles,
  type RoleTable,
} from "../role-rules.ts";
import { rule, type ManifestProblem, type Rule } from "../rules.ts";
import type { RecurrentManifest } from "./recurrent-latent.ts";
import { calibrationProblems, headProblems, oodProblems } from "./uncertainty-rules.ts";

type M = RecurrentManifest;
type Wiring = Pick<M, "graphs" | "states" | "programs" | "streams">;

export const recurrentRules: readonly Rule[] = [
  rule<M, "states" | "files">(["states", "files"], stateProblems),
  rule<M, "graphs" | "states" | "programs" | "streams">(
    ["graphs", "states", "programs", "streams"],
    wiringProblems,
  ),
  rule<M, "graphs" | "programs" | "uncertainty">(
    ["graphs", "programs", "uncertainty"],
    predictionProblems,
  ),
  rule<M, "uncertainty" | "embodiment" | "timing">(
    ["uncertainty", "embodiment", "timing"],
    calibrationProblems,
  ),
];

/** 4 GiB of float32: far beyond any recurrent state, within what one typed array can be. */
const maxStateElements = 2 ** 30;

function* stateProblems({ states, files }: Pick<M, "states" | "files">) {
  const seen = new Set<string>();
  for (const [index, { name, shape, init }] of states.entries()) {
    if (seen.has(name)) {
      yield { path: ["states", index, "name"], message: `${name} is declared twice` };
    }
    seen.add(name);
    const elements = shape.reduce((product, size) => product * size, 1);
    if (elements > maxStateElements) {
      const message = `has ${elements} elements, limit is ${maxStateElements}`;
      yield { path: ["states", index, "shape"], message };
    }
    if (shape[0] !== 1) {
      const message = `the batch axis is ${shape[0] ?? 0}, expected 1`;
      yield { path: ["states", index, "shape"], message };
    }
    if (init === "zeros") continue;
    if ("file" in init) yield* unlisted(files, [[init.file, ["states", index, "init", "file"]]]);
    else if (init.values.length !== elements) {
      const message = `has ${init.values.length} values, the shape is [${shape.join(", ")}]`;
      yield { path: ["states", index, "init", "values"], message };
    }
  }
}

/** Follows the values from one run to the next: what is read must have been made. */
function* wiringProblems(manifest: Wiring): Generator<ManifestProblem> {
  const { graphs, states, streams, programs } = manifest;
  const stateRoles = states.map((state) => `state:${state.name}`);
  const made = yield* observeProblems(manifest, stateRoles);
  const predict = yield* expectGraph(graphs, ["programs", "predict", "run"], programs.predict.run);
  if (predict !== undefined) yield* predictProblems(manifest, predict, made);
  const { preview } = programs;
  if (preview !== undefined) {
    const decode = yield* expectGraph(graphs, ["programs", "preview", "run"], preview.run);
    if (decode !== undefined) {
      yield* previewProblems(preview.run, decode, predict, Object.keys(streams));
    }
  }
  const run = [
    ...programs.observe.map((step) => step.run),
    programs.predict.run,
    preview?.run ?? "",
  ];
  yield* idleGraphs(graphs, run);
}

function* observeProblems(
  { graphs, streams, programs }: Wiring,
  stateRoles: readonly string[],
): Generator<ManifestProblem, ReadonlySet<string>> {
  const given = ["proprio.cur", "action.cur", ...streamRoles(streams)];
  const made = new Set<string>();
  const written: string[] = [];
  for (const [index, { run, when }] of programs.observe.entries()) {
    const path = ["programs", "observe", index];
    const graph = yield* expectGraph(graphs, [...path, "run"], run);
    if (when !== undefined && !given.includes(when)) {
      yield { path: [...path, "when"], message: `${when} is of no stream of this package` };
    }
    if (graph === undefined) continue;
    const optional = [...given, ...stateRoles, ...[...made].flatMap(asInput)];
    yield* expectRoles(["graphs", run, "in"], graph.in, { optional });
    yield* expectRoles(["graphs", run, "out"], graph.out, observeOutputs(stateRoles));
    for (const role of Object.values(graph.out)) {
      if (role.startsWith("state:")) written.push(role);
      else made.add(role);
    }
  }
  for (const role of stateRoles) {
    const count = written.filter((each) => each === role).length;
    if (count === 1) continue;
    const message = count === 0 ? `nothing writes ${role}` : `${role} is written ${count} times`;
    yield { path: ["programs", "observe"], message };
  }
  return made;
}

/** A value is read under its own name, and what was observed also as the current one. */
const asInput = (role: string): string[] =>
  observedPattern.test(role) ? [role, role.replace(/obs$/, "cur")] : [role];

const observeOutputs = (stateRoles: readonly string[]): RoleTable => ({
  optional: [...stateRoles, "pred.ood", ignored],
  patterns: [
    [observedPattern, "<name>.obs"],
    [predictedPattern, "pred.<head>.mean, .std or .logvar"],
  ],
});

function* predictProblems(
  { states, programs }: Wiring,
  graph: Graph,
  made: ReadonlySet<string>,
): Generator<ManifestProblem> {
  const { predict } = programs;
  const stateRoles = states.map((state) => `state:${state.name}`);
  const observed = [...made].filter((role) => observedPattern.test(role)).flatMap(asInput);
  const given = ["proprio.cur", "action.cur", ...stateRoles, ...observed];
  const path = ["graphs", predict.run];
  const heads = { optional: ["pred.ood", ignored], patterns: [predictedRole] };
  if (!("repeat" in predict)) {
    yield* expectRoles([...path, "in"], graph.in, { required: ["actions"], optional: given });
    yield* expectRoles([...path, "out"], graph.out, heads);
    return;
  }
  const fed = Object.keys(predict.feed);
  const runsInObserve = programs.observe.some((step) => step.run === predict.run);
  if (!runsInObserve) {
    yield* expectRoles([...path, "in"], graph.in, {
      optional: [...new Set([...given, "action.next", ...fed])],
    });
    yield* expectRoles([...path, "out"], graph.out, {
      ...heads,
      optional: [...heads.optional, ...stateRoles],
    });
  }
  yield* feedProblems(predict, graph, [...given, "action.next"]);
  for (const role of Object.values(graph.in)) {
    if (!role.startsWith("state:") || Object.values(graph.out).includes(role)) continue;
    yield { path: [...path, "out"], message: `no entry has the role ${role}, which it reads` };
  }
}

const predictedRole = [predictedPattern, "pred.<head>.mean, .std or .logvar"] as const;

function* feedProblems(
  predict: Extract<M["programs"]["predict"], { repeat: "horizon" }>,
  graph: Graph,
  given: readonly string[],
): Generator<ManifestProblem> {
  const path = ["programs", "predict", "feed"];
  const reads = Object.values(graph.in);
  const makes = Object.values(graph.out);
  for (const [role, source] of Object.entries(predict.feed)) {
    if (!reads.includes(role)) {
      yield { path: [...path, role], message: `${predict.run} does not read ${role}` };
    }
    if (typeof source === "number") continue;
    if (!makes.includes(source)) {
      yield { path: [...path, role], message: `${predict.run} does not make ${source}` };
    }
    if (!currentPattern.test(role) || role === "action.cur") {
      yield { path: [...path, role], message: `${role} cannot be fed with a prediction` };
    }
    if (role === "proprio.cur" && source !== "pred.proprio.mean") {
      yield { path: [...path, role], message: "expected pred.proprio.mean" };
    }
  }
  for (const role of reads) {
    const isHeld = given.includes(role) || role in predict.feed;
    if (!isHeld || (role.startsWith("has_frame:") && !(role in predict.feed))) {
      yield { path, message: `${predict.run} reads ${role}, and nothing feeds it` };
    }
    if (role.startsWith("stream:")) {
      yield { path, message: `${role} cannot be read while predicting: nothing has been seen yet` };
    }
  }
}

function* previewProblems(
  run: string,
  decode: Graph,
  predict: Graph | undefined,
  streams: readonly string[],
): Generator<ManifestProblem> {
  const path = ["graphs", run];
  const optional = Object.values(predict?.out ?? {}).filter((role) =>
    /^pred\..+\.mean$/.test(role),
  );
  yield* expectRoles([...path, "in"], decode.in, { optional });
  const previews = streams.map((stream) => `preview.${stream}`);
  yield* expectRoles([...path, "out"], decode.out, { optional: [...previews, ignored] });
  for (const [side, roles] of Object.entries({ in: decode.in, out: decode.out })) {
    const count = Object.values(roles).filter((role) => role !== ignored).length;
    if (count !== 1) {
      yield {
        path: [...path, side],
        message: `has ${count} roles, expected one latent, one picture`,
      };
    }
  }
}

function* predictionProblems({
  graphs,
  programs,
  uncertainty,
}: Pick<M, "graphs" | "programs" | "uncertainty">): Generator<ManifestProblem> {
  const { predict } = programs;
  const graph = Object.hasOwn(graphs, predict.run) ? graphs[predict.run] : undefined;
  if (graph === undefined) return;
  yield* headProblems(["graphs", predict.run, "out"], Object.values(graph.out), uncertainty);
  const observeRoles = programs.observe.flatMap((step) =>
    Object.values(graphs[step.run]?.out ?? {}),
  );
  yield* oodProblems([...Object.values(graph.out), ...observeRoles], uncertainty);
  if (!("repeat" in predict) || predict.first !== "observe") return;
  for (const role of Object.values(graph.out)) {
    if (!role.startsWith("pred.") || role === "pred.ood" || observeRoles.includes(role)) continue;
    const message = `observe makes no ${role}, which the first step needs`;
    yield { path: ["programs", "predict", "first"], message };
  }
}
