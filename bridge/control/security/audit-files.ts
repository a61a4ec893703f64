import { createReadStream } from "node:fs";
import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { BridgeError, ErrorCode, errorText } from "../../contract/errors.ts";
import type { ChainHead } from "./audit-chain.ts";
import { AuditVerifier, type AuditVerdict } from "./audit-verifier.ts";

const nameForm = /^audit-(\d{6})\.ndjson$/;
/** The last line that is known to be on the disk. */
export const headFile = "audit-head.json";

export const auditFileName = (number: number): string =>
  `audit-${String(number).padStart(6, "0")}.ndjson`;

/** Files of the log in a folder, oldest first. */
export async function auditFileNumbers(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder);
  const numbers = names.map((name) => Number(nameForm.exec(name)?.[1] ?? 0));
  return numbers.filter((number) => number > 0).sort((a, b) => a - b);
}

/** The files of a log, in order: of a folder, or the one file itself. */
export async function auditFilePaths(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  return (await auditFileNumbers(path)).map((number) => join(path, auditFileName(number)));
}

const Head = z.strictObject({ seq: z.int().nonnegative(), hash: z.string() });

export async function readHead(folder: string): Promise<ChainHead | undefined> {
  try {
    return Head.parse(JSON.parse(await readFile(join(folder, headFile), "utf8")));
  } catch {
    return undefined;
  }
}

/** Calls back for every line of a file; the last one is incomplete if no newline follows it. */
export async function eachLine(
  path: string,
  take: (line: string, number: number, complete: boolean) => void,
): Promise<void> {
  let [rest, number] = ["", 0];
  for await (const chunk of createReadStream(path, "utf8") as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line, (number += 1), true);
  }
  if (rest !== "") take(rest, number + 1, false);
}

/**
 * Checks one file, or a folder with the files of a log and its stored head.
 *
 * @param expected a head that was kept elsewhere; goes before the stored one.
 * @throws BridgeError `security/folder` if there is nothing to read.
 */
export async function verifyAudit(path: string, expected?: ChainHead): Promise<AuditVerdict> {
  try {
    const verifier = new AuditVerifier(expected ?? (await readHead(path)));
    for (const file of await auditFilePaths(path)) {
      await eachLine(file, (line, number, complete) => {
        verifier.add({ file, number }, line, complete);
      });
    }
    return verifier.verdict();
  } catch (error) {
    throw new BridgeError(ErrorCode.SecurityFolder, `${path}: ${errorText(error)}`, {
      cause: error,
    });
  }
}

/** Where the last complete line of a file ends. What comes after was never acknowledged. */
export async function completeBytes(path: string): Promise<{ complete: number; total: number }> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const block = Buffer.alloc(64 * 1024);
    for (let end = size; end > 0;) {
      const start = Math.max(0, end - block.length);
      const { bytesRead } = await file.read(block, 0, end - start, start);
      const newline = block.subarray(0, bytesRead).lastIndexOf(0x0a);
      if (newline >= 0) return { complete: start + newline + 1, total: size };
      end = start;
    }
    return { complete: 0, total: size };
  } finally {
    await file.close();
  }
}
