import type { PackageReport, ProviderVerdict } from "../parts/model-tools.ts";
import { facts, number3, table } from "./table.ts";

/** Whether nothing that was asked for is wrong: `unavailable` matters where the provider was named. */
export function verified(verdicts: readonly ProviderVerdict[], named: readonly string[]): boolean {
  const isFine = (verdict: ProviderVerdict): boolean =>
    verdict.kind === "measured"
      ? verdict.report.isWithin
      : verdict.provider !== "cpu" && !named.includes(verdict.provider);
  return verdicts.length > 0 && verdicts.every(isFine);
}

/** The worst error of each provider against the recorded rollout, and where it is. */
export function verifyText(
  { id, revision, verify }: PackageReport,
  verdicts: readonly ProviderVerdict[],
): string {
  const rows = verdicts.flatMap((verdict) =>
    verdict.kind === "measured" ? measured(verdict) : [],
  );
  const absent = verdicts.flatMap((verdict): [string, string][] =>
    verdict.kind === "unavailable" ? [[verdict.provider, shortReason(verdict.reason)]] : [],
  );
  const heads = ["provider", "result", "role", "worst error", "allowed", "at", ""];
  return [
    `${id} ${revision}: golden rollout ${verify.golden}`,
    ...(rows.length === 0 ? [] : [table(heads, rows)]),
    ...(absent.length === 0 ? [] : [`Not to be had here\n${facts(absent)}`]),
  ].join("\n\n");
}

function measured({
  provider,
  report,
}: ProviderVerdict & { readonly kind: "measured" }): string[][] {
  const { atol, roles, providers } = report;
  // A graph its package keeps from the provider runs elsewhere: that is said, once.
  const ran = providers.filter((name) => name !== provider);
  const note = ran.length === 0 ? "" : `${ran.join(", ")} ran some graphs`;
  return roles.map(({ role, worst, at }, index) => [
    index === 0 ? provider : "",
    worst <= atol ? "ok" : "WRONG",
    role,
    number3(worst),
    String(atol),
    `step ${at.step}, column ${at.column}`,
    index === 0 ? note : "",
  ]);
}

/** ONNX Runtime's own sentence, without our prefixes and the C++ in which it asserts. */
function shortReason(reason: string): string {
  const [line = ""] = reason.split("\n");
  return line
    .replace(/^\[[^\]]*\] /, "")
    .replace(/^\S+\.onnx: provider \S+: /, "")
    .replace(/^\/\S+\.cc:\d+ .* was false\. /, "");
}
