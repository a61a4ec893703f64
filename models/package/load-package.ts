import { createHash } from "node:crypto";
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import { parseManifest, type Manifest } from "./manifest.ts";

const maxManifestBytes = 1024 * 1024;

/** A package whose every file has been read and hashed. What is used later is what was hashed. */
export interface ModelPackage {
  readonly folder: string;
  readonly manifest: Manifest;
  /** sha256 of manifest.json, which holds the sha256 of every other file. */
  readonly sha256: string;
  /** Content by path as the manifest lists it. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads a package folder and verifies size and sha256 of every listed file.
 *
 * @throws BridgeError `model/missing`, `model/manifest`, or `model/hash` naming every file that differs.
 */
export async function loadPackage(folder: string): Promise<ModelPackage> {
  const manifestBytes = await readRegularFile(folder, "manifest.json");
  if (manifestBytes.byteLength > maxManifestBytes) {
    const text = `manifest.json has ${manifestBytes.byteLength} bytes, limit is ${maxManifestBytes}`;
    throw new BridgeError(ErrorCode.ModelManifest, text);
  }
  const source = join(folder, "manifest.json");
  const manifest = parseManifest(new TextDecoder().decode(manifestBytes), source);
  const files = new Map<string, Uint8Array>();
  const problems: string[] = [];
  for (const file of manifest.files) {
    const content = await readRegularFile(folder, file.path);
    const sha256 = sha256Of(content);
    if (content.byteLength !== file.bytes) {
      problems.push(
        `${file.path} has ${content.byteLength} bytes, the manifest says ${file.bytes}`,
      );
    } else if (sha256 !== file.sha256) {
      problems.push(`${file.path} has sha256 ${sha256}, the manifest says ${file.sha256}`);
    }
    files.set(file.path, content);
  }
  if (problems.length > 0) {
    throw new BridgeError(ErrorCode.ModelHash, problems.join("; "), { details: { folder } });
  }
  return { folder, manifest, sha256: sha256Of(manifestBytes), files };
}

/** A listed file's content. The manifest's own checks make sure that what it refers to is listed. */
export function packageFile(pack: ModelPackage, path: string): Uint8Array {
  const content = pack.files.get(path);
  if (content !== undefined) return content;
  throw new BridgeError(ErrorCode.ModelMissing, `${path} is not among the files of ${pack.folder}`);
}

const sha256Of = (content: Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

/** No step of the path may be a link: a package is the files it holds, nothing outside it. */
async function readRegularFile(folder: string, path: string): Promise<Uint8Array> {
  const parts = path.split("/");
  try {
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const step = join(folder, ...parts.slice(0, depth));
      const entry = await lstat(step);
      const isExpected = depth === parts.length ? entry.isFile() : entry.isDirectory();
      if (!isExpected) {
        const kind = entry.isSymbolicLink() ? "a symbolic link" : "not a plain file or folder";
        throw new BridgeError(ErrorCode.ModelHash, `${step} is ${kind}, expected a plain file`);
      }
    }
    return await readFile(join(folder, ...parts));
  } catch (cause) {
    if (cause instanceof BridgeError) throw cause;
    const text = `${join(folder, path)} cannot be read: ${errorText(cause)}`;
    throw new BridgeError(ErrorCode.ModelMissing, text, { cause });
  }
}
