import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { loadPackage, packageFile } from "../../../models/package/load-package.ts";
import { writeTinyPackage } from "../../fakes/tiny-package.ts";

const folders: string[] = [];
async function tinyPackage(): Promise<string> {
  const folder = await writeTinyPackage();
  folders.push(folder);
  return folder;
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;

describe("a package on disk", () => {
  test("is read whole, and its identity is the sha256 of its manifest", async () => {
    const folder = await tinyPackage();
    const pack = await loadPackage(folder);
    const manifest = await readFile(join(folder, "manifest.json"));
    expect(pack.sha256).toBe(createHash("sha256").update(manifest).digest("hex"));
    expect([...pack.files.keys()]).toEqual(pack.manifest.files.map((file) => file.path));
    const onDisk = await readFile(join(folder, "graphs/observe.onnx"));
    expect(onDisk.equals(packageFile(pack, "graphs/observe.onnx"))).toBe(true);
    expect(() => packageFile(pack, "other.onnx")).toThrow(code("model/missing"));
  });

  test.each(["graphs/observe.onnx", "graphs/rollout.onnx", "golden.json", "model-card.md"])(
    "is refused when one bit of %s is another",
    async (path) => {
      const folder = await tinyPackage();
      const content = await readFile(join(folder, path));
      content[content.length >> 1]! ^= 1;
      await writeFile(join(folder, path), content);
      const loading = loadPackage(folder);
      await expect(loading).rejects.toThrow(code("model/hash"));
      await expect(loading).rejects.toThrow(new RegExp(`${path} has sha256`));
    },
  );

  test("is refused with every file that differs, by size or by hash", async () => {
    const folder = await tinyPackage();
    await appendFile(join(folder, "golden.json"), " ");
    await writeFile(join(folder, "model-card.md"), "# TINY\n\nA package for tests.\n");
    await expect(loadPackage(folder)).rejects.toThrow(
      /golden\.json has \d+ bytes, the manifest says \d+; model-card\.md has sha256/,
    );
  });

  test.each([
    ["the folder", "."],
    ["the manifest", "manifest.json"],
    ["a listed file", "golden.json"],
    ["a folder inside", "graphs"],
  ])("is missing when %s is missing", async (_, path) => {
    const folder = await tinyPackage();
    if (path === ".") {
      await expect(loadPackage(join(folder, "nowhere"))).rejects.toThrow(code("model/missing"));
      return;
    }
    await rename(join(folder, path), join(folder, "moved-away"));
    await expect(loadPackage(folder)).rejects.toThrow(code("model/missing"));
  });

  test.each([
    ["a listed file", "golden.json"],
    ["a folder on the way", "graphs"],
    ["the manifest", "manifest.json"],
  ])("is refused when %s is a symbolic link, even to the same content", async (_, path) => {
    const folder = await tinyPackage();
    await rename(join(folder, path), join(folder, "moved-away"));
    await symlink(join(folder, "moved-away"), join(folder, path));
    await expect(loadPackage(folder)).rejects.toThrow(code("model/hash"));
    await expect(loadPackage(folder)).rejects.toThrow(/symbolic link/);
  });

  test("is refused when a listed file is a folder", async () => {
    const folder = await tinyPackage();
    await rm(join(folder, "golden.json"));
    await mkdir(join(folder, "golden.json"));
    await expect(loadPackage(folder)).rejects.toThrow(/not a plain file/);
  });

  test("is refused when its manifest is larger than any manifest", async () => {
    const folder = await tinyPackage();
    await appendFile(join(folder, "manifest.json"), " ".repeat(1024 * 1024));
    await expect(loadPackage(folder)).rejects.toThrow(code("model/manifest"));
  });
});
