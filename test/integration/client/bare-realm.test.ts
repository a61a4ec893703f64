import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { openControlRig } from "../../fakes/control-rig.ts";

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

it("the built client connects, leases and moves where there is no process, Buffer or URL", async () => {
  await using rig = await openControlRig();
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--experimental-vm-modules",
    "--no-warnings",
    at("test/setup/run-bare.mjs"),
    at("dist/bridge/client/index.js"),
    rig.server.url,
  ]);
  expect(JSON.parse(stdout)).toEqual({ present: [], axes: 4 });
  expect(rig.actuation.kinds).toContain("position");
});
