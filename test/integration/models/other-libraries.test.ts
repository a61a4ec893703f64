import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packagedLibrary } from "../../../models/engine/library.ts";
import { versionOnDisk } from "../../../models/engine/library-version.ts";
import { writeTinyPackage } from "../../fakes/tiny-package.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { otherLibraries, rolloutOn } from "../../peers/ort-library/other-libraries.ts";
import type { LibraryRollout } from "../../peers/ort-library/rollout.ts";

const embedded = fileURLToPath(new URL("../../../models/embedded", import.meta.url));
let packages: string[];
let reference: LibraryRollout;

beforeAll(async () => {
  packages = [embedded, await writeTinyPackage()];
  reference = await rolloutOn(packagedLibrary(), packages);
});
afterAll(async () => {
  await rm(packages[1]!, { recursive: true });
});

test("the packaged library predicts something that differs between steps and candidates", () => {
  expect(reference.engine).toBe("ort-ffi");
  expect(reference.values.every(Number.isFinite)).toBe(true);
  expect(new Set(reference.values).size).toBeGreaterThan(reference.values.length / 2);
});

describePeer("another ONNX Runtime library", otherLibraries(), (libraries) => {
  test.each(libraries)("%s predicts the same to 1e-5", async (library) => {
    const other = await rolloutOn(library, packages);
    expect(other).toMatchObject({ engine: "ort-ffi", library });
    const named = versionOnDisk(library);
    if (named !== undefined) expect(other.version).toBe(named);
    expect(other.version).not.toBe(reference.version);
    expect(other.values).toHaveLength(reference.values.length);
    const errors = other.values.map((value, i) => Math.abs(value - reference.values[i]!));
    expect(Math.max(...errors)).toBeLessThan(1e-5);
  });
});
