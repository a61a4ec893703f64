import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { BridgeError } from "../../../bridge/contract/errors.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { reportPackage } from "../../../models/inspect/package-report.ts";
import { readPackage, type ModelPackage } from "../../../models/package/load-package.ts";
import { parseManifest } from "../../../models/package/manifest.ts";
import { memoryFiles, openArchive } from "../../../models/package/package-files.ts";
import { openProgram } from "../../../models/programs/open-program.ts";
import { checkGolden } from "../../../models/verify-package.ts";
import { entriesOf, tarGz, tarOf, zipOf } from "../../fakes/archive-writer.ts";
import { damaged, mutatedJson } from "../../fakes/mutations.ts";
import { jepaContents } from "../../fakes/tiny-jepa-package.ts";
import { sealed, tinyContents, type Contents, type Json } from "../../fakes/tiny-package.ts";
import { repeatContents } from "../../fakes/tiny-repeat-package.ts";
import { seeingContents } from "../../fakes/tiny-seeing-package.ts";

const text = (content: Uint8Array): string => Buffer.from(content).toString();
const manifestOf = (contents: Contents): string => text(contents["manifest.json"]!);

/** What a case came to: the code of its refusal. Anything but a BridgeError fails the test. */
async function refusalOf(read: () => Promise<ModelPackage>): Promise<string | ModelPackage> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BridgeError) return error.code;
    throw error;
  }
}

function sameAs(contents: Contents, pack: ModelPackage): void {
  expect(pack.manifest).toEqual(parseManifest(manifestOf(contents), "manifest.json"));
  for (const [path, content] of pack.files)
    expect(Buffer.from(content).equals(contents[path]!)).toBe(true);
}

const whole = sealed(tinyContents());
const readFolder = (contents: Contents): Promise<ModelPackage> =>
  readPackage(memoryFiles("memory", new Map(Object.entries(contents))));
const readArchive = async (bytes: Uint8Array): Promise<ModelPackage> =>
  await readPackage(await openArchive(bytes, "archive"));
const tar = tarOf(entriesOf(whole));
const targz = tarGz(entriesOf(whole));
const zip = zipOf(entriesOf(whole));
const paths = Object.keys(whole);

const damages = [
  [
    "files",
    400,
    (seed: number) => {
      const path = paths[seed % paths.length]!;
      return readFolder({ ...whole, [path]: damaged(whole[path]!, seed) });
    },
  ],
  ["a .tar.gz", 200, (seed: number) => readArchive(damaged(targz, seed))],
  [
    "a tar in a sound gzip",
    200,
    (seed: number) => readArchive(gzipSync(damaged(tar, seed), { level: 1 })),
  ],
  ["a .zip", 300, (seed: number) => readArchive(damaged(zip, seed))],
] as const;

test.each(damages)(
  "damage in %s is refused or changes nothing (%i cases)",
  async (_, count, read) => {
    const codes = new Map<string, number>();
    for (let seed = 0; seed < count; seed += 1) {
      const result = await refusalOf(() => read(seed));
      if (typeof result === "string") codes.set(result, (codes.get(result) ?? 0) + 1);
      else sameAs(whole, result);
    }
    const refused = [...codes.values()].reduce((sum, each) => sum + each, 0);
    expect(refused).toBeGreaterThan(0.8 * count);
  },
);

const mutants = [
  ["a rollout graph", 150, tinyContents()],
  ["a repeated step", 100, repeatContents()],
  ["encode, step and decode", 150, seeingContents()],
  ["windows", 100, jepaContents()],
] as const;

test.each(mutants)(
  "a changed manifest of %s is refused, or serves what its golden rollout says (%i cases)",
  async (_, count, contents) => {
    await using engine = await openEngine();
    const manifest = JSON.parse(manifestOf(contents)) as Json;
    let refusedCount = 0;
    for (let seed = 0; seed < count; seed += 1) {
      const changed = Buffer.from(JSON.stringify(mutatedJson(manifest, seed)));
      const serve = async (): Promise<ModelPackage> => {
        const pack = await readFolder({ ...contents, "manifest.json": changed });
        reportPackage(pack);
        await using program = await openProgram(engine, pack);
        await checkGolden(pack, program);
        return pack;
      };
      if (typeof (await refusalOf(serve)) === "string") refusedCount += 1;
    }
    expect(refusedCount).toBeGreaterThan(0.5 * count);
  },
);

test("damaged graphs with hashes that fit are refused, or predict what the sound ones do (400 cases)", async () => {
  const script = new URL("../../../dist/test/fakes/open-damaged-graphs.js", import.meta.url);
  const args = [fileURLToPath(script), "0", "400"];
  // A crash of ONNX Runtime would be a rejection here, naming the case it stopped at.
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const results = stdout
    .trim()
    .split("\n")
    .map((line) => line.slice(line.indexOf(" ") + 1));
  expect(results).toHaveLength(400);
  const allowed = /^(opened tiny|engine\/(session|run)|model\/(golden|output|shape))$/;
  expect(results.filter((result) => !allowed.test(result))).toEqual([]);
  expect(results.filter((result) => result.startsWith("engine/")).length).toBeGreaterThan(200);
});
