import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { cycloneLocalhostUri } from "../../peers/peer-process.ts";

/** What one sample holds, and its bytes as Cyclone DDS serializes them, in hex. */
export interface CdrVector {
  readonly message: Readonly<Record<string, unknown>> & { readonly kind: string };
  readonly cdr: string;
}

/** The vectors as the installed Cyclone DDS makes them, one per line. */
export async function dumpCyclone(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, {
    env: { ...process.env, CYCLONEDDS_URI: cycloneLocalhostUri },
  });
  return stdout;
}

export function parseVectors(text: string): CdrVector[] {
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as CdrVector);
}
