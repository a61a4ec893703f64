import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const fuzzer = fileURLToPath(
  new URL("../../../dist/test/fakes/session-fuzzer.js", import.meta.url),
);
const graph = (name: string): string =>
  fileURLToPath(new URL(`../../../models/embedded/${name}.onnx`, import.meta.url));

/** Cases per run; KAIROS_FUZZ_CASES for more. */
const caseCount = Number(process.env["KAIROS_FUZZ_CASES"] ?? 2000);

/** What became of every case. A case that began and did not end is one that killed the process. */
async function fuzz(first: number, last: number): Promise<{ outcomes: string[]; exit: unknown }> {
  const args = [fuzzer, String(first), String(last), graph("encode"), graph("decode")];
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: "1" };
  const { output, exit } = await new Promise<{ output: string; exit: unknown }>((resolve) => {
    execFile(process.execPath, args, { env, maxBuffer: 2 ** 26 }, (error, stdout) => {
      resolve({ output: stdout, exit: error?.signal ?? error?.code ?? 0 });
    });
  });
  const outcomes = new Map<string, string>();
  for (const line of output.trim().split("\n")) {
    const [, number = "", outcome = ""] = /^(\d+) (.*)$/.exec(line) ?? [];
    outcomes.set(number, outcome);
  }
  return { outcomes: [...outcomes.values()], exit };
}

test(`${caseCount} damaged graphs: a session or a clear error, never a crash`, async () => {
  const { outcomes, exit } = await fuzz(0, caseCount);
  const odd = outcomes.filter((each) => each !== "session" && each !== "engine/session");
  expect(odd).toEqual([]);
  expect(exit).toBe(0);
  expect(outcomes).toHaveLength(caseCount);
  // Damage that is never noticed, or always fatal to the file, would test nothing.
  const sessions = outcomes.filter((each) => each === "session").length;
  expect(sessions).toBeGreaterThan(caseCount / 50);
  expect(sessions).toBeLessThan(caseCount / 2);
}, 300_000);
