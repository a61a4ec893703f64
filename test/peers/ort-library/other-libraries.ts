import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import type { Peer } from "../build.ts";
import type { EngineTour } from "./engine-tour.ts";
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

export type NodeCommand = readonly [program: string, ...before: string[]];

/** A Node.js for arm64 that runs here: KAIROS_ARM64_NODE. */
export function arm64Node(): Peer<NodeCommand> {
  const named = process.env["KAIROS_ARM64_NODE"] ?? "";
  if (named === "") return { missing: "KAIROS_ARM64_NODE names no node; .ci/arm64-node makes one" };
  if (!existsSync(named)) return { missing: `KAIROS_ARM64_NODE: ${named} does not exist` };
  return { programs: [named] };
}

/** What packages predict on a library, from a process of its own that ended well. */
export async function rolloutOn(
  library: string,
  packages: readonly string[],
  node?: NodeCommand,
): Promise<LibraryRollout> {
  return (await answerOf("rollout.js", [library, ...packages], node)) as LibraryRollout;
}

/** Every part of the engine on a library, from a process of its own that ended well. */
export async function tourOf(
  library: string,
  plugins: readonly string[] = [],
  node?: NodeCommand,
): Promise<EngineTour> {
  return (await answerOf("engine-tour.js", [library, ...plugins], node)) as EngineTour;
}

async function answerOf(
  name: string,
  args: readonly [library: string, ...more: string[]],
  [program, ...before]: NodeCommand = nodeFor(args[0]),
): Promise<unknown> {
  const script = path.resolve("dist/test/peers/ort-library", name);
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: "1" };
  // Debian's libraries print each of their operator schemas as they load.
  const maxBuffer = 16 * 1024 * 1024;
  const options = { env, maxBuffer };
  const { stdout } = await promisify(execFile)(program, [...before, script, ...args], options);
  return JSON.parse(stdout);
}

/** Node, through the loader that lies beside the library where its libc is not this machine's. */
function nodeFor(library: string): NodeCommand {
  const folder = path.dirname(library);
  const loader = readdirSync(folder).find((name) => /^ld-linux-.*\.so\.\d$/.test(name));
  if (loader === undefined) return [process.execPath];
  return [path.join(folder, loader), "--library-path", folder, process.execPath];
}
