import { createHash } from "node:crypto";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { parseManifest, type Manifest } from "./manifest.ts";
import { openPackageFiles, type PackageFiles } from "./package-files.ts";

const maxManifestBytes = 1024 * 1024;

/** A package whose every file has been read and hashed. What is used later is what was hashed. */
export interface ModelPackage<M extends Manifest = Manifest> {
  /** Path of the folder or archive it came from. */
  readonly source: string;
  readonly manifest: M;
  /** sha256 of manifest.json, which holds the sha256 of every other file. */
  readonly sha256: string;
  /** Content by path as the manifest lists it. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads a package folder, .tar.gz or .zip and verifies size and sha256 of every listed file.
 *
 * @throws BridgeError `model/missing`, `model/archive`, `model/manifest`, or `model/hash` naming every
 * file that differs.
 */
export async function loadPackage(path: string): Promise<ModelPackage> {
  return await readPackage(await openPackageFiles(path));
}

/** The same from files that are open already. */
export async function readPackage(from: PackageFiles): Promise<ModelPackage> {
  const manifestBytes = await readManifest(from);
  const text = new TextDecoder().decode(manifestBytes);
  const manifest = parseManifest(text, `${from.source}/manifest.json`);
  const files = new Map<string, Uint8Array>();
  const problems: string[] = [];
  for (const file of manifest.files) {
    const byteLength = await from.byteLength(file.path);
    if (byteLength !== file.bytes) {
      problems.push(`${file.path} has ${byteLength} bytes, the manifest says ${file.bytes}`);
      continue;
    }
    const content = await from.read(file.path);
    const sha256 = sha256Of(content);
    if (sha256 !== file.sha256) {
      problems.push(`${file.path} has sha256 ${sha256}, the manifest says ${file.sha256}`);
    }
    files.set(file.path, content);
  }
  if (problems.length > 0) {
    const details = { source: from.source };
    throw new BridgeError(ErrorCode.ModelHash, problems.join("; "), { details });
  }
  return { source: from.source, manifest, sha256: sha256Of(manifestBytes), files };
}

/** A listed file's content. The manifest's own checks make sure that what it refers to is listed. */
export function packageFile(pack: ModelPackage, path: string): Uint8Array {
  const content = pack.files.get(path);
  if (content !== undefined) return content;
  throw new BridgeError(ErrorCode.ModelMissing, `${path} is not among the files of ${pack.source}`);
}

async function readManifest(from: PackageFiles): Promise<Uint8Array> {
  const byteLength = await from.byteLength("manifest.json");
  if (byteLength <= maxManifestBytes) return await from.read("manifest.json");
  const text = `manifest.json has ${byteLength} bytes, limit is ${maxManifestBytes}`;
  throw new BridgeError(ErrorCode.ModelManifest, text);
}

const sha256Of = (content: Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");
