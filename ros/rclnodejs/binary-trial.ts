import { execFile } from "node:child_process";
import process from "node:process";

const trialTimeoutMs = 20_000;
const load = "process.dlopen({ exports: {} }, process.argv[1])";

/**
 * Loads the package's binary in a process of its own: `undefined` when it loads, else what the linker
 * said. The package itself answers a binary that does not load (another distribution's, say) by
 * deleting it and compiling anew, so it is not asked before this.
 */
export async function binaryTrial(
  binary: string,
  environment: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  return await new Promise((resolve) => {
    execFile(
      process.execPath,
      ["-e", load, binary],
      { env: environment, timeout: trialTimeoutMs },
      (error, _stdout, stderr) => {
        resolve(error === null ? undefined : linkerText(stderr, error.message));
      },
    );
  });
}

/** Node prints the throwing line, the error, and a stack: the error is what a person needs. */
function linkerText(stderr: string, otherwise: string): string {
  const line = stderr.split("\n").find((each) => /^\w*Error: /.test(each));
  return line?.replace(/^\w*Error: /, "") ?? otherwise.split("\n")[0] ?? "unknown";
}
