import { join } from "node:path";
import process from "node:process";
import type { Command } from "commander";
import type { Config } from "../config.ts";
import { auditFilePaths, eachLine, verifyAudit } from "../control/security/audit-files.ts";
import type { ChainHead } from "../control/security/audit-chain.ts";
import type { AuditVerdict } from "../control/security/audit-verifier.ts";
import { stateFolder } from "../parts/security.ts";

export interface AuditDeps {
  /** Adds --config and its like. */
  readonly withConfig: (command: Command) => Command;
  readonly configOf: (flags: { readonly config?: string }) => Config;
  readonly print: (text: string) => void;
}

interface ShowFlags {
  readonly config?: string;
  readonly kind?: string;
  readonly last: string;
}

/** `kairos-bridge audit verify|show`: the log of who did what. */
export function addAuditCommand(program: Command, deps: AuditDeps): void {
  const { withConfig, configOf, print } = deps;
  const folderOf = (flags: { readonly config?: string }): string =>
    join(stateFolder(configOf(flags)), "audit");
  const audit = program.command("audit").description("the log of who did what");
  withConfig(audit.command("verify").argument("[path]", "a file, or a folder of them"))
    .description("check that no line was changed, removed, inserted or cut off")
    .option("--head <seq:hash>", "a head kept elsewhere, e.g. from the service's own log")
    .addHelpText("after", "\nExit code: 0 as it was written, 3 not.")
    .action(async (path: string | undefined, flags: { config?: string; head?: string }) => {
      const verdict = await verifyAudit(path ?? folderOf(flags), headOf(flags.head));
      print(describe(verdict));
      if (verdict.flaw !== undefined) process.exitCode = 3;
    });
  withConfig(audit.command("show").argument("[path]", "a file, or a folder of them"))
    .description("print its last lines")
    .option("--kind <kind>", "only those, e.g. stop, lease, command, session.refused, security")
    .option("--last <count>", "how many", "50")
    .action(async (path: string | undefined, flags: ShowFlags) => {
      for (const line of await lastLines(path ?? folderOf(flags), flags)) print(line);
    });
}

function describe({ lineCount, firstSeq, head, flaw }: AuditVerdict): string {
  if (flaw !== undefined) {
    return `${flaw.file}:${flaw.line}: ${flaw.kind}: ${flaw.reason}\nlast good: ${head.seq}:${head.hash}`;
  }
  const from = firstSeq > 1 ? `, from seq ${firstSeq} on (older files were removed)` : "";
  return `${lineCount} lines as they were written${from}\nhead: ${head.seq}:${head.hash}`;
}

function headOf(text: string | undefined): ChainHead | undefined {
  const [, seq, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text ?? "") ?? [];
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
}

async function lastLines(path: string, { kind, last }: ShowFlags): Promise<readonly string[]> {
  const count = Number(last);
  const lines: string[] = [];
  for (const file of await auditFilePaths(path)) {
    await eachLine(file, (line) => {
      if (kind !== undefined && !line.includes(`"kind":${JSON.stringify(kind)}`)) return;
      lines.push(line);
      if (lines.length > count) lines.shift();
    });
  }
  return lines;
}
