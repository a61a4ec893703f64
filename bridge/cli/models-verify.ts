import type { PackageReport, ProviderVerdict } from "../model-tools.ts";
import { number3, table } from "./table.ts";

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
    verdict.kind === "unavailable"
      ? [[verdict.provider, "not here", "", "", "", "", firstLine(verdict.reason)]]
      : measured(verdict),
  );
  const heads = ["provider", "result", "role", "worst error", "allowed", "at", ""];
  return `${id} ${revision}: golden rollout ${verify.golden}\n\n${table(heads, rows, "")}`;
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

const firstLine = (text: string): string => text.split("\n")[0] ?? "";
