import { execFile, execFileSync } from "node:child_process";
import { connect } from "node:net";
import process from "node:process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { openControlRig, RawClient, until, type ControlRig } from "../../fakes/control-rig.ts";

const run = promisify(execFile);

function isInstalled(): boolean {
  try {
    execFileSync("which", ["slowhttptest"], { stdio: "ignore" });
    return true;
  } catch {
    if (process.env["KAIROS_REQUIRE_PEERS"] === "1") throw new Error("slowhttptest is missing");
    return false;
  }
}

/** Short deadlines, so that the test is; how they are kept is the same. */
const limits = { headersMs: 1000, requestMs: 1500, responseMs: 2000 };
const attackS = 6;

/** A control client that goes on asking while something else happens; gives its slowest answer. */
async function askMeanwhile(rig: ControlRig, task: Promise<unknown>): Promise<number> {
  const client = await RawClient.greeted(rig.server, "controller");
  const state = { done: false };
  void task.finally(() => (state.done = true));
  let slowestMs = 0;
  let count = 0;
  while (!state.done) {
    const startMs = performance.now();
    client.say({ type: "checkin" });
    client.say({ type: "sync", t0Ms: (count += 1) });
    const wanted = count;
    await client.next("sync", ({ t0Ms }) => t0Ms === wanted);
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await task;
  client.socket.terminate();
  return slowestMs;
}

describe.skipIf(!isInstalled())("slowhttptest (skipped where it is not installed)", () => {
  it.concurrent.each([
    { attack: "slow headers", flags: ["-H", "-i", "1", "-x", "8"], path: "/" },
    { attack: "a slow body", flags: ["-B", "-i", "1", "-s", "4000"], path: "/v1/pair/prove" },
    {
      attack: "slow reading",
      flags: ["-X", "-w", "1", "-y", "2", "-n", "1", "-z", "1", "-k", "50"],
      path: "/v1/schema.json",
    },
  ])(
    "$attack over 100 connections neither holds them nor delays who drives",
    async ({ flags, path }) => {
      await using rig = await openControlRig({ limits });
      let mostCount = 0;
      const timer = setInterval(() => {
        mostCount = Math.max(mostCount, rig.server.stats().connectionCount);
      }, 20);
      const common = ["-c", "100", "-r", "100", "-l", String(attackS), "-p", "3"];
      const args = [...flags, ...common, "-u", `${rig.server.url}${path}`];
      const slowestMs = await askMeanwhile(rig, run("slowhttptest", args));
      clearInterval(timer);
      expect(mostCount).toBeGreaterThan(20);
      // A connection held open would still be there: the attack has long had its deadlines.
      await until(() => rig.server.stats().connectionCount === 0, "every connection to be gone");
      expect((await fetch(`${rig.server.url}/healthz`)).status).toBe(200);
      // Generous for a busy machine; a service that waits for the attack takes seconds.
      expect(slowestMs).toBeLessThan(900);
      expect(rig.actuation.kinds.filter((kind) => kind !== "stop hold")).toEqual([]);
    },
    60_000,
  );
});

it("a connection that says nothing is closed after the time for headers", async () => {
  await using rig = await openControlRig({ limits });
  const socket = connect(rig.server.port, "127.0.0.1");
  await until(() => rig.server.stats().connectionCount === 1, "the connection");
  await new Promise((resolve) => socket.once("close", resolve).resume());
  expect(rig.server.stats().connectionCount).toBe(0);
});
