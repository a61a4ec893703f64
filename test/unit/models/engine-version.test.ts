import { expect, test } from "vitest";
import { findLibraries, packagedLibrary } from "../../../models/engine/library.ts";
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

test("ort-ffi is taken over the packaged library, with nothing to excuse", async () => {
  const libraries = findLibraries({ root: { folder: "/nonexistent", environment: {} } });
  await using engine = await openEngine({ libraries });
  expect(engine.info).toMatchObject({ name: "ort-ffi", fallbackReasons: [] });
  expect(engine.info.library).toBe(packagedLibrary());
});
