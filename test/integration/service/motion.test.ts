import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { RawControlClient } from "../../fakes/raw-control-client.ts";
import { StateRecorder, type RecordedState } from "../../fakes/state-recorder.ts";
import { ServiceProcess } from "../../setup/service-process.ts";

const yaw = 1;
const speedRadPerS = 0.8;
const ttlMs = 200;
/** Jerk-limited from 0.8 rad/s with 8.7 rad/s2 and 87 rad/s3: v/a + a/j; then the servo's own lag. */
const brakingMs = 1000 * (speedRadPerS / 8.7 + 8.7 / 87);
const servoSettleMs = 400;
/** The telemetry step and one late tick. */
const slackMs = 120;

let service: ServiceProcess;
let url: string;
let recorder: StateRecorder;
const clients: RawControlClient[] = [];

async function controller(role = "controller", name = "test"): Promise<RawControlClient> {
  const client = await RawControlClient.open(url, role, name);
  clients.push(client);
  return client;
}

/** Stamp of the last state in which the yaw still moved. */
function lastMotionMs(states: readonly RecordedState[]): number {
  return states.findLast((state) => Math.abs(state.velRadPerS[yaw]!) > 0.02)?.stampMs ?? 0;
}

function lastSetpointMotionMs(states: readonly RecordedState[]): number {
  const index = states.findLastIndex(
    (state, i) =>
      i > 0 && Math.abs(state.setpointRad[yaw]! - states[i - 1]!.setpointRad[yaw]!) > 1e-6,
  );
  return states[index]?.stampMs ?? 0;
}

function startMover(): ChildProcess {
  const args = ["dist/test/fakes/velocity-mover.js", url, String(speedRadPerS), String(ttlMs)];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}

beforeAll(async () => {
  service = ServiceProcess.start({ environment: { KAIROS_ROS_TRANSPORT: "off" } });
  url = await service.url();
  recorder = await StateRecorder.open(url);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await recorder.forMs(600);
});
afterAll(async () => {
  recorder.close();
  await service[Symbol.asyncDispose]();
});

describe("a velocity command", () => {
  it("turns the yaw, and the reply tells what was applied after limits", async () => {
    const client = (await controller()).keepAlive();
    await client.acquire();
    const startRad = recorder.last.posRad[yaw]!;
    const id = client.command({ kind: "velocity", velRadPerS: { yaw: 50 }, ttlMs: 300 });
    const applied = await client.ack(id, "applied");
    expect(applied["applied"]).toEqual({ yaw: 2.09 });
    expect(String(applied["limits"])).toContain("yaw");
    expect(await client.ack(id, "done")).toMatchObject({ result: "expired" });
    await recorder.forMs(800);
    expect(recorder.last.posRad[yaw]! - startRad).toBeGreaterThan(0.2);
  });

  it("ends within ttl and braking time when its client is frozen", async () => {
    const mover = startMover();
    await once(mover.stdout!, "data");
    await recorder.until(() => recorder.last.velRadPerS[yaw]! > 0.7 * speedRadPerS);
    mover.kill("SIGSTOP");
    const frozenMs = monotonicMs();
    const states = await recorder.forMs(2500);
    mover.kill("SIGKILL");
    expect(lastSetpointMotionMs(states) - frozenMs).toBeLessThan(ttlMs + brakingMs + slackMs);
    expect(lastMotionMs(states) - frozenMs).toBeLessThan(
      ttlMs + brakingMs + servoSettleMs + slackMs,
    );
    expect(lastMotionMs(states)).toBeGreaterThan(frozenMs);
  });

  it("ends when its client is killed", async () => {
    const mover = startMover();
    await once(mover.stdout!, "data");
    await recorder.until(() => Math.abs(recorder.last.velRadPerS[yaw]!) > 0.5);
    mover.kill("SIGKILL");
    const killedMs = monotonicMs();
    const states = await recorder.forMs(2000);
    expect(lastMotionMs(states) - killedMs).toBeLessThan(
      ttlMs + brakingMs + servoSettleMs + slackMs,
    );
  });

  it("moves nothing without the lease", async () => {
    const owner = (await controller("controller", "owner")).keepAlive();
    await owner.acquire();
    const other = (await controller("controller", "other")).keepAlive();
    expect((await other.acquire())["result"]).not.toBe("ok");
    const before = recorder.last.posRad[yaw]!;
    const id = other.command({ kind: "velocity", velRadPerS: { yaw: 1 }, ttlMs: 1000 });
    expect(await other.ack(id, "rejected")).toMatchObject({ owner: { client: "owner" } });
    const states = await recorder.forMs(600);
    expect(Math.max(...states.map((state) => Math.abs(state.posRad[yaw]! - before)))).toBeLessThan(
      0.002,
    );
  });
});

