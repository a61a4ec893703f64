import { Heartbeats, Thread } from "../../bridge/contract/heartbeats.ts";
import type { SampleRing } from "../../bridge/contract/sample-ring.ts";
import type { SharedRow } from "../../bridge/contract/shared-row.ts";
import { Lateness } from "./lateness.ts";
import type { MountSimulator } from "./mount-simulator.ts";
import { PhysicsStatsField, physicsStatsWidth } from "./physics-protocol.ts";

export const wakePeriodMs = 4;
/** Further behind than this, the lost time is left out instead of caught up. */
const maxBehindMs = 200;
const posePeriodMs = 1000 / 60;
const statsPeriodMs = 1000;
const settleSteps = 1000;
/** Long enough for the compiler to have optimised the loop. */
const warmUpSteps = 4000;

export interface PacedSimulationShared {
  readonly simSetpoint: SharedRow;
  readonly telemetry: SampleRing;
  readonly poses: SharedRow;
  readonly heartbeats: Heartbeats;
  readonly stats: SharedRow;
}

/**
 * A simulator held to real time. Time comes in with every call, so it runs under any clock. Simulated
 * time 0 is `anchorMs` on that clock; step n is the state at `anchorMs + n` ms.
 */
export class PacedSimulation {
  readonly #simulator: MountSimulator;
  readonly #shared: PacedSimulationShared;
  readonly #stepMs: number;
  readonly #setpoint: Float64Array;
  readonly #targets: Float64Array;
  readonly #row: Float64Array;
  readonly #poseRow: Float64Array;
  readonly #statsRow = new Float64Array(physicsStatsWidth);
  readonly #lateness = new Lateness();
  readonly #onOverrun: (behindMs: number) => void;
  #setpointVersion = 0;
  #setpointPending = false;
  #anchorMs = 0;
  #nextWakeMs = 0;
  #nextPoseMs = 0;
  #nextStatsMs = 0;
  #overrunCount = 0;

  constructor(
    simulator: MountSimulator,
    shared: PacedSimulationShared,
    onOverrun: (behindMs: number) => void,
  ) {
    const axisCount = simulator.axisNames.length;
    this.#simulator = simulator;
    this.#shared = shared;
    this.#stepMs = simulator.stepS * 1e3;
    this.#setpoint = new Float64Array(1 + 2 * axisCount);
    this.#targets = new Float64Array(axisCount);
    this.#row = new Float64Array(3 * axisCount);
    this.#poseRow = new Float64Array(simulator.poseSnapshotWidth);
    this.#onOverrun = onOverrun;
  }

  get anchorMs(): number {
    return this.#anchorMs;
  }

  get stepMs(): number {
    return this.#stepMs;
  }

  get stepCount(): number {
    return Math.round(this.#simulatedMs() / this.#stepMs);
  }

  /** When `tick` wants to be called next: start + n * period, whatever the calls before took. */
  get nextWakeMs(): number {
    return this.#nextWakeMs;
  }

  /** Runs the simulator until it is fast, then resets it and lets the joints settle under gravity. */
  warmUp(seed: number): void {
    for (let i = 0; i < warmUpSteps; i += 1) {
      this.#simulator.step(1);
      this.#simulator.readRow(this.#row);
      if (i % 20 === 0) this.#simulator.writePoses(this.#poseRow);
    }
    this.#simulator.reset(seed);
    this.#simulator.step(settleSteps);
  }

  /** The state now becomes the state at `nowMs`. */
  start(nowMs: number): void {
    this.#anchorMs = nowMs - this.#simulatedMs();
    this.#nextWakeMs = nowMs + wakePeriodMs;
    this.#publishTelemetry(nowMs);
    this.#publishPoses(nowMs);
    this.#publishStats(nowMs);
    this.#shared.heartbeats.beat(Thread.Physics, nowMs);
  }

  /**
   * Runs the steps that are due at `nowMs` and publishes them. // hot path
   *
   * @throws BridgeError `sim/fault` from the simulator.
   */
  tick(nowMs: number): void {
    this.#lateness.add(Math.max(0, nowMs - this.#nextWakeMs));
    const behindMs = nowMs - (this.#anchorMs + this.#simulatedMs());
    if (behindMs > maxBehindMs) {
      this.#anchorMs += behindMs - this.#stepMs;
      this.#overrunCount += 1;
      this.#onOverrun(behindMs);
    }
    this.#takeSetpoint();
    while (this.#anchorMs + this.#simulatedMs() + this.#stepMs <= nowMs) this.#step();
    if (nowMs >= this.#nextPoseMs) this.#publishPoses(nowMs);
    if (nowMs >= this.#nextStatsMs) this.#publishStats(nowMs);
    this.#shared.heartbeats.beat(Thread.Physics, nowMs);
    this.#nextWakeMs +=
      wakePeriodMs * Math.max(1, Math.ceil((nowMs - this.#nextWakeMs) / wakePeriodMs));
  }

  #step(): void {
    const startMs = this.#anchorMs + this.#simulatedMs();
    // A setpoint counts from the step it was written in, also when steps are caught up in a bunch.
    if ((this.#setpoint[0] ?? 0) < startMs + this.#stepMs) this.#applySetpoint();
    this.#simulator.step(1);
    this.#publishTelemetry(startMs + this.#stepMs);
  }

  #takeSetpoint(): void {
    const version = this.#shared.simSetpoint.version;
    if (version === this.#setpointVersion) return;
    // One that waited for its step must not be lost to the next one.
    this.#applySetpoint();
    if (!this.#shared.simSetpoint.read(this.#setpoint)) return;
    this.#setpointVersion = version;
    this.#setpointPending = true;
  }

  #applySetpoint(): void {
    if (!this.#setpointPending) return;
    for (let axis = 0; axis < this.#targets.length; axis += 1) {
      this.#targets[axis] = this.#setpoint[1 + axis] ?? 0;
    }
    this.#simulator.setTargets(this.#targets);
    this.#setpointPending = false;
  }

  #publishTelemetry(stampMs: number): void {
    this.#simulator.readRow(this.#row);
    this.#shared.telemetry.push(stampMs, this.#row);
  }

  #publishPoses(nowMs: number): void {
    this.#simulator.writePoses(this.#poseRow, this.#anchorMs + this.#simulatedMs());
    this.#shared.poses.write(this.#poseRow);
    this.#nextPoseMs = Math.max(this.#nextPoseMs + posePeriodMs, nowMs + posePeriodMs / 2);
  }

  #publishStats(nowMs: number): void {
    this.#statsRow[PhysicsStatsField.stepCount] = this.stepCount;
    this.#statsRow[PhysicsStatsField.overrunCount] = this.#overrunCount;
    this.#statsRow[PhysicsStatsField.lateMsP99] = this.#lateness.p99Ms();
    this.#statsRow[PhysicsStatsField.lateMsMax] = this.#lateness.maxMs;
    this.#shared.stats.write(this.#statsRow);
    this.#nextStatsMs = nowMs + statsPeriodMs;
  }

  #simulatedMs(): number {
    return this.#simulator.timeS * 1e3;
  }
}
