import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import type { Peer } from "../build.ts";
import type { LibraryRollout } from "./rollout.ts";

/** ONNX Runtime builds other than the packaged one: KAIROS_ORT_LIBRARIES, paths joined by colons. */
export function otherLibraries(): Peer<readonly string[]> {
  const named = (process.env["KAIROS_ORT_LIBRARIES"] ?? "")
    .split(":")
    .filter((each) => each !== "");
  if (named.length === 0) {
    return { missing: "KAIROS_ORT_LIBRARIES names no libraries; .ci/ort-libraries fetches some" };
  }
  const absent = named.find((each) => !existsSync(each));
  if (absent !== undefined) return { missing: `KAIROS_ORT_LIBRARIES: ${absent} does not exist` };
  return { programs: named };
}

/** What packages predict on a library, from a process of its own that ended well. */
export async function rolloutOn(
  library: string,
  packages: readonly string[],
): Promise<LibraryRollout> {
  const [program, ...before] = nodeFor(library);
  const script = path.resolve("dist/test/peers/ort-library/rollout.js");
  const args = [...before, script, library, ...packages];
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: "1" };
  // Debian's libraries print each of their operator schemas as they load.
  const maxBuffer = 16 * 1024 * 1024;
  const { stdout } = await promisify(execFile)(program, args, { env, maxBuffer });
  return JSON.parse(stdout) as LibraryRollout;
}

/** Node, through the loader that lies beside the library where its libc is not this machine's. */
function nodeFor(library: string): [program: string, ...before: string[]] {
  const folder = path.dirname(library);
  const loader = readdirSync(folder).find((name) => /^ld-linux-.*\.so\.\d$/.test(name));
  if (loader === undefined) return [process.execPath];
  return [path.join(folder, loader), "--library-path", folder, process.execPath];
}
