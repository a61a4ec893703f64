import type { Finding, FindingGroup, FindingLevel } from "../contract/finding.ts";

const shown: Readonly<Record<FindingLevel, string>> = {
  ok: "ok",
  note: "note",
  warn: "WARN",
  fail: "FAIL",
};
const worstFirst: readonly FindingLevel[] = ["fail", "warn", "note", "ok"];

/** The worst of all levels. */
export function worstLevel(groups: readonly FindingGroup[]): FindingLevel {
  const levels = new Set(groups.flatMap(({ findings }) => findings.map(({ level }) => level)));
  return worstFirst.find((level) => levels.has(level)) ?? "ok";
}

/** For people: a heading per group, a line per finding, and under it what to do. */
export function findingsText(groups: readonly FindingGroup[]): string {
  const subjects = groups.flatMap(({ findings }) => findings.map(({ subject }) => subject.length));
  const width = Math.max(0, ...subjects);
  const blocks = groups.map(({ title, findings }) =>
    [title, ...findings.flatMap((finding) => findingLines(finding, width))].join("\n"),
  );
  return [...blocks, summary(groups)].join("\n\n");
}

function findingLines({ level, subject, text, advice }: Finding, width: number): string[] {
  const indent = " ".repeat(2 + 6 + width + 2);
  const [first = "", ...rest] = text.split("\n");
  return [
    `  ${shown[level].padEnd(6)}${subject.padEnd(width + 2)}${first}`,
    ...rest.map((line) => indent + line),
    ...(advice === undefined ? [] : [`${indent}-> ${advice}`]),
  ];
}

function summary(groups: readonly FindingGroup[]): string {
  const count = (level: FindingLevel): number =>
    groups.flatMap(({ findings }) => findings).filter((each) => each.level === level).length;
  const failed = count("fail");
  const warned = count("warn");
  if (failed === 0 && warned === 0) return "Everything works.";
  const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
  const warnings = warned === 0 ? [] : [counted(warned, "warning")];
  if (failed === 0) return `It works, with ${warnings.join("")}.`;
  return `It does not work: ${[counted(failed, "failure"), ...warnings].join(", ")}.`;
}
