import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadedLibraries } from "../../../models/engine/library-process.ts";
import { compareVersions, versionOnDisk } from "../../../models/engine/library-version.ts";
import {
  findLibraries,
  noLibrary,
  packagedLibrary,
  type LibraryCandidate,
} from "../../../models/engine/library.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kairos-lookup-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";

/** Makes files in the search root; a path ending in `/` is a folder. */
async function lay(...paths: string[]): Promise<void> {
  for (const path of paths) {
    const full = join(folder, path);
    await mkdir(path.endsWith("/") ? full : dirname(full), { recursive: true });
    if (!path.endsWith("/")) await writeFile(full, "");
  }
}

const search = (environment = {}): LibraryCandidate[] =>
  findLibraries({ root: { folder, home: join(folder, "home/pilot"), environment } });

/** What was found outside the package, with paths as in the search root. */
const outside = (candidates: readonly LibraryCandidate[]): Partial<LibraryCandidate>[] =>
  candidates
    .filter((each) => each.source !== "npm package")
    .map((each) => ({ ...each, path: each.path.slice(folder.length + 1) }));

describe("the search for ONNX Runtime", () => {
  test("ends with the package's library, which serves where nothing better is", () => {
    const found = search();
    expect(found).toEqual([
      {
        path: packagedLibrary(),
        source: "npm package",
        version: expect.stringMatching(/^1\.\d+\.\d+$/) as string,
        accelerators: [],
      },
    ]);
  });

  test("knows the places of wheels and of the system, in their order", async () => {
    await lay(
      "venv/lib/python3.12/site-packages/onnxruntime/capi/libonnxruntime.so.1.24.0",
      "home/pilot/.local/lib/python3.12/site-packages/onnxruntime/capi/libonnxruntime.so.1.24.1",
      "usr/local/lib/python3.12/dist-packages/onnxruntime/capi/libonnxruntime.so.1.24.2",
      "usr/lib/python3/dist-packages/onnxruntime/capi/libonnxruntime.so.1.24.3",
      "opt/onnxruntime-linux-aarch64/lib/libonnxruntime.so.1.24.4",
      "usr/local/lib/libonnxruntime.so.1.24.5",
      `usr/lib/${triplet}/libonnxruntime.so.1.24.6`,
      "usr/lib/libonnxruntime.so.1.24.7",
      // Near misses.
      "usr/lib/libonnxruntime_providers_shared.so",
      "usr/lib/python2.7/dist-packages/onnxruntime/capi/libonnxruntime.so.1.24.8",
      "opt/other/lib/libonnxruntime.so.1.24.9",
    );
    const found = outside(search({ VIRTUAL_ENV: join(folder, "venv") }));
    expect(found.map((each) => each.version)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((patch) => `1.24.${patch}`),
    );
    expect(found.map((each) => each.source)).toEqual([
      ...Array<string>(4).fill("python wheel"),
      ...Array<string>(4).fill("system"),
    ]);
  });

  test("reads the loader's cache for other folders, and only entries that are there", async () => {
    await lay("vendor/lib/libonnxruntime.so.1.23.0", "etc/");
    const real = join(folder, "vendor/lib/libonnxruntime.so.1.23.0");
    const gone = join(folder, "gone/libonnxruntime.so.1");
    const cache = `glibc-ld.so.cache1.1\0\x01libonnxruntime.so.1\0${real}\0libz.so\0/lib/libz.so\0${gone}\0`;
    await writeFile(join(folder, "etc/ld.so.cache"), cache, "latin1");
    expect(outside(search())).toMatchObject([
      { path: "vendor/lib/libonnxruntime.so.1.23.0", source: "system" },
    ]);
  });

  test("lists a library with its links once, under the name that carries its version", async () => {
    await lay(`usr/lib/${triplet}/libonnxruntime.so.1.23.2`);
    const lib = join(folder, "usr/lib", triplet);
    await symlink("libonnxruntime.so.1.23.2", join(lib, "libonnxruntime.so.1.23"));
    await symlink("libonnxruntime.so.1.23", join(lib, "libonnxruntime.so"));
    await symlink("nowhere", join(lib, "libonnxruntime.so.1"));
    expect(outside(search())).toMatchObject([
      { path: `usr/lib/${triplet}/libonnxruntime.so.1.23.2`, version: "1.23.2" },
    ]);
  });
});

