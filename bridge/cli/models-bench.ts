import type { BenchReport, PackageReport, Timing } from "../parts/model-tools.ts";
import { bytesText, facts, number3, table } from "./table.ts";

/** Times per graph and per step of the loop, with what goes in and out. */
export function benchText({ id, revision, timing }: PackageReport, bench: BenchReport): string {
  const row = ({ name, msP50, msP99, bytesIn, bytesOut }: Timing): string[] => [
    name,
    number3(msP50),
    number3(msP99),
    bytesText(bytesIn),
    bytesText(bytesOut),
  ];
  const named = (timings: readonly Timing[], head: string): string =>
    table([head, "p50 ms", "p99 ms", "in", "out"], timings.map(row));
  const tickMs = bench.program.at(-1)?.msP99 ?? Number.NaN;
  const share = (tickMs / (timing.step_s * 1000)) * 100;
  return [
    `${id} ${revision} on ${bench.provider}, one intra-op thread, in this process`,
    named(bench.graphs, "graph"),
    named(bench.program, "program"),
    facts([
      [
        "a tick at p99",
        `${share.toPrecision(2)} % of the model's step of ${timing.step_s * 1000} ms`,
      ],
      ["state", bytesText(bench.stateBytes)],
      [
        "process",
        `${bench.threadCount ?? "?"} threads, ${bytesText(bench.residentBytes)} resident`,
      ],
    ]),
  ].join("\n\n");
}
