import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packagedLibrary } from "../../../models/engine/library.ts";
import { compareVersions, versionOnDisk } from "../../../models/engine/library-version.ts";
import { writeTinyPackage } from "../../fakes/tiny-package.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { mockEpLibrary } from "../../peers/mock-ep/mock-ep.ts";
import { otherLibraries, rolloutOn, tourOf } from "../../peers/ort-library/other-libraries.ts";
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

test("the packaged library serves every part of the engine", async () => {
  expect(await tourOf(packagedLibrary())).toMatchObject({
    ...whatEveryLibraryDoes,
    providers: expect.arrayContaining(["cpu"]) as string[],
    assignment: [{ provider: "CPUExecutionProvider", nodeCount: 2 }],
  });
});

describePeer("another ONNX Runtime library", otherLibraries(), (libraries) => {
  test.each(libraries)("%s predicts the same to 1e-5", async (library) => {
    const other = await rolloutOn(library, packages);
    expect(other).toMatchObject({ engine: "ort-ffi", library });
    const named = versionOnDisk(library);
    if (named !== undefined) expect(other.version).toBe(named);
    expect(other.values).toHaveLength(reference.values.length);
    const errors = other.values.map((value, i) => Math.abs(value - reference.values[i]!));
    expect(Math.max(...errors)).toBeLessThan(1e-5);
  });

  test.each(libraries)(
    "%s serves every part of the engine that its version has",
    async (library) => {
      const mock = await mockEpLibrary();
      const plugins = mock.programs === undefined ? [] : [mock.programs.library];
      const tour = await tourOf(library, plugins);
      expect(tour).toMatchObject(whatEveryLibraryDoes);
      expect(tour.buildInfo).toMatch(/^ORT Build Info: /);
      expect(tour.providers).toContain("cpu");
      const canAssign = compareVersions(tour.version, "1.30.0") >= 0;
      expect(tour.assignment?.length).toBe(canAssign ? 1 : undefined);
      if (plugins.length === 0) return;
      expect(tour.plugin).toEqual(pluginResult(tour.version, library));
    },
  );
});

const whatEveryLibraryDoes = {
  host: [2, 8, 18],
  device: [2, 8, 18],
  // Two nodes, three runs.
  profiledNodes: 6,
  afterTerminate: [2, 8, 18],
  refusal: expect.stringMatching(/^\[engine\/session\] nonsense: .*protobuf/) as string,
};

/** What becomes of the mock provider, which was written for 1.23. */
function pluginResult(version: string, library: string): unknown {
  if (compareVersions(version, "1.22.0") < 0) {
    return expect.stringMatching(/^\[engine\/provider\] plugin execution providers need/);
  }
  // 1.23 asks for this one before it looks at a plugin; npm's older packages come without it.
  if (!existsSync(join(dirname(library), "libonnxruntime_providers_shared.so"))) {
    return expect.stringMatching(/^\[engine\/provider\] .*libonnxruntime_providers_shared/s);
  }
  return [2, 8, 18];
}
