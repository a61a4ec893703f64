import { z } from "zod";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";

export interface Issue {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** @throws BridgeError `model/manifest`. */
export function parseJsonText(text: string, source: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const problem = `${source} is not JSON: ${errorText(cause)}`;
    throw new BridgeError(ErrorCode.ModelManifest, problem, { cause });
  }
}

/** @throws BridgeError `model/manifest` naming every problem with its path. */
export function parseJson<T>(schema: z.ZodType<T>, text: string, source: string): T {
  const result = schema.safeParse(parseJsonText(text, source));
  return result.success ? result.data : refuseIssues(result.error.issues, source);
}

export function refuseIssues(issues: readonly Issue[], source: string): never {
  const paths = issues.map((issue) => issue.path.join("."));
  throw new BridgeError(
    ErrorCode.ModelManifest,
    `${source} has ${paths.length} problem(s):\n${z.prettifyError({ issues: [...issues] })}`,
    { details: { paths } },
  );
}
