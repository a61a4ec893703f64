import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { packagedLibrary } from "../../../models/engine/library.ts";
import { writeTinyPackage } from "../../fakes/tiny-package.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { arm64Node, rolloutOn, tourOf } from "../../peers/ort-library/other-libraries.ts";

const embedded = fileURLToPath(new URL("../../../models/embedded", import.meta.url));

describePeer("ort-ffi on arm64", arm64Node(), (node) => {
  test("predicts on the packaged arm64 library what it predicts on x64", async () => {
    const packages = [embedded, await writeTinyPackage()];
    const x64 = await rolloutOn(packagedLibrary(), packages);
    const library = packagedLibrary().replace("/x64/", "/arm64/");
    const arm64 = await rolloutOn(library, packages, node);
    await rm(packages[1]!, { recursive: true });
    expect(arm64).toMatchObject({ engine: "ort-ffi", library, version: x64.version });
    expect(arm64.values).toHaveLength(x64.values.length);
    const errors = arm64.values.map((value, i) => Math.abs(value - x64.values[i]!));
    expect(Math.max(...errors)).toBeLessThan(1e-5);
  }, 120_000);

  test("serves every part of the engine as on x64", async () => {
    const x64 = await tourOf(packagedLibrary());
    const arm64 = await tourOf(packagedLibrary().replace("/x64/", "/arm64/"), [], node);
    // Builds and providers differ: arm64 is CPU only.
    expect(arm64.providers).toEqual(["cpu"]);
    const { buildInfo, providers } = arm64;
    expect(arm64).toEqual({ ...x64, buildInfo, providers });
  }, 120_000);
});
