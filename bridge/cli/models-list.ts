import type { ListedPackage } from "../parts/model-tools.ts";
import { bytesText, table } from "./table.ts";

/** One line per package; the one that would be served is starred. */
export function listText(packages: readonly ListedPackage[]): string {
  const rows = packages.map(({ isConfigured, path, report, problem }) => {
    const mark = isConfigured ? "*" : "";
    if (report === undefined) return [mark, "(unusable)", "", "", "", path, firstLine(problem)];
    const { id, revision, family, bytes, license } = report;
    return [mark, id, revision, family, bytesText(bytes), path, license.spdx];
  });
  const text = table(["", "id", "revision", "family", "size", "path", "licence"], rows, "");
  return `${text}\n\n* is served by the present configuration`;
}

const firstLine = (text = ""): string => text.split("\n")[0] ?? "";
