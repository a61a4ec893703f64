import { afterEach, describe, expect, it } from "vitest";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { ErrorCode, type BridgeError } from "../../../bridge/contract/errors.ts";
import { Heartbeats, Thread } from "../../../bridge/contract/heartbeats.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../../bridge/contract/shared-row.ts";
import {
  createPosesRow,
  openEmbeddedSimulation,
  type EmbeddedSimulation,
  type EmbeddedSimulationOptions,
} from "../../../sims/embedded/embedded-simulation.ts";
import { defaultDynamics } from "../../../sims/embedded/mount-dynamics.ts";
import { sceneNames } from "../../../sims/embedded/scene-layout.ts";
import { phoneMount, stowedRad } from "../../unit/sims/phone-mount.ts";

const axisCount = phoneMount.axes.length;
const physics = new URL("../../../dist/sims/embedded/physics-worker.js", import.meta.url);

const simSetpoint = SharedRow.create(1 + 2 * axisCount);
let telemetry: SampleRing;
let poses: SharedRow;
let heartbeats: Heartbeats;
let simulation: EmbeddedSimulation | undefined;
let faults: BridgeError[];

async function open(changes: Partial<EmbeddedSimulationOptions> = {}): Promise<EmbeddedSimulation> {
  telemetry = SampleRing.create({ capacity: 8192, width: 3 * axisCount });
  poses = createPosesRow(phoneMount);
  heartbeats = new Heartbeats();
  faults = [];
  simulation = await openEmbeddedSimulation({
    workerEntries: { physics },
    device: phoneMount,
    seed: 1,
    buffers: {
      simSetpoint: simSetpoint.buffer,
      telemetry: telemetry.buffer,
      poses: poses.buffer,
      heartbeats: heartbeats.buffer,
    },
    onFault: (error) => faults.push(error),
    ...changes,
  });
  return simulation;
}

