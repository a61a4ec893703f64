import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Heartbeats, Thread } from "../../../bridge/contract/heartbeats.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../../bridge/contract/shared-row.ts";
import { createPosesRow } from "../../../sims/embedded/embedded-simulation.ts";
import { defaultDynamics } from "../../../sims/embedded/mount-dynamics.ts";
import { openMountSimulator, type MountSimulator } from "../../../sims/embedded/mount-simulator.ts";
import { PacedSimulation, wakePeriodMs } from "../../../sims/embedded/paced-simulation.ts";
import { PhysicsStatsField, physicsStatsWidth } from "../../../sims/embedded/physics-protocol.ts";
import { phoneMount } from "./phone-mount.ts";

const axisCount = phoneMount.axes.length;
const startMs = 5000;
// Commands act at once, so a test sees in the telemetry in which step a setpoint counted.
const dynamics = { ...defaultDynamics(phoneMount), commandLatencyMs: 0 };

let simulator: MountSimulator;
let paced: PacedSimulation;
let overrunsMs: number[];
const makeShared = () => ({
  simSetpoint: SharedRow.create(1 + 2 * axisCount),
  telemetry: SampleRing.create({ capacity: 4096, width: 3 * axisCount }),
  poses: createPosesRow(phoneMount),
  heartbeats: new Heartbeats(),
  stats: SharedRow.create(physicsStatsWidth),
});
let shared: ReturnType<typeof makeShared>;

beforeEach(async () => {
  simulator = await openMountSimulator({ device: phoneMount, dynamics, seed: 1 });
  shared = makeShared();
  overrunsMs = [];
  paced = new PacedSimulation(simulator, shared, (behindMs) => overrunsMs.push(behindMs));
  paced.start(startMs);
});

afterEach(() => {
  simulator[Symbol.dispose]();
});

function writeYaw(stampMs: number, yawRad: number): void {
  const row = new Float64Array(1 + 2 * axisCount);
  row[0] = stampMs;
  row.set(phoneMount.homeRad, 1);
  row[2] = yawRad;
  shared.simSetpoint.write(row);
}

/** Stamp of the first telemetry row in which the yaw servo pushes, ms after the start. */
function firstPushMs(untilMs: number): number {
  const row = new Float64Array(3 * axisCount);
  for (let ms = 0; ms <= untilMs; ms += 1) {
    shared.telemetry.sampleAt(startMs + ms, row);
    if (Math.abs(row[2 * axisCount + 1] ?? 0) > 1e-3) return ms;
  }
  return Number.NaN;
}

describe("PacedSimulation", () => {
  it("publishes the state at the start at once", () => {
    expect(shared.telemetry.latestStampMs()).toBe(startMs);
    expect(shared.poses.version).toBe(1);
    expect(shared.heartbeats.ageMs(Thread.Physics, startMs)).toBe(0);
  });

  it.each([
    [0.9, 0],
    [4, 4],
    [9.5, 9],
    [199, 199],
  ])("%f ms later has run %i steps of 1 ms, each with its stamp", (elapsedMs, stepCount) => {
    paced.tick(startMs + elapsedMs);
    expect(shared.telemetry.count).toBe(1 + stepCount);
    expect(shared.telemetry.latestStampMs()).toBeCloseTo(startMs + stepCount, 6);
    expect(overrunsMs).toEqual([]);
  });

  it("asks for wakes on a fixed grid, whatever the lateness of the calls", () => {
    paced.tick(startMs + 4.7);
    expect(paced.nextWakeMs).toBe(startMs + 2 * wakePeriodMs);
    paced.tick(startMs + 8.1);
    expect(paced.nextWakeMs).toBe(startMs + 3 * wakePeriodMs);
    paced.tick(startMs + 30);
    expect(paced.nextWakeMs).toBe(startMs + 32);
  });

  it("leaves out what is more than 200 ms behind, reports it, and its stamps still rise", () => {
    paced.tick(startMs + 4);
    paced.tick(startMs + 304.5);
    expect(overrunsMs).toHaveLength(1);
    expect(overrunsMs[0]).toBeCloseTo(300.5, 6);
    expect(shared.telemetry.count).toBe(1 + 4 + 1);
    expect(shared.telemetry.latestStampMs()).toBeCloseTo(startMs + 304.5, 6);
    paced.tick(startMs + 1500);
    const stats = new Float64Array(physicsStatsWidth);
    shared.stats.read(stats);
    expect(stats[PhysicsStatsField.overrunCount]).toBe(2);
  });

  it("holds the start pose until a setpoint comes", () => {
    paced.tick(startMs + 150);
    expect(firstPushMs(150)).toBeNaN();
  });

  it.each([
    [0, 1],
    [6.5, 7],
    [19.5, 20],
  ])("lets a setpoint stamped %f ms count from the step it falls in", (stampMs, pushMs) => {
    writeYaw(startMs + stampMs, 0.2);
    paced.tick(startMs + 20);
    expect(firstPushMs(20)).toBe(pushMs);
  });

  it("applies a setpoint of a step to come later, even if the next one is already written", () => {
    writeYaw(startMs + 4.5, 0.2);
    paced.tick(startMs + 4.8);
    expect(firstPushMs(4)).toBeNaN();
    writeYaw(startMs + 8.5, 0.3);
    paced.tick(startMs + 8.8);
    expect(firstPushMs(8)).toBe(5);
  });

  it("publishes 60 pose snapshots a second of simulated joints, stamped like the telemetry", () => {
    for (let ms = 4; ms <= 2000; ms += 4) paced.tick(startMs + ms);
    expect(shared.poses.version).toBeGreaterThan(115);
    expect(shared.poses.version).toBeLessThanOrEqual(121);
    const row = new Float64Array(simulator.poseSnapshotWidth);
    shared.poses.read(row);
    expect(row[0]).toBeGreaterThan(startMs + 1980);
    expect(row[0]).toBeLessThanOrEqual(startMs + 2000);
  });

  it("warms up without leaving a trace of it but settled joints", () => {
    paced.warmUp(9);
    const row = new Float64Array(3 * axisCount);
    simulator.readRow(row);
    const speeds = row.slice(axisCount, 2 * axisCount);
    for (const speed of speeds) expect(Math.abs(speed)).toBeLessThan(1e-3);
    phoneMount.homeRad.forEach((posRad, axis) => {
      expect(Math.abs((row[axis] ?? Number.NaN) - posRad)).toBeLessThan(0.02);
    });
  });
});
