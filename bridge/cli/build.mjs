// Compiles the TypeScript sources to dist/. With --if-stale, only when a source is newer than the last build.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const stampFile = `${root}dist/.built`;

function newestSourceMs(folder) {
  let newestMs = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) newestMs = Math.max(newestMs, newestSourceMs(path));
    else if (entry.name.endsWith(".ts")) newestMs = Math.max(newestMs, statSync(path).mtimeMs);
  }
  return newestMs;
}

function isFresh() {
  if (!existsSync(stampFile)) return false;
  const builtMs = statSync(stampFile).mtimeMs;
  const sources = ["bridge", "models", "ros", "devices", "sims"].map((name) => `${root}${name}`);
  return sources.every((folder) => newestSourceMs(folder) <= builtMs);
}

if (!process.argv.includes("--if-stale") || !isFresh()) {
  rmSync(stampFile, { force: true });
  execFileSync(
    process.execPath,
    [`${root}node_modules/typescript/bin/tsc`, "-p", "tsconfig.json"],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  writeFileSync(stampFile, "");
}
