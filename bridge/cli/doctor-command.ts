import type { Config } from "../config.ts";
import { examine } from "./doctor.ts";
import { findingsText, worstLevel } from "./findings-text.ts";

/** `doctor`'s exit codes. `unusable`: there was nothing to examine, the configuration does not load. */
export const doctorExit = { works: 0, fails: 1, unusable: 2 } as const;

/** Examines and prints; gives the exit code: 0 unless something failed, warnings included. */
export async function runDoctor(
  config: Config,
  options: {
    readonly json: boolean;
    readonly version: string;
    readonly print: (text: string) => void;
  },
): Promise<number> {
  const groups = await examine(config);
  const result = worstLevel(groups);
  const text = options.json
    ? JSON.stringify({ version: options.version, result, groups }, undefined, 2)
    : findingsText(groups);
  options.print(text);
  return result === "fail" ? doctorExit.fails : doctorExit.works;
}
