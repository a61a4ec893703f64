import { fileURLToPath } from "node:url";

/** This file is bridge/parts/package-files.ts or, compiled, the same under dist. */
const toRoot = import.meta.url.endsWith(".js") ? "../../../" : "../../";
const packageRoot = new URL(toRoot, import.meta.url);

/** Where a file of this package lies, whether the source runs or what was compiled from it. */
export const inPackage = (path: string): string => fileURLToPath(new URL(path, packageRoot));

/** Workers run compiled in both cases: Node 20 cannot load a worker in TypeScript. */
export const workerEntry = (path: string): URL => new URL(`dist/${path}`, packageRoot);
