import type { Graph } from "../graph-schema.ts";
import {
  expectGraph,
  expectRoles,
  idleGraphs,
  ignored,
  predictedPattern,
  streamRoles,
} from "../role-rules.ts";
import { rule, type ManifestProblem, type Rule } from "../rules.ts";
import type { JepaManifest } from "./jepa-window.ts";
import { calibrationProblems, headProblems, oodProblems } from "./uncertainty-rules.ts";

type M = JepaManifest;
type Wiring = Pick<M, "graphs" | "states" | "programs" | "streams">;

export const jepaRules: readonly Rule[] = [
  rule<M, "graphs" | "states" | "programs" | "streams">(
    ["graphs", "states", "programs", "streams"],
    wiringProblems,
  ),
  rule<M, "graphs" | "programs" | "transforms" | "uncertainty" | "embodiment">(
    ["graphs", "programs", "transforms", "uncertainty", "embodiment"],
    predictionProblems,
  ),
  rule<M, "uncertainty" | "embodiment" | "timing">(
    ["uncertainty", "embodiment", "timing"],
    calibrationProblems,
  ),
];

function* wiringProblems({
  graphs,
  states,
  programs,
  streams,
}: Wiring): Generator<ManifestProblem> {
  const { predict, preview, goal } = programs;
  const names = states.map((ring) => ring.name);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) !== index) {
      yield { path: ["states", index, "name"], message: `${name} is declared twice` };
    }
  }
  const makesLatent = yield* encoderProblems({ graphs, states, programs, streams });
  for (const [index, ring] of states.entries()) {
    if (ring.of !== "latent.obs" || makesLatent) continue;
    yield { path: ["states", index, "of"], message: "no observe graph makes latent.obs" };
  }
  const predictor = yield* expectGraph(graphs, ["programs", "predict", "run"], predict.run);
  if (predictor !== undefined) {
    const path = ["graphs", predict.run];
    const rings = names.map((name) => `ring:${name}`);
    yield* expectRoles([...path, "in"], predictor.in, {
      required: rings,
      optional: ["proprio.cur", "action.cur", "action.next"],
    });
    yield* expectRoles([...path, "out"], predictor.out, {
      required: states.some((ring) => ring.of === "latent.obs") ? ["pred.latent.mean"] : [],
      optional: ["pred.ood", ignored],
      patterns: [[predictedPattern, "pred.<head>.mean, .std or .logvar"]],
    });
  }
  const decode =
    preview && (yield* expectGraph(graphs, ["programs", "preview", "run"], preview.run));
  if (preview !== undefined && decode !== undefined) {
    yield* decoderProblems(preview.run, decode, Object.keys(streams));
  }
  if (goal !== undefined && !programs.observe.some((step) => step.run === goal.run)) {
    yield { path: ["programs", "goal", "run"], message: "expected a graph that observe runs" };
  }
  const run = [...programs.observe.map((step) => step.run), predict.run, preview?.run ?? ""];
  yield* idleGraphs(graphs, run);
}

function* encoderProblems({
  graphs,
  programs,
  streams,
}: Wiring): Generator<ManifestProblem, boolean> {
  const given = ["proprio.cur", "action.cur", ...streamRoles(streams)];
  let makesLatent = false;
  for (const [index, { run, when }] of programs.observe.entries()) {
    const path = ["programs", "observe", index];
    if (when !== undefined) {
      // A window without a picture would hold a row of zeros, which is not what it saw.
      yield { path: [...path, "when"], message: "a window needs every run" };
    }
    const graph = yield* expectGraph(graphs, [...path, "run"], run);
    if (graph === undefined) continue;
    yield* expectRoles(["graphs", run, "in"], graph.in, { optional: given });
    yield* expectRoles(["graphs", run, "out"], graph.out, {
      optional: ["latent.obs", "pred.ood", ignored],
    });
    makesLatent ||= Object.values(graph.out).includes("latent.obs");
  }
  return makesLatent;
}

function* decoderProblems(
  run: string,
  decode: Graph,
  streams: readonly string[],
): Generator<ManifestProblem> {
  const path = ["graphs", run];
  yield* expectRoles([...path, "in"], decode.in, { required: ["pred.latent.mean"] });
  const previews = streams.map((stream) => `preview.${stream}`);
  yield* expectRoles([...path, "out"], decode.out, { optional: [...previews, ignored] });
  const count = Object.values(decode.out).filter((role) => previews.includes(role)).length;
  if (count !== 1) yield { path: [...path, "out"], message: `has ${count} pictures, expected one` };
}

function* predictionProblems({
  graphs,
  programs,
  transforms,
  uncertainty,
  embodiment,
}: Pick<
  M,
  "graphs" | "programs" | "transforms" | "uncertainty" | "embodiment"
>): Generator<ManifestProblem> {
  const { run } = programs.predict;
  const graph = Object.hasOwn(graphs, run) ? graphs[run] : undefined;
  if (graph === undefined) return;
  const roles = Object.values(graph.out);
  const observed = programs.observe.flatMap((step) => Object.values(graphs[step.run]?.out ?? {}));
  const predictsJoints = roles.includes("pred.proprio.mean");
  yield* headProblems(["graphs", run, "out"], roles, uncertainty, { needsMean: false });
  yield* oodProblems([...roles, ...observed], uncertainty);
  if (predictsJoints === (transforms.proprio !== undefined)) {
    const message = predictsJoints
      ? "the predictor gives pred.proprio.mean itself"
      : "the predictor gives no pred.proprio.mean: name what does";
    yield { path: ["transforms", "proprio"], message };
  }
  if (transforms.proprio !== undefined && uncertainty.kind !== "table") {
    const message = "joints the host computes have no deviation of the graph's: expected table";
    yield { path: ["uncertainty", "kind"], message };
  }
  if (transforms.proprio !== undefined) {
    for (const { name } of embodiment.joints) {
      if (embodiment.proprio.order.includes(`q.${name}`)) continue;
      const message = `command_lag starts from q.${name}, which is not in embodiment.proprio.order`;
      yield { path: ["transforms", "proprio"], message };
    }
  }
  const gain = transforms.proprio?.gain;
  const width = embodiment.joints.length;
  if (Array.isArray(gain) && gain.length !== width) {
    const message = `has ${gain.length} numbers, expected ${width}`;
    yield { path: ["transforms", "proprio", "gain"], message };
  }
}
