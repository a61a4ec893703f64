import { describe, expect, it } from "vitest";
import { ActuationMode, type TrajectoryPoint } from "../../../bridge/contract/actuation.ts";
import { DriverLink } from "../../../bridge/contract/actuator-driver.ts";
import { stowedRad } from "../../../devices/actuation/command-limits.ts";
import { mount } from "../../unit/devices/mount.ts";
import { Rig } from "./rig.ts";

const onlyYaw = (yaw: number): (number | null)[] => [null, yaw, null, null];

function there(yawRad: number, afterS: number): readonly TrajectoryPoint[] {
  const still = onlyYaw(0);
  return [{ timeS: afterS, posRad: onlyYaw(yawRad), velRadPerS: still, accRadPerS2: still }];
}

describe("a trajectory", () => {
  it("is run in its time and ends where it ends", () => {
    const rig = Rig.running();
    const startsAtMs = rig.nowMs;
    rig.send({ kind: "trajectory", commandId: 7, points: there(0.4, 1), startsAtMs });
    rig.run(500);
    expect(rig.posRad[1]).toBeCloseTo(0.2, 2);
    rig.run(700);
    expect(rig.posRad[1]).toBe(0.4);
    expect(rig.done()).toEqual(["7 completed: every axis is on its target"]);
  });

  it("is refused before anything moves if it breaks a limit", () => {
    const rig = Rig.running();
    const points = [
      { timeS: 0, posRad: onlyYaw(0) },
      { timeS: 0.01, posRad: onlyYaw(1) },
    ];
    rig.send({ kind: "trajectory", commandId: 7, points, startsAtMs: rig.nowMs });
    rig.run(100);
    expect(rig.done()[0]).toMatch(/^7 rejected: yaw needs 100\.00 rad\/s/);
    expect(rig.velRadPerS).toEqual([0, 0, 0, 0]);
  });

  it("gives way to a newer command in the middle, without a jump", () => {
    const rig = Rig.running();
    rig.send({
      kind: "trajectory",
      commandId: 1,
      points: there(0.4, 1),
      startsAtMs: rig.nowMs,
    });
    rig.run(500);
    const before = rig.posRad[1]!;
    rig.send({ kind: "trajectory", commandId: 2, points: there(0, 1), startsAtMs: rig.nowMs });
    rig.run(5);
    expect(Math.abs(rig.posRad[1]! - before)).toBeLessThan(0.01);
    rig.run(1500);
    expect(rig.done()).toEqual([
      "1 interrupted: command 2 took over",
      "2 completed: every axis is on its target",
    ]);
  });

  it("stops when the device leaves the tolerance of the path, and says by how much", () => {
    const rig = Rig.running();
    rig.send({
      kind: "trajectory",
      commandId: 3,
      points: there(0.4, 1),
      startsAtMs: rig.nowMs,
      pathToleranceRad: [null, 0.05, null, null],
    });
    rig.run(300);
    rig.driver.stuckAxis = 1;
    rig.run(1500);
    expect(rig.done()[0]).toMatch(/^3 interrupted: axis 1 is 0\.05\d rad off its path/);
    expect(rig.velRadPerS).toEqual([0, 0, 0, 0]);
  });

  it("expires like any motion", () => {
    const rig = Rig.running();
    const startsAtMs = rig.nowMs;
    const expiresAtMs = rig.nowMs + 300;
    rig.send({
      kind: "trajectory",
      commandId: 4,
      points: there(1, 2),
      startsAtMs,
      expiresAtMs,
    });
    rig.run(1000);
    expect(rig.done()).toEqual(["4 expired: its time ran out"]);
    expect(rig.velRadPerS).toEqual([0, 0, 0, 0]);
    expect(rig.posRad[1]).toBeLessThan(0.3);
  });
});

describe("a moving target", () => {
  it("is caught up with and followed until it expires", () => {
    const rig = Rig.running();
    const expiresAtMs = rig.nowMs + 1000;
    const [posRad, velRadPerS] = [onlyYaw(0.1), onlyYaw(0.5)];
    const atMs = rig.nowMs;
    rig.send({ kind: "follow", commandId: 5, posRad, velRadPerS, atMs, expiresAtMs });
    rig.run(900);
    expect(rig.posRad[1]).toBeCloseTo(0.1 + 0.5 * 0.9, 3);
    expect(rig.velRadPerS[1]).toBeCloseTo(0.5, 3);
    rig.run(700);
    expect(rig.done()).toEqual(["5 expired: its time ran out"]);
    expect(rig.velRadPerS).toEqual([0, 0, 0, 0]);
  });

  it("must expire", () => {
    const rig = Rig.running();
    const target = { posRad: onlyYaw(0), velRadPerS: onlyYaw(0), atMs: rig.nowMs };
    rig.send({ kind: "follow", commandId: 6, ...target, expiresAtMs: Infinity });
    expect(rig.done()[0]).toMatch(/^6 rejected: expiresAtMs is Infinity/);
  });
});

