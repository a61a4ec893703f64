import type { CommonManifest } from "./common.ts";
import type { Graph } from "./graph-schema.ts";
import { rule, type ManifestProblem, type Rule } from "./rules.ts";

export type ManifestWithGraphs = CommonManifest & {
  readonly graphs: Readonly<Record<string, Graph>>;
};
type M = ManifestWithGraphs;

export const commonRules: readonly Rule[] = [
  rule<M, "files">(["files"], fileProblems),
  rule<M, "files" | "graphs">(["files", "graphs"], graphFileProblems),
  rule<M, "files" | "verify" | "model_card" | "license">(
    ["files", "verify", "model_card", "license"],
    namedFileProblems,
  ),
  rule<M, "embodiment">(["embodiment"], embodimentProblems),
  rule<M, "timing">(["timing"], horizonProblems),
  rule<M, "embodiment" | "normalization">(["embodiment", "normalization"], normalizationProblems),
  rule<M, "graphs">(["graphs"], profileProblems),
];

type Path = readonly (string | number)[];

function* fileProblems({ files }: Pick<M, "files">): Generator<ManifestProblem> {
  const listed = new Set<string>();
  for (const [index, { path }] of files.entries()) {
    if (listed.has(path))
      yield { path: ["files", index, "path"], message: `${path} is listed twice` };
    if (path === "manifest.json") {
      yield { path: ["files", index, "path"], message: "the manifest cannot hold its own hash" };
    }
    listed.add(path);
  }
}

function* graphFileProblems({ files, graphs }: Pick<M, "files" | "graphs">) {
  const used: [string, Path][] = [];
  for (const [graph, { file, external_data, providers }] of Object.entries(graphs)) {
    const at = ["graphs", graph];
    used.push([file, [...at, "file"]]);
    for (const [i, data] of external_data.entries()) used.push([data, [...at, "external_data", i]]);
    for (const [provider, hint] of Object.entries(providers)) {
      if (hint.file !== undefined) used.push([hint.file, [...at, "providers", provider, "file"]]);
      for (const [i, data] of hint.external_data.entries()) {
        used.push([data, [...at, "providers", provider, "external_data", i]]);
      }
    }
  }
  yield* unlisted(files, used);
}

function* namedFileProblems(
  manifest: Pick<M, "files" | "verify" | "model_card" | "license">,
): Generator<ManifestProblem> {
  yield* unlisted(manifest.files, [
    [manifest.verify.golden, ["verify", "golden"]],
    [manifest.model_card, ["model_card"]],
    ...manifest.license.files.map((file, i): [string, Path] => [file, ["license", "files", i]]),
  ]);
}

/** A problem for every used file that `files` does not list. */
export function* unlisted(
  files: M["files"],
  used: readonly (readonly [string, Path])[],
): Generator<ManifestProblem> {
  const listed = new Set(files.map((file) => file.path));
  for (const [file, path] of used) {
    if (!listed.has(file)) yield { path, message: `${file} is not in files` };
  }
}

function* embodimentProblems({ embodiment }: Pick<M, "embodiment">): Generator<ManifestProblem> {
  const { joints, action, proprio } = embodiment;
  const names = joints.map((joint) => joint.name);
  if (new Set(names).size !== names.length) {
    yield { path: ["embodiment", "joints"], message: "a joint name appears twice" };
  }
  if (action.order.join() !== names.join()) {
    const message = `expected the joints in their order: ${names.join(", ")}`;
    yield { path: ["embodiment", "action", "order"], message };
  }
  for (const [index, entry] of proprio.order.entries()) {
    const path = ["embodiment", "proprio", "order", index];
    const joint = /^(?:q|qd|tau)\.(.+)$/.exec(entry)?.[1];
    if (joint === undefined || !names.includes(joint)) {
      yield { path, message: `${entry} is not q., qd. or tau. of a joint` };
    } else if (proprio.order.indexOf(entry) !== index) {
      yield { path, message: `${entry} is listed twice` };
    }
  }
  if (proprio.units !== undefined && proprio.units.length !== proprio.order.length) {
    const message = `has ${proprio.units.length} units, expected ${proprio.order.length}`;
    yield { path: ["embodiment", "proprio", "units"], message };
  }
}

function* horizonProblems({ timing }: Pick<M, "timing">): Generator<ManifestProblem> {
  const { max, trained } = timing.horizon;
  if (trained > max) {
    const message = `trained for ${trained} steps, but max is ${max}`;
    yield { path: ["timing", "horizon", "trained"], message };
  }
}

/** Predictions are joint positions and velocities: the host undoes a scaling with these columns. */
function* normalizationProblems({
  embodiment,
  normalization,
}: Pick<M, "embodiment" | "normalization">): Generator<ManifestProblem> {
  const { joints, proprio } = embodiment;
  const widths = { proprio: proprio.order.length, action: joints.length };
  for (const part of ["proprio", "action"] as const) {
    const scaling = normalization[part];
    for (const key of ["mean", "std", "min", "max"] as const) {
      const values = key in scaling ? scaling[key as keyof typeof scaling] : undefined;
      if (!Array.isArray(values) || values.length === widths[part]) continue;
      const message = `has ${values.length} numbers, expected ${widths[part]}`;
      yield { path: ["normalization", part, key], message };
    }
    if (scaling.kind !== "minmax") continue;
    for (const [i, max] of scaling.max.entries()) {
      if (max > (scaling.min[i] ?? max)) continue;
      yield { path: ["normalization", part, "max", i], message: "is not above min" };
    }
  }
  const { kind } = normalization.proprio;
  if (kind !== "zscore" && kind !== "minmax") return;
  for (const entry of joints.flatMap((joint) => [`q.${joint.name}`, `qd.${joint.name}`])) {
    if (proprio.order.includes(entry)) continue;
    const message = `${kind} by the host needs ${entry} in embodiment.proprio.order`;
    yield { path: ["normalization", "proprio"], message };
  }
}

function* profileProblems({ graphs }: Pick<M, "graphs">): Generator<ManifestProblem> {
  for (const [graph, { in: inputs, profile = {} }] of Object.entries(graphs)) {
    for (const [input, { min, opt, max }] of Object.entries(profile)) {
      const path = ["graphs", graph, "profile", input];
      if (!(input in inputs)) yield { path, message: `${input} is no input of this graph` };
      const isOrdered = min.every(
        (size, i) => size <= (opt[i] ?? 0) && (opt[i] ?? 0) <= (max[i] ?? 0),
      );
      if (min.length !== opt.length || opt.length !== max.length || !isOrdered) {
        yield { path, message: "expected min <= opt <= max on every axis" };
      }
    }
  }
}
