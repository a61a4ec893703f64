import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { gpuFit, readGpuCode } from "../../../models/engine/library-gpu-code.ts";
import { describeLibrary } from "../../../models/engine/library-report.ts";
import { elf, fatbin } from "../../fakes/fatbin-writer.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kairos-gpu-code-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function file(content: Buffer, name = "library.so"): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe("the GPU code in a library", () => {
  test("is listed over all its pieces, each architecture once, in order", async () => {
    const section = Buffer.concat([
      fatbin(["real", 120, "a"], ["real", 87], ["real", 90, "a"]),
      Buffer.alloc(16),
      fatbin(["real", 87], ["ptx", 87], ["real", 110]),
    ]);
    expect(readGpuCode(await file(elf(section)))).toEqual({
      real: ["87", "90a", "110", "120a"],
      ptx: ["87"],
    });
  });

  test("is nothing where there is no such section", async () => {
    const none = { real: [], ptx: [] };
    expect(readGpuCode(await file(elf(fatbin(["real", 87]), ".nv_fatbinary")))).toEqual(none);
    expect(readGpuCode(await file(elf(Buffer.alloc(0))))).toEqual(none);
  });

  const good = fatbin(["real", 87]);
  const changed = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes.writeUInt32LE(value, at);
    return bytes;
  };
  test.each([
    ["an empty file", Buffer.alloc(0), /ends too early/],
    ["text", Buffer.alloc(100, "text"), /no 64-bit little-endian ELF/],
    ["a file that is cut off", elf(good).subarray(0, -70), /ends too early/],
    ["another magic number", elf(changed(0, 0x12345678)), /begins unlike any known/],
    ["a piece longer than its section", elf(changed(8, 5000)), /ends past its section/],
    ["an entry without a header", elf(changed(16 + 4, 0)), /unknown header/],
  ])("is refused with a reason in %s", async (_, content, reason) => {
    const path = await file(content);
    expect(() => readGpuCode(path)).toThrow(reason);
    expect(() => readGpuCode(path)).toThrow(expect.objectContaining({ code: "engine/library" }));
  });
});

test("a damaged library is listed or refused, never anything else", async () => {
  const whole = elf(Buffer.concat([fatbin(["real", 87], ["ptx", 90, "a"]), fatbin(["real", 110])]));
  const damage = fc.array(
    fc.record({ at: fc.nat(whole.length - 1), value: fc.integer({ min: 0, max: 255 }) }),
    { minLength: 1, maxLength: 8 },
  );
  const path = join(folder, "damaged.so");
  await fc.assert(
    fc.asyncProperty(damage, fc.nat(whole.length), async (changes, length) => {
      const bytes = Buffer.from(whole);
      for (const { at, value } of changes) bytes[at] = value;
      await writeFile(path, bytes.subarray(0, length % 3 === 0 ? length : whole.length));
      try {
        readGpuCode(path);
      } catch (error) {
        expect(error).toMatchObject({ code: "engine/library" });
      }
    }),
    { numRuns: 1000 },
  );
});

describe("whether code runs on a GPU", () => {
  const official = { real: ["89", "90a", "120a", "121a"], ptx: [] };
  const jetson = { real: ["87", "110"], ptx: ["110"] };
  test.each([
    ["Thor", "110", official, "none"],
    ["Orin", "87", official, "none"],
    ["Thor", "110", jetson, "real"],
    ["Orin", "87", jetson, "real"],
    ["a successor of Thor", "111", jetson, "translated"],
    ["Hopper", "90", official, "real"],
    ["Orin, on code for Ampere", "87", { real: ["80"], ptx: [] }, "unsure"],
    ["Ampere, on code for Orin", "80", jetson, "none"],
    ["Thor, on old PTX", "110", { real: ["87"], ptx: ["75"] }, "translated"],
    ["Thor, on PTX of another exactly", "110", { real: [], ptx: ["90a"] }, "none"],
    ["any, on nothing", "87", { real: [], ptx: [] }, "none"],
  ] as const)("%s (%s)", (_, capability, code, fit) => {
    expect(gpuFit(code, capability)).toBe(fit);
  });
});

describe("a library in one line", () => {
  const path = (): string => join(folder, "libonnxruntime.so.1.26.0");
  const candidate = () => ({ path: path(), source: "system" as const, version: "1.26.0" });

  test("says which GPUs it serves and whether it is in use", async () => {
    const section = fatbin(["real", 87], ["real", 110], ["ptx", 110]);
    await file(elf(section), "libonnxruntime_providers_cuda.so");
    const cuda = { ...candidate(), accelerators: ["cuda", "tensorrt"] };
    expect(describeLibrary(cuda, path())).toBe(
      `${path()} (system, 1.26.0); with cuda, tensorrt; CUDA code for sm_87 sm_110, PTX from sm_110; in use`,
    );
    expect(describeLibrary(cuda, "/other")).toMatch(/; not needed$/);
  });

  test("says why it is not used, and what cannot be told", () => {
    const plain = { ...candidate(), version: undefined, accelerators: [], passedOver: "it is old" };
    expect(describeLibrary(plain)).toBe(`${path()} (system, version unknown); it is old`);
    const broken = { ...candidate(), accelerators: ["cuda"] };
    expect(describeLibrary(broken)).toMatch(/ENOENT.*; not needed$/);
  });
});
