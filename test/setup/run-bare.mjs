// Runs the built client in a realm that has what every JavaScript engine and a WebSocket give, and nothing
// of Node: node --experimental-vm-modules run-bare.mjs <dist/bridge/client/index.js> <ws: address>
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import vm from "node:vm";
import { WebSocket } from "ws";

const [entry, address] = process.argv.slice(2);
const context = vm.createContext({
  WebSocket,
  TextDecoder,
  TextEncoder,
  performance: { now: () => performance.now() },
  setTimeout: (run, ms) => Number(setTimeout(run, ms)),
  clearTimeout: (id) => clearTimeout(id),
  setInterval: (run, ms) => Number(setInterval(run, ms)),
  clearInterval: (id) => clearInterval(id),
});
const modules = new Map();

function load(url) {
  const known = modules.get(url);
  if (known !== undefined) return known;
  const source = readFileSync(fileURLToPath(url), "utf8");
  const module = new vm.SourceTextModule(source, { context, identifier: url });
  modules.set(url, module);
  return module;
}

const require = createRequire(pathToFileURL(entry));
function resolve(specifier, parent) {
  if (specifier.startsWith(".")) return new URL(specifier, parent).href;
  if (specifier.startsWith("node:")) throw new Error(`the client imports ${specifier}`);
  // What the package's import condition names, found beside its CommonJS entry.
  const main = require.resolve(specifier);
  return pathToFileURL(main.replace("dist.cjs/index.cjs", "dist.esm/index.mjs")).href;
}

const client = load(pathToFileURL(entry).href);
await client.link((specifier, parent) => load(resolve(specifier, parent.identifier)));
await client.evaluate();

const probe = new vm.SourceTextModule(
  `import { connectControl } from "client";
   export const present = ["process", "Buffer", "require", "global", "document"].filter(
     (name) => name in globalThis,
   );
   const control = await connectControl(${JSON.stringify(address)}, { role: "controller", client: "bare" });
   const lease = await control.acquire("mount0");
   const motion = lease.position({ yaw: 0.1 });
   await motion.accepted;
   export const axes = lease.device.axes.length;
   control.close();`,
  { context, identifier: "probe" },
);
await probe.link(() => client);
await probe.evaluate();
const { present, axes } = probe.namespace;
process.stdout.write(JSON.stringify({ present, axes }));
process.exit(0);
