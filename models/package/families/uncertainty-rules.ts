import type { CommonManifest } from "../common.ts";
import type { ManifestProblem } from "../rules.ts";
import { headNames, headWidth, type Uncertainty } from "../uncertainty.ts";

const suffixOf = { gaussian_std: "std", gaussian_logvar: "logvar", table: undefined } as const;

/** The predicting graph gives the mean of the joints, and every deviation in the form declared. */
export function* headProblems(
  path: readonly (string | number)[],
  roles: readonly string[],
  uncertainty: Uncertainty,
  options: { readonly needsMean: boolean } = { needsMean: true },
): Generator<ManifestProblem> {
  const suffix = suffixOf[uncertainty.kind];
  const needed = [
    ...(options.needsMean ? ["pred.proprio.mean"] : []),
    ...(suffix === undefined ? [] : [`pred.proprio.${suffix}`]),
  ];
  for (const role of needed) {
    if (!roles.includes(role)) yield { path, message: `no entry has the role ${role}` };
  }
  for (const head of headNames) {
    for (const form of ["std", "logvar"] as const) {
      const role = `${head}.${form}`;
      if (!roles.includes(role) || form === suffix) continue;
      const message = `${role} does not fit uncertainty.kind ${uncertainty.kind}`;
      yield { path, message };
    }
  }
  for (const [index, output] of uncertainty.outputs.entries()) {
    if (roles.includes(output)) continue;
    const message = `${output} is no output of the predicting graph`;
    yield { path: ["uncertainty", "outputs", index], message };
  }
}

/** Tables have a row for every step that may be asked for, as wide as what they scale. */
export function* calibrationProblems({
  uncertainty,
  embodiment,
  timing,
}: Readonly<Pick<CommonManifest, "embodiment" | "timing">> & {
  readonly uncertainty: Uncertainty;
}): Generator<ManifestProblem> {
  const { kind, calibration } = uncertainty;
  const isTable = calibration.method === "table_per_horizon";
  if (isTable !== (kind === "table")) {
    const message = "table_per_horizon and kind table go together";
    yield { path: ["uncertainty", "calibration", "method"], message };
  }
  if (!("std" in calibration || "scale" in calibration)) return;
  const key = "std" in calibration ? "std" : "scale";
  const tables = "std" in calibration ? calibration.std : calibration.scale;
  const path = ["uncertainty", "calibration", key];
  if (tables["pred.proprio"] === undefined) {
    yield { path, message: "expected a table for pred.proprio" };
  }
  for (const head of headNames) {
    const table = tables[head] ?? [];
    const rows = timing.horizon.max;
    if (table.length > 0 && table.length !== rows) {
      yield { path: [...path, head], message: `has ${table.length} rows, expected ${rows}` };
    }
    const width = headWidth(head, embodiment.joints.length);
    const wrong = table.findIndex((row) => typeof row !== "number" && row.length !== width);
    if (wrong >= 0) {
      yield { path: [...path, head, wrong], message: `expected one number or ${width}` };
    }
  }
}

export function* oodProblems(
  roles: readonly string[],
  { ood }: Uncertainty,
): Generator<ManifestProblem> {
  const isMade = roles.includes("pred.ood");
  if (isMade === (ood?.kind === "graph")) return;
  const message = isMade ? "pred.ood is made, expected kind graph" : "no graph makes pred.ood";
  yield { path: ["uncertainty", "ood"], message };
}
