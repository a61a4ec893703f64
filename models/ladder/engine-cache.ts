import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Everything a built engine depends on. Any difference is another folder: TensorRT checks only some of it. */
export interface EngineCacheKey {
  readonly modelSha256: string;
  readonly onnxRuntimeVersion: string;
  readonly tensorrtVersion: string;
  readonly gpuName: string;
  readonly provider: string;
  readonly precision: string;
  /** By graph, as they are handed to the provider, without the cache's own paths. */
  readonly options: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Marks a folder as ours, says what it was built for, and its time is when it was last used. */
const markerName = "engine-cache.json";
const maxAgeMs = 180 * 24 * 3600 * 1000;

/** Name of the folder for a key: the model for people, a digest of the whole key for truth. */
export function cacheFolderName(key: EngineCacheKey): string {
  const digest = createHash("sha256").update(canonicalJson(key)).digest("hex");
  return `${key.modelSha256.slice(0, 12)}-${digest.slice(0, 24)}`;
}

/**
 * Makes the folder for `key` and marks it used now.
 *
 * @throws NodeJS.ErrnoException when the cache cannot be written; engines are then built each time.
 */
export async function openEngineCache(root: string, key: EngineCacheKey): Promise<string> {
  const folder = join(root, cacheFolderName(key));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const marker = join(folder, markerName);
  await writeFile(marker, `${JSON.stringify(key, null, 2)}\n`);
  const now = new Date();
  await utimes(marker, now, now);
  return folder;
}

interface Kept {
  readonly folder: string;
  readonly usedMs: number;
  readonly bytes: number;
}

/**
 * Removes engines not used for half a year, then the longest unused ones until `maxBytes` hold the
 * rest. Touches only folders that carry our marker, and never `keep`.
 *
 * @returns the folders removed.
 */
export async function pruneEngineCache(
  root: string,
  { maxBytes, keep, nowMs = Date.now() }: { maxBytes: number; keep: string; nowMs?: number },
): Promise<readonly string[]> {
  const kept = await listCaches(root);
  kept.sort((a, b) => b.usedMs - a.usedMs);
  let bytes = 0;
  const removed: string[] = [];
  for (const cache of kept) {
    bytes += cache.bytes;
    if (cache.folder === keep) continue;
    if (bytes <= maxBytes && nowMs - cache.usedMs <= maxAgeMs) continue;
    await rm(cache.folder, { recursive: true, force: true });
    bytes -= cache.bytes;
    removed.push(cache.folder);
  }
  return removed;
}

async function listCaches(root: string): Promise<Kept[]> {
  const names = await readdir(root).catch(() => []);
  const caches = await Promise.all(names.map((name) => describeCache(join(root, name))));
  return caches.filter((cache) => cache !== undefined);
}

/** Undefined for anything that is not one of our folders. */
async function describeCache(folder: string): Promise<Kept | undefined> {
  try {
    const marker = join(folder, markerName);
    JSON.parse(await readFile(marker, "utf8"));
    const { mtimeMs: usedMs } = await stat(marker);
    const names = await readdir(folder);
    const sizes = await Promise.all(
      names.map(async (name) => (await stat(join(folder, name))).size),
    );
    return { folder, usedMs, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  } catch {
    return undefined;
  }
}

/** Keys sorted at every level, so that the same key is the same text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