describe("a library found outside the package", () => {
  const place = `usr/lib/${triplet}`;

  test("is passed over when it brings nothing, even a newer one", async () => {
    await lay(`${place}/libonnxruntime.so.1.99.0`, `${place}/libonnxruntime_providers_dnnl.so`);
    const [system, packaged] = search();
    expect(system?.passedOver).toMatch(
      /brings no accelerator that onnxruntime-node's 1\.\d+\.\d+ lacks/,
    );
    expect(packaged?.passedOver).toBeUndefined();
  });

  test.each(["cuda", "tensorrt", "openvino", "cann", "qnn", "migraphx"])(
    "goes before the package's when %s lies beside it",
    async (name) => {
      await lay(
        `${place}/libonnxruntime.so.1.23.2`,
        `${place}/libonnxruntime_providers_${name}.so`,
        `${place}/libonnxruntime_providers_shared.so`,
      );
      const [first, second] = search();
      expect(first).toMatchObject({ source: "system", accelerators: [name] });
      expect(first?.passedOver).toBeUndefined();
      expect(second).toMatchObject({ source: "npm package" });
      expect(second?.passedOver).toBeUndefined();
    },
  );

  test("is passed over when it is too old, whatever it brings", async () => {
    await lay(`${place}/libonnxruntime.so.1.20.1`, `${place}/libonnxruntime_providers_cuda.so`);
    const [first, second] = search();
    expect(first?.passedOver).toBe("it is 1.20.1, expected 1.21.0 or newer");
    expect(second?.passedOver).toBeUndefined();
  });

  test("must be as new as what is asked for", async () => {
    await lay(`${place}/libonnxruntime.so.1.23.2`, `${place}/libonnxruntime_providers_cuda.so`);
    const [first] = findLibraries({
      root: { folder, home: folder, environment: {} },
      oldest: "1.25.1",
    });
    expect(first?.passedOver).toBe("it is 1.23.2, expected 1.25.1 or newer");
  });

  test("in a wheel goes before the system's", async () => {
    const capi = "usr/local/lib/python3.12/dist-packages/onnxruntime/capi";
    await lay(
      `${place}/libonnxruntime.so.1.25.0`,
      `${place}/libonnxruntime_providers_cuda.so`,
      `${capi}/libonnxruntime.so.1.23.0`,
      `${capi}/libonnxruntime_providers_cuda.so`,
    );
    expect(search().map((each) => each.source)).toEqual(["python wheel", "system", "npm package"]);
  });
});

test("a library that is named is the only one that is not passed over", async () => {
  await lay("usr/lib/libonnxruntime.so.1.23.2", "usr/lib/libonnxruntime_providers_cuda.so");
  const setting = "/nonexistent/capi/libonnxruntime.so.1.20.0";
  const [first, ...others] = findLibraries({
    setting,
    root: { folder, home: folder, environment: {} },
  });
  expect(first).toMatchObject({ path: setting, source: "setting", version: "1.20.0" });
  expect(first?.passedOver).toBeUndefined();
  expect(others.map((each) => each.passedOver)).toEqual(
    Array<string>(2).fill(`the setting names ${setting}`),
  );
});

test("the error for a machine without a library gives every reason", () => {
  const one = { path: "/a", source: "system", version: undefined, accelerators: [] } as const;
  expect(noLibrary([]).message).toMatch(/none was found/);
  const error = noLibrary([
    { ...one, passedOver: "too old" },
    { ...one, path: "/b" },
  ]);
  expect(error.message).toMatch(/\/a: too old; \/b: not tried/);
  expect(error.code).toBe("engine/library");
});

describe("a version told without loading", () => {
  test.each([
    ["/usr/lib/libonnxruntime.so.1.23.2", "1.23.2"],
    ["/usr/lib/libonnxruntime.so.1", undefined],
    ["/usr/lib/libonnxruntime.so", undefined],
  ])("%s: %s", (file, version) => {
    expect(versionOnDisk(file)).toBe(version);
  });

  test.each([
    ["onnxruntime-1.30.0.dist-info", "1.30.0"],
    ["onnxruntime_gpu-1.23.0.dist-info", "1.23.0"],
    ["onnxruntime_gpu-1.24.0.dev20260101.dist-info", "1.24.0"],
    ["onnxruntime_extensions.dist-info", undefined],
  ])("a wheel called %s: %s", async (name, version) => {
    await lay(`packages/onnxruntime/capi/libonnxruntime.so`, `packages/${name}/`);
    expect(versionOnDisk(join(folder, "packages/onnxruntime/capi/libonnxruntime.so"))).toBe(
      version,
    );
  });

  test.each([
    ["1.21.0", "1.21.0", 0],
    ["1.9.9", "1.21.0", -1],
    ["1.30.0", "1.4.0", 1],
    ["1.21.10", "1.21.9", 1],
    ["2.0.0", "1.30.0", 1],
  ])("%s against %s", (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
    expect(Math.sign(compareVersions(b, a))).toBe(sign === 0 ? 0 : -sign);
  });
});

test("libraries in the process are told by their files, not by what only sounds alike", () => {
  const maps = `
7f00-7f01 r-xp 00000000 fe:00 12 /opt/my build/libonnxruntime.so.1.23.0
7f01-7f02 rw-p 00000000 fe:00 12 /opt/my build/libonnxruntime.so.1.23.0
7f02-7f03 r-xp 00000000 fe:00 13 /opt/my build/libonnxruntime_providers_shared.so
7f03-7f04 rw-p 00000000 00:00 0
7f04-7f05 rw-p 00000000 00:00 0 [heap]`;
  expect(loadedLibraries(maps)).toEqual(["/opt/my build/libonnxruntime.so.1.23.0"]);
});