describe("folding and unfolding", () => {
  it("re-centres before it folds, and unfolds before it turns", () => {
    const rig = Rig.running();
    rig.send({ kind: "position", commandId: 1, posRad: onlyYaw(0.8), velocityRatio: 1 });
    rig.run(2000);
    rig.send({ kind: "stow", commandId: 2, velocityRatio: 1 });
    rig.run(6000, () => {
      if (rig.posRad[0]! < mount.interlock!.readyRad - 1e-6) expect(rig.velRadPerS[1]).toBe(0);
    });
    expect(rig.posRad).toEqual([...stowedRad(mount)]);
    rig.send({ kind: "deploy", commandId: 3, velocityRatio: 1 });
    rig.run(6000);
    expect(rig.posRad).toEqual([...mount.homeRad]);
    expect(rig.done().map((text) => text.slice(0, 11))).toEqual([
      "1 completed",
      "2 completed",
      "3 completed",
    ]);
  });
});

describe("power", () => {
  it("brakes before the device goes limp, refuses motion meanwhile, and wakes where the device stands", () => {
    const rig = Rig.running();
    rig.velocity(1, onlyYaw(1), 2000);
    rig.run(300);
    rig.send({ kind: "mode", commandId: 2, mode: "inactive" });
    rig.run(1000);
    expect(rig.driver.isEnabled).toBe(false);
    rig.velocity(3, onlyYaw(1), 500);
    expect(rig.done().slice(-2)).toEqual([
      "2 completed: told to be inactive",
      "3 rejected: the device is inactive, expected mode active first",
    ]);
    rig.driver.posRad[1] = -0.4;
    rig.send({ kind: "mode", commandId: 4, mode: "active" });
    rig.run(50);
    expect(rig.driver.isEnabled).toBe(true);
    expect(rig.posRad[1]).toBe(-0.4);
    expect(rig.done().at(-1)).toBe("4 completed: first telemetry");
  });

  it("is no way around a latched stop", () => {
    const rig = Rig.running();
    rig.send({ kind: "stop", level: "estop", reason: "test" });
    rig.run(50);
    rig.send({ kind: "mode", commandId: 1, mode: "active" });
    rig.run(50);
    expect(rig.controller.mode).toBe(ActuationMode.Latched);
    expect(rig.done()).toEqual(["1 rejected: latched or in fault, needs a reset"]);
  });
});

describe("a driver that is not well", () => {
  it.each([
    [DriverLink.Lost, "unplugged", "link lost: unplugged"],
    [DriverLink.Fault, "servo 3 overheated", "the device is in fault: servo 3 overheated"],
  ])("brakes and ends in fault, with the reason told (link %i)", (link, reason, told) => {
    const rig = Rig.running();
    rig.velocity(1, onlyYaw(1), 2000);
    rig.run(200);
    rig.driver.health.set(link, reason);
    rig.run(1000);
    expect(rig.controller.mode).toBe(ActuationMode.Fault);
    expect(rig.modes().at(-1)).toBe(`${ActuationMode.Fault} ${told}`);
    expect(rig.events).toContainEqual({ kind: "driver", link, reason, counters: {} });
    rig.send({ kind: "reset" });
    expect(rig.controller.mode).toBe(ActuationMode.Fault);
    rig.driver.health.set(DriverLink.Up);
    rig.run(10);
    rig.send({ kind: "reset" });
    expect(rig.controller.mode).toBe(ActuationMode.Active);
    rig.run(200);
    expect(rig.velRadPerS).toEqual([0, 0, 0, 0]);
  });

  it("tells its counters about once a second, if they change", () => {
    const rig = Rig.running();
    rig.driver.health.count("checksumErrors");
    rig.run(3000);
    const told = rig.events.filter(({ kind }) => kind === "driver");
    expect(told).toEqual([
      { kind: "driver", link: DriverLink.Up, reason: "", counters: { checksumErrors: 1 } },
    ]);
  });
});

describe("limits that the device tells", () => {
  it("hold from the next rest on, and are never wider than the profile's", () => {
    const rig = Rig.running();
    rig.velocity(1, onlyYaw(1), 2000);
    rig.run(300);
    const axes = mount.axes.map((axis) => ({
      ...axis,
      lowerRad: -9,
      upperRad: 0.5,
      maxVelocityRadPerS: 9,
    }));
    axes[0] = { ...axes[0]!, upperRad: 2.1 };
    rig.send({ kind: "limits", axes, reason: "the device offers less" });
    rig.run(600);
    rig.send({ kind: "position", commandId: 2, posRad: onlyYaw(2), velocityRatio: 1 });
    rig.run(3000);
    expect(rig.posRad[1]).toBe(0.5);
    expect(rig.done().at(-1)).toMatch(/^2 limited: yaw position 2\.00 limited to 0\.50 rad/);
  });
});
