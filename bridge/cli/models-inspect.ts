import type { Inspection, PackageReport, RoleReport } from "../parts/model-tools.ts";
import { bytesText, facts, table } from "./table.ts";

/** What a package is, reads, predicts and claims. */
export function inspectText({ report, notOpened }: Inspection): string {
  return [
    `${report.id} ${report.revision}\n${identity(report)}`,
    `Device ${report.device.name}\n${joints(report)}`,
    `Time\n${time(report)}`,
    ...(Object.keys(report.streams).length === 0 ? [] : [`Cameras\n${cameras(report)}`]),
    ...report.graphs.map((graph) => graphText(graph)),
    ...(report.samplers.length === 0 ? [] : [`Samplers\n${samplers(report)}`]),
    ...(report.states.length === 0 ? [] : [`States\n${states(report)}`]),
    ...(notOpened === undefined
      ? []
      : [`Types and shapes are not shown, the graphs do not open here:\n  ${notOpened}`]),
  ].join("\n\n");
}

function identity(report: PackageReport): string {
  const { license, provenance, requires, verify } = report;
  const components = Object.entries(license.components ?? {}).map(
    ([part, spdx]) => `${part}: ${spdx}`,
  );
  const opsets = Object.entries(requires.opsets).map(([domain, version]) => `${domain} ${version}`);
  const { commit, seed } = provenance;
  const traces = [
    ...(commit === undefined ? [] : [`commit ${commit}`]),
    ...(seed === undefined ? [] : [`seed ${seed}`]),
  ];
  return facts([
    [
      "family",
      `${report.family}, ${report.actionConditioned ? "predicts from actions" : "does not read actions"}`,
    ],
    ["path", `${report.source} (${report.fileCount} files, ${bytesText(report.bytes)})`],
    ["sha256", report.sha256],
    ["licence", [license.spdx, ...components].join("; ")],
    [
      "made",
      [
        `${provenance.created} from ${provenance.source} with ${provenance.exporter}`,
        ...traces,
      ].join(", "),
    ],
    ["trained on", provenance.training_data],
    ["claims", provenance.claims.length === 0 ? "none" : provenance.claims.join("; ")],
    [
      "needs",
      [`ONNX Runtime ${requires.ort}`, `opsets ${opsets.join(", ")}`, ...requires.features].join(
        "; ",
      ),
    ],
    ["providers", requires.providers?.join(", ")],
    ["depends on", report.conditioning.join(", ") || undefined],
    ["deviation", report.uncertainty],
    ["verified by", `${verify.golden}, within ${tolerance(verify.atol)}`],
  ]);
}

function tolerance(atol: PackageReport["verify"]["atol"]): string {
  if (typeof atol === "number") return String(atol);
  return Object.entries(atol)
    .map(([provider, value]) => `${value} (${provider})`)
    .join(", ");
}

function joints({ device }: PackageReport): string {
  const shown = (value: number | undefined): string => (value === undefined ? "" : String(value));
  const rows = device.joints.map(({ name, limits, vmax, amax }) => [
    name,
    shown(limits?.[0]),
    shown(limits?.[1]),
    shown(vmax),
    shown(amax),
  ]);
  const heads = ["joint", "from rad", "to rad", "rad/s", "rad/s2"];
  const { action, proprio } = device;
  return `${table(heads, rows)}\n${facts([
    ["observed", proprio.order.join(" ")],
    ["commanded", `${action.space}, ${action.unit}: ${action.order.join(" ")}`],
  ])}`;
}

function time({ timing }: PackageReport): string {
  const { step_s: stepS, horizon } = timing;
  const ms = (seconds: number): string => `${Math.round(seconds * 1000)} ms`;
  return facts([
    ["step", `${ms(stepS)} (${Number((1 / stepS).toPrecision(3))} Hz)`],
    [
      "horizon",
      `${horizon.max} steps (${Number((horizon.max * stepS).toPrecision(3))} s), trained for ${horizon.trained}`,
    ],
    ["oldest observation", ms(timing.max_obs_age_s)],
    ["state kept over gaps of", ms(timing.state_ttl_s)],
    ["action delay", timing.action_delay_s === undefined ? undefined : ms(timing.action_delay_s)],
  ]);
}

function cameras({ streams }: PackageReport): string {
  const rows = Object.entries(streams).map(([name, stream]) => [
    name,
    stream.size.join(" x "),
    `${stream.resize}, ${stream.resampler}`,
    `${stream.dtype} ${stream.layout} ${stream.color}`,
    stream.max_age_s === undefined ? "" : `${stream.max_age_s * 1000} ms`,
  ]);
  return table(["camera", "px", "made by", "tensor", "oldest"], rows);
}

function graphText(graph: PackageReport["graphs"][number]): string {
  const row =
    (direction: string) =>
    (role: RoleReport): string[] => [
      direction,
      role.role,
      role.type === undefined ? "" : `${role.type} [${(role.shape ?? []).join(", ")}]`,
      role.unit ?? "",
      role.name,
    ];
  const rows = [...graph.inputs.map(row("in")), ...graph.outputs.map(row("out"))];
  const title = `Graph ${graph.name}: ${graph.file}, ${bytesText(graph.bytes)}`;
  return `${title}\n${table(["", "role", "tensor", "unit", "named"], rows)}`;
}

function samplers({ samplers: all }: PackageReport): string {
  const rows = all.map(({ name, kind, graph, stepCount, sigmas }) => [
    name,
    kind,
    graph,
    `${stepCount} steps`,
    sigmas === undefined ? "" : sigmas.map((sigma) => sigma.toFixed(3)).join(" "),
  ]);
  return table(["sampler", "kind", "graph", "", "noise levels"], rows);
}

function states({ states: all }: PackageReport): string {
  const rows = all.map(({ name, kind, type, shape, lifetime }) => [
    name,
    kind,
    `${type === undefined ? "" : `${type} `}[${shape.join(", ")}]`,
    `kept for one ${lifetime}`,
  ]);
  return table(["state", "kind", "tensor", "lifetime"], rows);
}