describe("a position command", () => {
  it("arrives and says done", async () => {
    const client = (await controller()).keepAlive();
    await client.acquire();
    const id = client.command({ kind: "position", posRad: { yaw: 0.5, pitch: 0.2 } });
    expect(await client.ack(id, "done", 8000)).toMatchObject({ result: "completed" });
    await recorder.forMs(800);
    expect(recorder.last.posRad[yaw]).toBeCloseTo(0.5, 1);
    expect(recorder.last.setpointRad[yaw]).toBeCloseTo(0.5, 6);
  });
});

describe("stop", () => {
  it("needs no lease and ends a motion of someone else", async () => {
    const mover = (await controller()).keepAlive();
    await mover.acquire();
    mover.command({ kind: "velocity", velRadPerS: { yaw: -0.8 }, ttlMs: 5000 });
    await recorder.until(() => recorder.last.velRadPerS[yaw]! < -0.5);
    const viewer = await controller("viewer", "onlooker");
    viewer.send({ type: "stop", level: "hold" });
    const stoppedMs = monotonicMs();
    const states = await recorder.forMs(1500);
    expect(lastSetpointMotionMs(states) - stoppedMs).toBeLessThan(brakingMs + slackMs);
  });

  it("as e-stop latches: commands are refused until a reset, and the reset moves nothing", async () => {
    const client = (await controller("supervisor")).keepAlive();
    await client.acquire();
    client.send({ type: "stop", level: "estop" });
    await client.wait((message) => message.type === "state" && message["latched"] === true);
    const refused = client.command({ kind: "velocity", velRadPerS: { yaw: 1 }, ttlMs: 1000 });
    await client.ack(refused, "rejected");
    const before = recorder.last.posRad[yaw]!;
    client.send({ type: "reset", id: 900 });
    await recorder.forMs(600);
    expect(recorder.last.posRad[yaw]).toBeCloseTo(before, 2);
    await client.acquire();
    const id = client.command({ kind: "velocity", velRadPerS: { yaw: 0.5 }, ttlMs: 300 });
    await client.ack(id, "applied");
  });
});

describe("bad input", () => {
  it.each([
    { name: "no ttlMs", fields: { kind: "velocity", velRadPerS: { yaw: 1 } }, says: "ttlMs" },
    {
      name: "an unknown axis",
      fields: { kind: "velocity", velRadPerS: { wheel: 1 }, ttlMs: 100 },
      says: "wheel",
    },
    { name: "an unknown kind", fields: { kind: "fly", ttlMs: 100 }, says: "fly" },
    {
      name: "a ttl out of range",
      fields: { kind: "velocity", velRadPerS: { yaw: 1 }, ttlMs: 60_000 },
      says: "60000",
    },
  ])(
    "with $name is refused by name, moves nothing, and the client goes on",
    async ({ fields, says }) => {
      const client = (await controller()).keepAlive();
      await client.acquire();
      const before = recorder.last.posRad[yaw]!;
      client.command(fields);
      const refusal = await client.wait(
        (message) =>
          message.type === "error" || (message.type === "ack" && message["status"] === "rejected"),
      );
      expect(JSON.stringify(refusal)).toContain(says);
      await recorder.forMs(300);
      expect(recorder.last.posRad[yaw]).toBeCloseTo(before, 2);
      const id = client.command({ kind: "velocity", velRadPerS: { yaw: 0.1 }, ttlMs: 50 });
      await client.ack(id, "applied");
    },
  );

  it("as garbage or oversized ends at most its own client", async () => {
    const good = (await controller()).keepAlive();
    await good.acquire();
    const bad = await controller("viewer", "bad");
    for (const text of ["not json", "[]", "{}", '{"type":"nothing"}', "x".repeat(70_000)]) {
      bad.socket.send(text);
    }
    await recorder.forMs(300);
    const id = good.command({ kind: "velocity", velRadPerS: { yaw: 0.1 }, ttlMs: 50 });
    await good.ack(id, "applied");
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});
