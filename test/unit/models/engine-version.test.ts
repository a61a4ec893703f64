import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packagedLibrary } from "../../../models/engine/library.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { supportedMinor } from "../../../models/engine/ort-ffi/ort-api.ts";
import { ortSlots } from "../../../models/engine/ort-ffi/slots.ts";

const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;

test.each([
  ["1.21.0", 21],
  ["1.23.2", 23],
  ["1.30.0", 30],
  ["1.31.0-dev+1", 31],
])("ONNX Runtime %s is taken", (version, minor) => {
  expect(supportedMinor("lib.so", version)).toBe(minor);
});

test.each(["1.20.9", "1.2.0", "0.5.0", "2.0.0", "", "nonsense", "11.21.0"])(
  "a library that calls itself %j is refused, with its own words",
  (version) => {
    expect(() => supportedMinor("lib.so", version)).toThrow(code("engine/library"));
    expect(() => supportedMinor("lib.so", version)).toThrow(
      `lib.so is ONNX Runtime ${version}, expected 1.21 or newer`,
    );
  },
);

test("no slot lies where development builds have moved them, and none is listed twice", () => {
  const indices = Object.values(ortSlots).map((slot) => slot.index);
  expect(Math.max(...indices)).toBeLessThanOrEqual(389);
  expect(new Set(indices).size).toBe(indices.length);
});

describe("choosing an engine", () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kairos-engine-"));
    await writeFile(path("text.so"), "not a library");
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  test("takes ort-ffi over the packaged library, with nothing to excuse", async () => {
    await using engine = await openEngine();
    expect(engine.info).toMatchObject({ name: "ort-ffi", fallbackReasons: [] });
    expect(engine.info.library).toBe(packagedLibrary());
  });

  test.each([
    ["does not exist", "missing.so", /cannot open shared object|no such file/i],
    ["is no library", "text.so", /too short|invalid ELF|not a/i],
  ])("falls back to ort-node and says why when the library %s", async (_, name, reason) => {
    await using engine = await openEngine({ libraryPath: path(name) });
    expect(engine.info.name).toBe("ort-node");
    expect(engine.info.fallbackReasons).toHaveLength(1);
    expect(engine.info.fallbackReasons[0]).toMatch(reason);
    expect(engine.info.fallbackReasons[0]).toContain(path(name));
  });

  test("refuses to open another library than the one that was named", async () => {
    const opening = openEngine({ engine: "ort-ffi", libraryPath: path("missing.so") });
    await expect(opening).rejects.toThrow(code("engine/library"));
  });

  test("refuses a library that is not ONNX Runtime", async () => {
    const opening = openEngine({ engine: "ort-ffi", libraryPath: "libc.so.6" });
    await expect(opening).rejects.toThrow(/libc\.so\.6 cannot be used as ONNX Runtime/);
  });
});
