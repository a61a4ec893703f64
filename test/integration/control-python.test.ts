import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { describePeer } from "../peers/describe-peer.ts";
import { openActuationBackend } from "../fakes/actuation-backend.ts";

const run = promisify(execFile);
const python = "/usr/bin/python3";
const packages = ["websockets", "jsonschema", "msgpack", "numpy"];
const absent = packages.filter((name) => !existsSync(`/usr/lib/python3/dist-packages/${name}`));
const peer =
  absent.length === 0
    ? { programs: {} }
    : { missing: `Debian's ${absent.map((name) => `python3-${name}`).join(", ")} not installed` };

describePeer("a Python client that knows only the published schema", peer, () => {
  it("acquires, drives, sees motion, expires, is refused what is wrong, stops and resets", async () => {
    await using backend = await openActuationBackend();
    const script = "test/peers/python-control/drive.py";
    const { stdout } = await run(python, ["-W", "ignore", script, backend.server.url]);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(report).toMatchObject({
      lease: "ok",
      applied: { yaw: 0.5 },
      expired: "expired",
      retry: "accepted",
      schemaRefuses: true,
      serverRefuses: ["control/message", "ttlMs", true],
      afterEstop: "lease/revoked",
      reset: "accepted",
      prediction: ["float32", [8, 4]],
    });
    // 20 commands at 20 Hz and 200 ms more at 0.5 rad/s, less what a busy machine swallows.
    expect(report["movedRad"]).toBeGreaterThan(0.2);
    expect(report["movedRad"]).toBeLessThan(2);
    expect(report["restingRadPerS"]).toBeLessThan(0.01);
    expect(report["validated"]).toBeGreaterThan(100);
  }, 30_000);
});
