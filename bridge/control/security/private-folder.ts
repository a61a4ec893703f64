import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { BridgeError, ErrorCode, errorText } from "../../contract/errors.ts";

/**
 * A folder of small files that only this user may read (0700, files 0600). A file is replaced as a
 * whole, so a crash leaves the old one or the new one.
 */
export class PrivateFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws BridgeError `security/folder` if it cannot be made or is not ours. */
  static async open(path: string): Promise<PrivateFolder> {
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      // It may be older than this program, or the umask of another one made it.
      await chmod(path, 0o700);
    } catch (error) {
      throw folderError(path, error);
    }
    return new PrivateFolder(path);
  }

  async subfolder(name: string): Promise<PrivateFolder> {
    return await PrivateFolder.open(join(this.path, name));
  }

  /** Names of its files in order; half-written ones are not among them. */
  async names(): Promise<readonly string[]> {
    const names = await readdir(this.path);
    return names.filter((name) => !name.endsWith(".part")).sort();
  }

  /** Undefined if there is no such file. */
  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.path, name), "utf8");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw folderError(join(this.path, name), error);
    }
  }

  async write(name: string, text: string): Promise<void> {
    const path = join(this.path, name);
    const part = `${path}.${randomBytes(6).toString("hex")}.part`;
    try {
      const file = await open(part, "wx", 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true });
      throw folderError(path, error);
    }
  }

  /** False if there is no such file: of several who move it away, one succeeds. */
  async move(from: string, to: string): Promise<boolean> {
    try {
      await rename(join(this.path, from), join(this.path, to));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw folderError(join(this.path, from), error);
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.path, name), { force: true });
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";

function folderError(path: string, error: unknown): BridgeError {
  return new BridgeError(
    ErrorCode.SecurityFolder,
    `${path}: ${errorText(error)}, expected a folder that this user may write`,
    { cause: error, details: { path } },
  );
}
