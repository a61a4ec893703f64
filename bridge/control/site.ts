import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { BridgeError, ErrorCode, errorText } from "../contract/errors.ts";

/** Folders whose files are served. Paths, given by the composition root. */
export interface SiteFolders {
  /** bridge/web: index.html and style.css, served at `/`. */
  readonly page: string;
  /** dist/bridge/web, served at `/web/`. */
  readonly pageScripts: string;
  /** dist/bridge/client, served at `/client/`. */
  readonly clientScripts: string;
  /** dist.esm of @msgpack/msgpack, served at `/vendor/msgpack/`. */
  readonly msgpackScripts: string;
  /** The package @noble/ed25519, served at `/vendor/ed25519/`; only who pairs loads it. */
  readonly ed25519Scripts: string;
}

interface SiteFile {
  readonly body: Buffer;
  readonly contentType: string;
  readonly etag: string;
}

/** The page and its scripts, held in memory: no request path ever reaches the file system. */
export interface Site {
  readonly files: ReadonlyMap<string, SiteFile>;
  /** CSP sources of the scripts written into the page, e.g. its import map. */
  readonly scriptHashes: readonly string[];
}

export const emptySite: Site = { files: new Map(), scriptHashes: [] };

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** @throws BridgeError `config/invalid` if a folder cannot be read. */
export async function loadSite(folders: SiteFolders): Promise<Site> {
  const files = new Map<string, SiteFile>();
  await loadFolder(files, {
    folder: folders.page,
    prefix: "/",
    extensions: [".html", ".css", ".svg"],
  });
  await loadFolder(files, { folder: folders.pageScripts, prefix: "/web/", extensions: [".js"] });
  await loadFolder(files, {
    folder: folders.clientScripts,
    prefix: "/client/",
    extensions: [".js"],
  });
  await loadFolder(files, {
    folder: folders.msgpackScripts,
    prefix: "/vendor/msgpack/",
    extensions: [".mjs"],
  });
  await loadFolder(files, {
    folder: folders.ed25519Scripts,
    prefix: "/vendor/ed25519/",
    extensions: [".js"],
  });
  const index = files.get("/index.html");
  // A page that runs asks for its own tag to learn whether any of its files has changed.
  if (index !== undefined) {
    const tags = [...files].map(([path, { etag }]) => `${path} ${etag}`).sort();
    files.set("/index.html", { ...index, etag: tagOf(tags.join()) });
  }
  for (const [path, file] of [...files]) {
    if (!path.endsWith("/index.html")) continue;
    const folder = path.slice(0, -"index.html".length);
    files.set(folder, file);
    if (folder !== "/") files.set(folder.slice(0, -1), file);
  }
  return { files, scriptHashes: inlineScriptHashes(index?.body.toString("utf8") ?? "") };
}

interface Source {
  readonly folder: string;
  readonly prefix: string;
  readonly extensions: readonly string[];
}

async function loadFolder(files: Map<string, SiteFile>, source: Source): Promise<void> {
  const { folder, prefix, extensions } = source;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      throw new BridgeError(
        ErrorCode.ConfigInvalid,
        `page folder ${folder} cannot be read: ${errorText(error)}, expected a built project`,
        { cause: error },
      );
    },
  );
  for (const entry of entries) {
    const extension = extname(entry.name);
    const contentType = contentTypes[extension];
    if (!entry.isFile() || contentType === undefined || !extensions.includes(extension)) continue;
    const path = join(entry.parentPath, entry.name);
    const body = await readFile(path);
    const etag = tagOf(body);
    const relative = path.slice(folder.length).replaceAll("\\", "/").replace(/^\/+/, "");
    files.set(`${prefix}${relative}`, { body, contentType, etag });
  }
}

/** An entity tag (RFC 9110 section 8.8.3). */
const tagOf = (content: Buffer | string): string =>
  `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"`;

/** CSP level 3: an inline script runs if the policy names the hash of its exact text. */
function inlineScriptHashes(html: string): readonly string[] {
  const inline = html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g);
  return [...inline].map((match) => {
    const digest = createHash("sha256")
      .update(match[1] ?? "")
      .digest("base64");
    return `'sha256-${digest}'`;
  });
}
