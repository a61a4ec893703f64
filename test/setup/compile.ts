import { execFileSync } from "node:child_process";
import process from "node:process";

/** Node 20 cannot load a TypeScript worker, so tests run the compiled entries from `dist/`. */
export default function compile(): void {
  execFileSync(process.execPath, ["bridge/cli/build.mjs"], { stdio: "inherit" });
}
