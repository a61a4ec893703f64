import { createHash } from "node:crypto";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadSite, type SiteFolders } from "../../../bridge/control/site.ts";

let root: string;
let folders: SiteFolders;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kairos-site-"));
  const folder = async (name: string): Promise<string> => {
    await mkdir(join(root, name));
    return join(root, name);
  };
  folders = {
    page: await folder("page"),
    pageScripts: await folder("web"),
    clientScripts: await folder("client"),
    msgpackScripts: await folder("msgpack"),
    ed25519Scripts: await folder("ed25519"),
  };
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

it("holds the page and its scripts, and nothing else of the folders", async () => {
  await writeFile(join(folders.page, "index.html"), "<p>hello</p>");
  await writeFile(join(folders.page, "page.ts"), "source");
  await writeFile(join(folders.pageScripts, "page.js"), "script");
  await writeFile(join(folders.pageScripts, "page.js.map"), "map");
  await writeFile(join(folders.pageScripts, "page.d.ts"), "types");
  await mkdir(join(folders.msgpackScripts, "utils"));
  await writeFile(join(folders.msgpackScripts, "utils", "int.mjs"), "module");
  const { files } = await loadSite(folders);
  expect([...files.keys()].sort()).toEqual([
    "/",
    "/index.html",
    "/vendor/msgpack/utils/int.mjs",
    "/web/page.js",
  ]);
  expect(files.get("/web/page.js")?.contentType).toBe("text/javascript; charset=utf-8");
});

it("gives the page another tag when any of its files changes, and the files their own", async () => {
  await writeFile(join(folders.page, "index.html"), "<p>hello</p>");
  await writeFile(join(folders.clientScripts, "lease.js"), "one");
  const first = (await loadSite(folders)).files;
  expect((await loadSite(folders)).files.get("/")!.etag).toBe(first.get("/")!.etag);
  await writeFile(join(folders.clientScripts, "lease.js"), "two");
  const { files } = await loadSite(folders);
  expect(files.get("/")!.etag).not.toBe(first.get("/")!.etag);
  expect(files.get("/")!.body).toEqual(first.get("/")!.body);
});

it("hashes the scripts written into the page, to the letter, and no others", async () => {
  const text = '\n  { "imports": {} }\n';
  const html = `<script type="importmap">${text}</script><script type="module" src="/x.js"></script>`;
  await writeFile(join(folders.page, "index.html"), html);
  const digest = createHash("sha256").update(text).digest("base64");
  expect((await loadSite(folders)).scriptHashes).toEqual([`'sha256-${digest}'`]);
});

it("says which folder is missing", async () => {
  const clientScripts = join(root, "never-built");
  await expect(loadSite({ ...folders, clientScripts })).rejects.toMatchObject({
    code: "config/invalid",
    message: expect.stringContaining("never-built") as string,
  });
});