function writeSetpoint(posRad: readonly number[]): void {
  const row = new Float64Array(1 + 2 * axisCount);
  row[0] = monotonicMs();
  row.set(posRad, 1);
  simSetpoint.write(row);
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadlineMs = monotonicMs() + 10_000;
  while (!isTrue()) {
    if (monotonicMs() > deadlineMs) throw new Error(`${what}: not within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const latestPosRad = (): readonly number[] => {
  const row = new Float64Array(3 * axisCount);
  telemetry.latest(row);
  return Array.from(row.slice(0, axisCount));
};

afterEach(async () => {
  await simulation?.[Symbol.asyncDispose]();
  simulation = undefined;
});

describe("the embedded simulation", () => {
  it("is deployed and at rest when it is ready, one row per ms, and beats", async () => {
    const opened = await open();
    await until("a second of telemetry", () => telemetry.count > 1000);
    phoneMount.homeRad.forEach((rad, axis) => {
      expect(Math.abs(latestPosRad()[axis]! - rad)).toBeLessThan(0.02);
    });
    const { anchorMs, mujocoVersion } = opened.ready;
    expect(mujocoVersion).toBe("3.14.0");
    const offsetMs = telemetry.latestStampMs() - anchorMs;
    expect(Math.abs(offsetMs - Math.round(offsetMs))).toBeLessThan(1e-3);
    expect(heartbeats.ageMs(Thread.Physics, monotonicMs())).toBeLessThan(5000);
    await until("statistics", () => opened.stats().stepCount > 1500);
    expect(faults).toEqual([]);
  });

  it("keeps up with real time", async () => {
    await open();
    const startMs = monotonicMs();
    await until("two seconds", () => telemetry.latestStampMs() - startMs > 2000);
    // 2 s of simulated time took about 2 s; an overrun on a busy machine only makes it longer.
    expect(monotonicMs() - startMs).toBeGreaterThan(1990);
  });

  it("starts stowed when told to and moves to where the setpoint says", async () => {
    await open({ startPose: "stowed" });
    stowedRad.forEach((rad, axis) => {
      expect(Math.abs(latestPosRad()[axis]! - rad)).toBeLessThan(0.05);
    });
    const versionBefore = poses.version;
    writeSetpoint([0.5, 0, 0, 0]);
    await until("the arm to move", () => Math.abs(latestPosRad()[0]! - 0.5) < 0.05);
    expect(poses.version).toBeGreaterThan(versionBefore);
  });

  it("reports a setpoint that is no number as a fault and stops publishing", async () => {
    await open();
    writeSetpoint([2.1, Number.NaN, 0, 0]);
    await until("a fault", () => faults.length > 0);
    expect(faults[0]?.code).toBe(ErrorCode.SimFault);
    const count = telemetry.count;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(telemetry.count).toBe(count);
    writeSetpoint(phoneMount.homeRad);
  });

  it("fails to open with the worker's own code", async () => {
    const dynamics = { ...defaultDynamics(phoneMount), payloadMassKg: -1 };
    await expect(open({ dynamics })).rejects.toMatchObject({ code: ErrorCode.SimModel });
  });

  it("closes the physics thread when the render thread does not open", async () => {
    const render = new URL("file:///nowhere/render-worker.js");
    await expect(open({ workerEntries: { physics, render } })).rejects.toMatchObject({
      code: ErrorCode.ThreadFailed,
    });
    const count = telemetry.count;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(telemetry.count).toBe(count);
  });

  it("ends at once and for good when disposed, also twice", async () => {
    const opened = await open();
    await opened[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
    const count = telemetry.count;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(telemetry.count).toBe(count);
    expect(faults).toEqual([]);
  });

  it("opens every scene and goes on in it", async () => {
    for (const scene of sceneNames) {
      const row = createPosesRow(phoneMount, scene);
      const buffers = {
        simSetpoint: simSetpoint.buffer,
        telemetry: SampleRing.create({ capacity: 4096, width: 3 * axisCount }).buffer,
        poses: row.buffer,
        heartbeats: new Heartbeats().buffer,
      };
      const opened = await open({ scene, buffers });
      const before = row.version;
      await until(`poses of ${scene}`, () => row.version > before + 3);
      await opened[Symbol.asyncDispose]();
    }
  });
});

describe("the embedded simulation in lockstep", () => {
  it("stands still until it is told to go on, then goes exactly so far", async () => {
    const opened = await open({ pace: "lockstep" });
    const { count } = telemetry;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(telemetry.count).toBe(count);
    const firstMs = telemetry.latestStampMs();
    for (const steps of [1, 40, 250]) {
      const before = telemetry.count;
      const stampMs = await opened.advance(steps);
      expect(telemetry.count).toBe(before + steps);
      expect(telemetry.latestStampMs()).toBeCloseTo(stampMs, 3);
    }
    expect(telemetry.latestStampMs() - firstMs).toBeCloseTo(291, 3);
    expect(heartbeats.ageMs(Thread.Physics, monotonicMs())).toBeLessThan(1000);
  });

  it("does the same for the same setpoints, however long the caller thinks", async () => {
    const run = async (thinkMs: number): Promise<readonly number[]> => {
      const opened = await open({ pace: "lockstep" });
      for (let i = 0; i < 10; i += 1) {
        const row = new Float64Array(1 + 2 * axisCount);
        row.set([telemetry.latestStampMs(), 2.1, 0.05 * i, 0, 0.1]);
        simSetpoint.write(row);
        await opened.advance(40);
        if (thinkMs > 0) await new Promise((resolve) => setTimeout(resolve, thinkMs));
      }
      const found = latestPosRad();
      await opened[Symbol.asyncDispose]();
      return found;
    };
    expect(await run(0)).toEqual(await run(7));
  });

  it("reports a broken setpoint to who waits, and as a fault", async () => {
    const opened = await open({ pace: "lockstep" });
    const row = new Float64Array(1 + 2 * axisCount);
    row.set([telemetry.latestStampMs(), Number.NaN, 0, 0, 0]);
    simSetpoint.write(row);
    await expect(opened.advance(40)).rejects.toMatchObject({ code: ErrorCode.SimFault });
    await until("a fault", () => faults.length > 0);
    writeSetpoint(phoneMount.homeRad);
  });

  it("answers nothing once it is closed, and cannot be advanced at its own pace", async () => {
    const opened = await open({ pace: "lockstep" });
    await opened[Symbol.asyncDispose]();
    await expect(opened.advance(1)).rejects.toMatchObject({ code: ErrorCode.SimFault });
    const paced = await open();
    await expect(paced.advance(1)).rejects.toThrow(/lockstep/);
  });
});

describe("the embedded simulation as fast as it can", () => {
  it("leaves real time behind and ends when told to", async () => {
    const opened = await open({ pace: "fast" });
    const startMs = monotonicMs();
    const firstMs = telemetry.latestStampMs();
    await until("five simulated seconds", () => telemetry.latestStampMs() - firstMs > 5000);
    // Hundreds of times faster on an idle machine.
    expect(monotonicMs() - startMs).toBeLessThan(5000);
    await opened[Symbol.asyncDispose]();
    const { count } = telemetry;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(telemetry.count).toBe(count);
  });
});
