import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { defaultArchiveLimits } from "../../../models/package/archive/entries.ts";
import { loadPackage } from "../../../models/package/load-package.ts";
import { openArchive } from "../../../models/package/package-files.ts";
import { entriesOf, tarGz, zipOf, type ArchiveEntry } from "../../fakes/archive-writer.ts";
import { tinyContents, without, writePackageFolder } from "../../fakes/tiny-package.ts";

const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;
const contents = tinyContents();
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function fileWith(content: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kairos-archive-"));
  folders.push(folder);
  // No extension: what it is, its first bytes say.
  const path = join(folder, "package");
  await writeFile(path, content);
  return path;
}

const underRoot = (root: string): ArchiveEntry[] =>
  entriesOf(contents).map((entry) => ({ ...entry, path: `${root}${entry.path}` }));
const writers = [
  [".tar.gz", tarGz],
  [".zip", zipOf],
] as const;

describe.each(writers)("a package as a %s", (_, write) => {
  test.each([
    ["at the root", ""],
    ["under ./", "./"],
    ["in a folder of its own", "tiny-1.0/"],
  ])("is read with its files %s", async (__, root) => {
    const pack = await loadPackage(await fileWith(write(underRoot(root))));
    const folder = await writePackageFolder(contents);
    folders.push(folder);
    const plain = await loadPackage(folder);
    expect(pack.manifest).toEqual(plain.manifest);
    expect(pack.sha256).toBe(plain.sha256);
    for (const [path, content] of plain.files)
      expect(Buffer.from(pack.files.get(path)!).equals(content)).toBe(true);
  });

  test("with folders of their own between the files is read too", async () => {
    const entries = [{ path: "graphs/", type: "5", mode: 0o040755 }, ...entriesOf(contents)];
    expect((await loadPackage(await fileWith(write(entries)))).manifest.id).toBe("tiny");
  });

  test.each([
    ["climbs out", "../evil"],
    ["climbs out later", "graphs/../../evil"],
    ["is absolute", "/etc/evil"],
    ["has a drive", "C:/evil"],
    ["has backslashes", "graphs\\evil"],
    ["is hidden", ".ssh/evil"],
  ])("with an entry that %s is refused", async (__, path) => {
    const hostile = write([...entriesOf(contents), { path, content: Buffer.from("x") }]);
    await expect(loadPackage(await fileWith(hostile))).rejects.toThrow(code("model/archive"));
  });

  test("with a file twice is refused, even twice the same", async () => {
    const twice = [...entriesOf(contents), ...entriesOf(contents).slice(0, 1)];
    await expect(loadPackage(await fileWith(write(twice)))).rejects.toThrow(/holds .* twice/);
  });

  test("that unpacks to far more than it is is refused before it is unpacked", async () => {
    const bomb = { path: "zeros.bin", content: Buffer.alloc(64 * 1024 ** 2) };
    const opening = openArchive(write([...entriesOf(contents), bomb]), "bomb");
    await expect(opening).rejects.toThrow(code("model/archive"));
  });

  test("with more entries than any package has is refused", async () => {
    const many = Array.from({ length: 30 }, (__, i) => ({
      path: `f${i}`,
      content: Buffer.from("x"),
    }));
    const limits = { ...defaultArchiveLimits, maxEntryCount: 20 };
    await expect(openArchive(write(many), "many", limits)).rejects.toThrow(/more than 20 entries/);
  });

  test("that is larger than the limit is refused", async () => {
    const limits = { ...defaultArchiveLimits, maxTotalBytes: 1000 };
    const opening = openArchive(write(entriesOf(contents)), "large", limits);
    await expect(opening).rejects.toThrow(code("model/archive"));
  });

  test("whose graph is another than listed is refused for its hash", async () => {
    const graph = Buffer.from(contents["graphs/observe.onnx"]!);
    graph[graph.length >> 1]! ^= 1;
    const changed = write(entriesOf({ ...contents, "graphs/observe.onnx": graph }));
    await expect(loadPackage(await fileWith(changed))).rejects.toThrow(code("model/hash"));
  });

  test("without a manifest is missing one", async () => {
    const others = without(contents, "manifest.json");
    const opening = loadPackage(await fileWith(write(entriesOf(others))));
    await expect(opening).rejects.toThrow(code("model/missing"));
  });
});

test.each([
  ["a symbolic link", { path: "link", type: "2", linkTo: "/etc/passwd" }],
  ["a hard link", { path: "link", type: "1", linkTo: "golden.json" }],
  ["a device", { path: "tty", type: "3" }],
  ["a pipe", { path: "pipe", type: "6" }],
])("a .tar.gz with %s is refused", async (_, entry) => {
  const archive = tarGz([...entriesOf(contents), entry]);
  await expect(loadPackage(await fileWith(archive))).rejects.toThrow(code("model/archive"));
});

test("a .zip with a symbolic link is refused", async () => {
  const link = { path: "link", content: Buffer.from("/etc/passwd"), mode: 0o120777 };
  const opening = loadPackage(await fileWith(zipOf([...entriesOf(contents), link])));
  await expect(opening).rejects.toThrow(/as a link or device/);
});

test("a .zip whose entry is larger than it says is refused", async () => {
  const liar = { path: "zeros.bin", content: Buffer.alloc(4096), claimedBytes: 10 };
  const opening = loadPackage(await fileWith(zipOf([...entriesOf(contents), liar])));
  await expect(opening).rejects.toThrow(code("model/archive"));
});

test("what is neither is refused by name", async () => {
  const opening = loadPackage(await fileWith(Buffer.from("not an archive")));
  await expect(opening).rejects.toThrow(/no folder, no \.tar\.gz and no \.zip/);
});

test("archives made by tar and by Python's zipfile are read", async () => {
  const folder = await writePackageFolder(contents);
  folders.push(folder);
  const out = await mkdtemp(join(tmpdir(), "kairos-archive-"));
  folders.push(out);
  execFileSync("tar", ["czf", join(out, "a.tar.gz"), "-C", folder, "."]);
  const zip = "import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])";
  const made = [join(out, "a.tar.gz")];
  try {
    execFileSync("python3", ["-c", zip, join(out, "b"), folder], { stdio: "ignore" });
    made.push(join(out, "b.zip"));
  } catch {
    // No Python here: the tar of this machine has to do.
  }
  for (const path of made) expect((await loadPackage(path)).manifest.id).toBe("tiny");
});

test("an archive may be reached through a link: it is one file, named by its owner", async () => {
  const path = await fileWith(tarGz(entriesOf(contents)));
  await symlink(path, `${path}-link`);
  const pack = await loadPackage(`${path}-link`);
  expect(pack.sha256).toBe((await loadPackage(path)).sha256);
  expect((await readFile(path)).byteLength).toBeGreaterThan(100);
});
