import { appendFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silentLog } from "../../../../bridge/contract/log.ts";
import {
  auditFileName,
  auditFileNumbers,
  verifyAudit,
} from "../../../../bridge/control/security/audit-files.ts";
import {
  AuditWriter,
  type AuditWriterOptions,
} from "../../../../bridge/control/security/audit-writer.ts";
import type { AuditEntry } from "../../../../bridge/core/audit.ts";

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await isSo().catch(() => false))) throw new Error(`${what} did not come`);
    },
    { timeout: 20_000, interval: 10 },
  );
}

let folder = "";
const firstFile = (): string => join(folder, auditFileName(1));
const openLog = async (options: Partial<AuditWriterOptions> = {}): Promise<AuditWriter> =>
  await AuditWriter.open(folder, { log: silentLog, wallMs: () => 1000, ...options });
const entry = (reason: string): AuditEntry => ({
  kind: "stop",
  device: "mount0",
  level: "hold",
  cause: "request",
  by: null,
  reason,
  atNs: "1",
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kairos-audit-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(count: number, options: Partial<AuditWriterOptions> = {}): Promise<void> {
  await using log = await openLog(options);
  for (let index = 0; index < count; index += 1) log.append(entry(`stop ${index}`));
}

const lines = async (): Promise<string[]> =>
  (await readFile(firstFile(), "utf8")).trimEnd().split("\n");
const rewrite = async (changed: readonly string[]): Promise<void> => {
  await writeFile(firstFile(), `${changed.join("\n")}\n`);
};

it("a log that nobody touched is as it was written, also over several runs", async () => {
  await write(5);
  await write(3);
  const verdict = await verifyAudit(folder);
  expect(verdict).not.toHaveProperty("flaw");
  expect(verdict).toMatchObject({ lineCount: 8, firstSeq: 1, head: { seq: 8 } });
  const [first = ""] = await lines();
  expect(JSON.parse(first)).toMatchObject({ seq: 1, prev: "0".repeat(64), reason: "stop 0" });
});

describe("a log of 20 lines", () => {
  beforeEach(async () => {
    await write(20);
  });

  it.each([
    {
      what: "a word changed in line 7",
      change: (all: string[]) => all.with(6, all[6]!.replace("stop 6", "stop 9")),
      flaw: { kind: "edited", line: 7 },
    },
    {
      what: "line 7 made no JSON",
      change: (all: string[]) => all.with(6, "{"),
      flaw: { kind: "edited", line: 7 },
    },
    {
      what: "line 1 changed",
      change: (all: string[]) => all.with(0, all[0]!.replace("stop 0", "stop 9")),
      flaw: { kind: "edited", line: 1 },
    },
    {
      what: "the last line changed",
      change: (all: string[]) => all.with(19, all[19]!.replace("stop 19", "stop 99")),
      flaw: { kind: "edited", line: 20 },
    },
    {
      what: "line 7 removed",
      change: (all: string[]) => all.toSpliced(6, 1),
      flaw: { kind: "removed", line: 7 },
    },
    {
      what: "line 7 twice",
      change: (all: string[]) => all.toSpliced(6, 0, all[6]!),
      flaw: { kind: "inserted", line: 8 },
    },
    {
      what: "two lines in the other order",
      change: (all: string[]) => all.with(6, all[7]!).with(7, all[6]!),
      flaw: { kind: "removed", line: 7 },
    },
    {
      what: "three lines cut off the end",
      change: (all: string[]) => all.slice(0, 17),
      flaw: { kind: "truncated", line: 17 },
    },
    { what: "all cut off", change: () => [], flaw: { kind: "edited", line: 1 } },
  ])("with $what is $flaw.kind at line $flaw.line", async ({ change, flaw }) => {
    await rewrite(change(await lines()));
    expect((await verifyAudit(folder)).flaw).toMatchObject({ ...flaw, file: firstFile() });
  });

  it("cannot be written anew behind a head that was kept elsewhere", async () => {
    const { head } = await verifyAudit(folder);
    await rm(folder, { recursive: true });
    await write(20);
    expect(await verifyAudit(folder, head)).not.toHaveProperty("flaw");
    await rm(folder, { recursive: true });
    await write(21);
    expect(await verifyAudit(folder)).not.toHaveProperty("flaw");
    await rm(folder, { recursive: true });
    await write(19);
    expect((await verifyAudit(folder, head)).flaw).toMatchObject({ kind: "truncated" });
  });

  it.each([
    { what: "with other words", anew: 25, keptSeq: 20, flaw: "edited" },
    { what: "from a later line on", anew: 25, keptSeq: 20, from: 21, flaw: "removed" },
  ])("written anew $what and gone on is found by an older head", async (one) => {
    const { head } = await verifyAudit(folder);
    expect(head.seq).toBe(one.keptSeq);
    await rm(folder, { recursive: true });
    await using log = await openLog();
    for (let index = 0; index < one.anew; index += 1) log.append(entry(`other ${index}`));
    await log[Symbol.asyncDispose]();
    if (one.from !== undefined) await rewrite((await lines()).slice(one.from));
    expect(await verifyAudit(folder)).not.toHaveProperty("flaw");
    expect((await verifyAudit(folder, head)).flaw).toMatchObject({ kind: one.flaw });
  });

  it("that has gone on since a head was kept still fits it", async () => {
    const { head } = await verifyAudit(folder);
    await write(5);
    expect(await verifyAudit(folder, head)).not.toHaveProperty("flaw");
    expect(head.seq).toBe(20);
  });

  it("that a crash left with half a line is torn; the next run cuts it off and says so", async () => {
    await appendFile(firstFile(), '{"seq":21,"prev":"');
    expect((await verifyAudit(folder)).flaw).toMatchObject({ kind: "torn", line: 21 });
    await write(1);
    expect(await verifyAudit(folder)).not.toHaveProperty("flaw");
    expect((await lines())[20]).toContain("audit.torn");
  });

  it("whose end was cut off keeps the gap for ever, and the next run notes it", async () => {
    const all = await lines();
    const kept = Buffer.byteLength(`${all.slice(0, 15).join("\n")}\n`);
    await truncate(firstFile(), kept);
    await write(1);
    expect((await lines())[15]).toContain("audit.truncated");
    expect((await verifyAudit(folder)).flaw).toMatchObject({
      kind: "removed",
      line: 16,
      reason: expect.stringContaining("5 line(s)") as string,
    });
  });
});

it("goes on in a new file when one is full, in one chain, and forgets the oldest", async () => {
  await write(30, { maxFileBytes: 1 });
  // A burst is one write, so files fill by bursts.
  for (let run = 0; run < 5; run += 1) await write(4, { maxFileBytes: 1, maxFiles: 3 });
  const numbers = await auditFileNumbers(folder);
  expect(numbers.length).toBeLessThanOrEqual(4);
  expect(numbers[0]).toBeGreaterThan(1);
  const verdict = await verifyAudit(folder);
  expect(verdict).not.toHaveProperty("flaw");
  expect(verdict.firstSeq).toBeGreaterThan(1);
  expect(verdict.head.seq).toBe(50);
});

it("goes on in the full file while no new one can be made, and loses nothing", async () => {
  const log = await openLog({ maxFileBytes: 1 });
  // A folder stands where the next file belongs.
  await mkdir(join(folder, auditFileName(2)));
  log.append(entry("first"));
  await until(async () => (await lines()).length === 1, "the first line");
  log.append(entry("second"));
  await until(async () => (await lines()).length === 2, "the second line");
  await rm(join(folder, auditFileName(2)), { recursive: true });
  log.append(entry("third"));
  await until(async () => (await auditFileNumbers(folder)).includes(2), "the next file");
  await log[Symbol.asyncDispose]();
  expect(await verifyAudit(folder)).toMatchObject({ lineCount: 3, head: { seq: 3 } });
});

it("loses what is too much for it, counts it, and says so itself", async () => {
  const log = await openLog({ maxWaiting: 100 });
  for (let index = 0; index < 1000; index += 1) log.append(entry(`stop ${index}`));
  await log[Symbol.asyncDispose]();
  const all = await lines();
  expect(all).toHaveLength(101);
  expect(all.at(-1)).toContain('"audit.lost"');
  expect(JSON.parse(all.at(-1)!)).toMatchObject({ details: { count: 900 } });
  expect(await verifyAudit(folder)).not.toHaveProperty("flaw");
});

it("a folder that is not there is an error with its name", async () => {
  await expect(verifyAudit(join(folder, "nowhere"))).rejects.toMatchObject({
    code: "security/folder",
  });
});
