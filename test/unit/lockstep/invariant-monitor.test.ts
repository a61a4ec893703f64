import { describe, expect, it } from "vitest";
import { ActuationMode, type ActuationCommand } from "../../../bridge/contract/actuation.ts";
import type { Telemetry } from "../../../bridge/contract/actuator-driver.ts";
import { InvariantMonitor } from "../../../bridge/lockstep/invariant-monitor.ts";
import { MountMotion } from "../../../devices/actuation/motion.ts";
import { mount } from "../devices/mount.ts";

const periodMs = 5;
const [deploy, yaw] = [0, 1] as const;

/** A monitor that watches the real motion; a test spoils one thing and looks what it says. */
class Bench {
  readonly monitor = new InvariantMonitor(mount, periodMs, 0);
  readonly motion = new MountMotion(mount, periodMs);
  readonly telemetry: Telemetry = {
    stampMs: 0,
    posRad: Float64Array.from(mount.homeRad),
    velRadPerS: new Float64Array(4),
    effortNm: new Float64Array(4),
  };
  nowMs = 0;
  mainBeats = true;
  telemetryFlows = true;
  checksIn = true;
  spoil: (posRad: Float64Array, velRadPerS: Float64Array) => void = () => undefined;

  constructor() {
    this.monitor.checkedIn("pilot", 0);
    this.monitor.ownerIs("pilot", false, 0);
  }

  command(expiresAtMs: number | undefined): void {
    const command: ActuationCommand = {
      kind: "position",
      commandId: 1,
      posRad: [null, 3, null, null],
      velocityRatio: 0.2,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    };
    this.monitor.forwarded(command, { sessionId: "pilot", sequence: this.nowMs }, this.nowMs);
    this.monitor.accepting(command);
    this.monitor.accepted(this.nowMs);
    this.motion.setIntent(command);
  }

  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += periodMs;
      if (this.mainBeats) this.monitor.mainBeat(this.nowMs);
      if (this.checksIn) this.monitor.checkedIn("pilot", this.nowMs);
      this.monitor.beginTick();
      if (this.telemetryFlows) this.telemetry.stampMs = this.nowMs;
      this.monitor.telemetryRead(this.telemetry, this.nowMs);
      this.motion.tick(this.nowMs);
      const posRad = this.motion.posRad.slice();
      const velRadPerS = this.motion.velRadPerS.slice();
      this.spoil(posRad, velRadPerS);
      this.monitor.setpoint({ stampMs: this.nowMs, posRad, velRadPerS }, this.nowMs);
    }
  }

  get found(): string[] {
    return [...new Set(this.monitor.violations.map(({ invariant }) => invariant))];
  }
}

describe("the monitor", () => {
  it("has nothing to say of a motion that ends in time", () => {
    const bench = new Bench();
    bench.command(500);
    bench.run(2000);
    bench.monitor.ended(new Float64Array(4), bench.nowMs);
    expect(bench.found).toEqual([]);
  });

  const spoilers: readonly [string, Bench["spoil"]][] = [
    ["setpoint-finite", (pos) => (pos[yaw] = Number.NaN)],
    ["setpoint-finite", (_, vel) => (vel[yaw] = Number.POSITIVE_INFINITY)],
    ["position-limit", (pos) => (pos[yaw] = 3.1401)],
    ["velocity-limit", (_, vel) => (vel[yaw] = 2.0901)],
    ["velocity-limit", (pos) => (pos[yaw] = (pos[yaw] ?? 0) + 0.02)],
    ["acceleration-limit", (_, vel) => (vel[yaw] = (vel[yaw] ?? 0) + 0.05)],
    ["jerk-limit", (_, vel) => (vel[yaw] = (vel[yaw] ?? 0) + 0.003)],
    ["interlock", (pos) => (pos[deploy] = 1.999)],
  ];
  it.each(spoilers)("says %s of one bad setpoint in motion", (invariant, spoil) => {
    const bench = new Bench();
    bench.command(undefined);
    bench.run(400);
    bench.spoil = spoil;
    bench.run(periodMs);
    bench.spoil = () => undefined;
    bench.run(100);
    expect(bench.found).toContain(invariant);
  });

  const reasons: readonly [string, (bench: Bench) => void][] = [
    ["its time ran out", () => undefined],
    [
      "a stop was accepted",
      (bench) => {
        bench.monitor.accepting({ kind: "stop", level: "hold", reason: "" });
        bench.monitor.accepted(bench.nowMs);
      },
    ],
    [
      "the mode left active",
      (bench) => {
        bench.monitor.event(
          { kind: "mode", mode: ActuationMode.Stopping, reason: "" },
          bench.nowMs,
        );
      },
    ],
    [
      "the lease went to somebody else",
      (bench) => {
        bench.monitor.ownerIs("other", false, bench.nowMs);
      },
    ],
    ["the main thread fell silent", (bench) => (bench.mainBeats = false)],
    ["telemetry fell silent", (bench) => (bench.telemetryFlows = false)],
    ["the owner did not check in", (bench) => (bench.checksIn = false)],
  ];
  it.each(reasons)("says that it moves past its deadline after %s", (why, happen) => {
    const bench = new Bench();
    bench.command(why === "its time ran out" ? 500 : undefined);
    // The motion is not told: this is the defect to be seen.
    bench.motion.setIntent({ kind: "position", posRad: [null, 3, null, null], velocityRatio: 0.2 });
    bench.run(500);
    expect(bench.found).toEqual([]);
    happen(bench);
    bench.run(2200);
    expect(bench.found).toEqual(["moves-past-deadline"]);
    bench.monitor.ended(undefined, bench.nowMs);
    expect(bench.found).toContain("not-stopped-at-end");
  });

  it("says who was let through without the lease, or twice", () => {
    const { monitor } = new Bench();
    const command = { kind: "velocity", commandId: 1, velRadPerS: [], expiresAtMs: 9 } as const;
    monitor.forwarded(command, { sessionId: "pilot", sequence: 4 }, 1);
    expect(monitor.violations).toEqual([]);
    monitor.forwarded(command, { sessionId: "pilot", sequence: 4 }, 2);
    monitor.forwarded(command, { sessionId: "burglar", sequence: 1 }, 3);
    monitor.forwarded(command, undefined, 4);
    monitor.ownerIs("pilot", true, 5);
    monitor.forwarded(command, { sessionId: "pilot", sequence: 5 }, 6);
    expect(monitor.violations.map(({ invariant }) => invariant)).toEqual([
      "command-repeated",
      "moved-without-lease",
      "moved-without-lease",
      "moved-without-lease",
    ]);
  });

  it("says of a setpoint that goes on elsewhere after a pause", () => {
    const bench = new Bench();
    bench.run(50);
    for (let tick = 0; tick < 3; tick += 1) bench.monitor.beginTick();
    bench.motion.reset(Float64Array.from([2.1, 0.4, 0, 0.1]));
    bench.run(periodMs);
    expect(bench.found).toEqual(["jump-after-pause"]);
  });
});
