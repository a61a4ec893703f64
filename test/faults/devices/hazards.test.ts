import { describe, expect, it } from "vitest";
import {
  ActuationMode,
  type ActuationCommand,
  type TrajectoryPoint,
} from "../../../bridge/contract/actuation.ts";
import type { AxisDescription, DeviceDescription } from "../../../bridge/contract/device.ts";
import { mount } from "../../unit/devices/mount.ts";
import { Rig } from "./rig.ts";

const { Inactive, Active, Latched } = ActuationMode;
const yaw = 1;
const onlyYaw = (value: number): (number | null)[] => [null, value, null, null];
const turn = 2 * Math.PI;

/** The mount with other words about its yaw axis. */
function withYaw(change: Partial<AxisDescription>): DeviceDescription {
  const axes = mount.axes.map((axis, index) => (index === yaw ? { ...axis, ...change } : axis));
  return { ...mount, axes };
}
const endless = withYaw({ continuous: true, lowerRad: -Math.PI, upperRad: Math.PI });

/** From rest to rest in `afterS`. */
function to(yawRad: number, afterS: number): readonly TrajectoryPoint[] {
  const still = onlyYaw(0);
  return [{ timeS: afterS, posRad: onlyYaw(yawRad), velRadPerS: still, accRadPerS2: still }];
}

describe("mode changes while the device moves", () => {
  it("told to be inactive while a hold stop brakes, the device goes limp at rest", () => {
    const rig = Rig.running();
    rig.velocity(1, onlyYaw(2), 3000);
    rig.run(400);
    rig.send({ kind: "stop", level: "hold", reason: "operator" });
    rig.run(20);
    rig.send({ kind: "mode", commandId: 2, mode: "inactive" });
    rig.run(1000);
    expect(rig.controller.mode).toBe(Inactive);
    expect(rig.driver.isEnabled).toBe(false);
    expect(rig.done().at(-1)).toBe("2 completed: told to be inactive");
  });

  it("a hold stop works after an emergency stop that a mode change tried to get past", () => {
    const rig = Rig.running();
    rig.velocity(1, onlyYaw(2), 3000);
    rig.run(400);
    rig.send({ kind: "stop", level: "estop", reason: "button" });
    rig.send({ kind: "mode", commandId: 2, mode: "inactive" });
    rig.run(1000);
    expect(rig.controller.mode).toBe(Latched);
    rig.send({ kind: "reset" });
    rig.run(20);
    expect(rig.controller.mode).toBe(Active);
    rig.velocity(3, onlyYaw(1), 3000);
    rig.run(300);
    rig.send({ kind: "stop", level: "hold", reason: "operator" });
    rig.run(600);
    expect(rig.velRadPerS[yaw]).toBe(0);
    expect(rig.done().at(-1)).toBe("3 interrupted: operator");
  });

  it("a mode that is none is refused and powers nothing", () => {
    const rig = Rig.running();
    rig.send({ kind: "mode", commandId: 1, mode: "inactive" });
    rig.run(20);
    rig.send({ kind: "mode", commandId: 2, mode: "on" } as unknown as ActuationCommand);
    rig.run(50);
    expect(rig.driver.isEnabled).toBe(false);
    expect(rig.done().at(-1)).toMatch(/^2 rejected: mode is on, expected active or inactive/);
  });
});

describe("limits that come while a command has not set off", () => {
  const axes = mount.axes;
  it.each<readonly [string, ActuationCommand]>([
    ["a position", { kind: "position", commandId: 1, posRad: onlyYaw(1), velocityRatio: 1 }],
    [
      "a trajectory that begins later",
      { kind: "trajectory", commandId: 1, points: to(1, 2), startsAtMs: 2000 },
    ],
    ["a velocity", { kind: "velocity", commandId: 1, velRadPerS: onlyYaw(1), expiresAtMs: 4000 }],
  ])("interrupt %s, and never call it completed", (_, command) => {
    const rig = Rig.running();
    rig.send(command);
    rig.send({ kind: "limits", axes, reason: "the device connected" });
    rig.run(3000);
    expect(rig.posRad[yaw]).toBe(0);
    expect(rig.done()).toEqual(["1 interrupted: the device connected"]);
  });

  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["another number of axes", mount.axes.slice(1)],
    ["an axis that is none", [null, ...mount.axes.slice(1)]],
    ["ranges that are not numbers", mount.axes.map((axis) => ({ ...axis, upperRad: NaN }))],
    ["ranges that do not meet", mount.axes.map((axis) => ({ ...axis, lowerRad: 9, upperRad: 10 }))],
  ])("that say %s stop the device, since what it allows is not known", (_, told) => {
    const rig = Rig.running();
    rig.velocity(1, onlyYaw(1), 3000);
    rig.run(200);
    rig.send({ kind: "limits", axes: told, reason: "offer" } as unknown as ActuationCommand);
    rig.run(1000);
    expect(rig.velRadPerS[yaw]).toBe(0);
    expect(rig.controller.mode).toBe(ActuationMode.Fault);
    expect(rig.modes().at(-1)).toMatch(/limits/);
  });
});

describe("a command that is not what its type promises", () => {
  const trajectory = { kind: "trajectory", startsAtMs: 1020, points: to(0.2, 1) } as const;
  const position = { kind: "position", posRad: onlyYaw(1), velocityRatio: 1 } as const;
  const velocity = { kind: "velocity", velRadPerS: onlyYaw(1), expiresAtMs: 3000 } as const;
  const still = onlyYaw(0);
  it.each<readonly [string, object, RegExp]>([
    ["no points", { ...trajectory, points: undefined }, /points/],
    ["a point that is none", { ...trajectory, points: [null] }, /point 0/],
    ["a point without positions", { ...trajectory, points: [{ timeS: 1 }] }, /point 0/],
    [
      "velocities that are no list",
      { ...trajectory, points: [{ timeS: 1, posRad: onlyYaw(0), velRadPerS: 3 }] },
      /point 0/,
    ],
    [
      "a point at no time",
      { ...trajectory, points: [{ timeS: NaN, posRad: onlyYaw(0) }] },
      /point 0/,
    ],
    [
      "a point that never comes",
      {
        ...trajectory,
        points: [
          { timeS: 0, posRad: onlyYaw(0), velRadPerS: still },
          { timeS: Infinity, posRad: onlyYaw(1), velRadPerS: still },
        ],
      },
      /point 1 is at Infinity s/,
    ],
    [
      "points nearer than time can tell",
      {
        ...trajectory,
        points: [
          { timeS: 0, posRad: onlyYaw(0), velRadPerS: still },
          { timeS: 1e-200, posRad: onlyYaw(0), velRadPerS: still },
        ],
      },
      /yaw/,
    ],
    [
      "points further than numbers reach",
      {
        ...trajectory,
        points: [
          { timeS: 0, posRad: onlyYaw(0), velRadPerS: still, accRadPerS2: still },
          { timeS: 1e200, posRad: onlyYaw(1), velRadPerS: still, accRadPerS2: still },
        ],
      },
      /yaw/,
    ],
    [
      "no point at all of the axes",
      { ...trajectory, points: [{ timeS: 1, posRad: [null, null, null, null] }] },
      /names no axis/,
    ],
    [
      "a path tolerance that is NaN",
      { ...trajectory, pathToleranceRad: onlyYaw(NaN) },
      /pathToleranceRad/,
    ],
    [
      "a path tolerance below zero",
      { ...trajectory, pathToleranceRad: onlyYaw(-1) },
      /pathToleranceRad/,
    ],
    [
      "a goal tolerance of other axes",
      { ...trajectory, goalToleranceRad: [0.1] },
      /goalToleranceRad/,
    ],
    [
      "a share that is NaN",
      { ...position, share: { velocityRatio: NaN, accelerationRatio: 1 } },
      /share/,
    ],
    [
      "a share of nothing",
      { ...velocity, share: { velocityRatio: 1, accelerationRatio: 0 } },
      /share/,
    ],
    [
      "a share of more than all",
      { ...velocity, share: { velocityRatio: 3, accelerationRatio: 1 } },
      /share/,
    ],
    [
      "a share below zero",
      { ...trajectory, share: { velocityRatio: 1, accelerationRatio: -1 } },
      /share/,
    ],
    ["a share that is none", { ...velocity, share: null }, /share/],
    [
      "a moving point from long ago",
      { kind: "follow", posRad: onlyYaw(0), velRadPerS: onlyYaw(1), atMs: -1e9, expiresAtMs: 2000 },
      /atMs/,
    ],
    [
      "a moving point of tomorrow",
      { kind: "follow", posRad: onlyYaw(0), velRadPerS: onlyYaw(1), atMs: 9e7, expiresAtMs: 2000 },
      /atMs/,
    ],
  ])("with %s is rejected with its reason, moves nothing and breaks nothing", (_, part, reason) => {
    const rig = Rig.running();
    rig.send({ commandId: 9, ...part } as unknown as ActuationCommand);
    rig.run(500);
    expect(rig.done()).toHaveLength(1);
    expect(rig.done()[0]).toMatch(/^9 rejected: /);
    expect(rig.done()[0]).toMatch(reason);
    expect(rig.posRad).toEqual([2.1, 0, 0, 0.1]);
    expect(rig.controller.mode).toBe(Active);
  });
});

describe("what a client may use of the limits", () => {
  const share = { velocityRatio: 0.2, accelerationRatio: 0.5 };
  const most = 0.2 * mount.axes[yaw]!.maxVelocityRadPerS + 1e-9;

  it("binds a velocity, and the command says so", () => {
    const rig = Rig.running();
    const expiresAtMs = rig.nowMs + 1000;
    rig.send({ kind: "velocity", commandId: 1, velRadPerS: onlyYaw(2), expiresAtMs, share });
    rig.run(900, () => {
      expect(Math.abs(rig.velRadPerS[yaw]!)).toBeLessThanOrEqual(most);
    });
    expect(rig.events[0]).toMatchObject({ limits: ["yaw velocity 2.00 limited to 0.42 rad/s"] });
  });

  it("binds what is left of a path that was too quick for it", () => {
    const rig = Rig.running();
    const startsAtMs = rig.nowMs;
    rig.send({ kind: "trajectory", commandId: 1, points: to(1, 1), startsAtMs, share });
    rig.run(4000, () => {
      expect(Math.abs(rig.velRadPerS[yaw]!)).toBeLessThanOrEqual(most);
    });
    expect(rig.posRad[yaw]).toBe(1);
  });

  it("binds a goal that is told again with a smaller one", () => {
    const rig = Rig.running();
    const goal = { kind: "position", posRad: onlyYaw(2.5), velocityRatio: 0.2 } as const;
    rig.send({ ...goal, commandId: 1 });
    rig.run(400);
    const less = { velocityRatio: 1, accelerationRatio: 0.05 };
    rig.send({ ...goal, commandId: 2, share: less });
    rig.run(5);
    let before = rig.velRadPerS[yaw]!;
    let most = 0;
    rig.run(9000, () => {
      most = Math.max(most, Math.abs(rig.velRadPerS[yaw]! - before) / 0.005);
      before = rig.velRadPerS[yaw]!;
    });
    expect(rig.posRad[yaw]).toBe(2.5);
    expect(most).toBeLessThanOrEqual(0.05 * mount.axes[yaw]!.maxAccelerationRadPerS2 + 1e-6);
  });
});

describe("an axis that turns for ever", () => {
  it("is judged against a tolerance by its angle, whole turns apart", () => {
    const rig = new Rig(endless);
    rig.driver.posRad[yaw] = 3.1;
    rig.run(20);
    // The device reports within a turn; the setpoint counts on.
    rig.driver.wrapAxis = yaw;
    rig.events.length = 0;
    const tolerances = { pathToleranceRad: onlyYaw(0.05), goalToleranceRad: onlyYaw(0.05) };
    const startsAtMs = rig.nowMs;
    const points = [
      { timeS: 0, posRad: onlyYaw(3.1), velRadPerS: onlyYaw(0) },
      { timeS: 2, posRad: onlyYaw(4.1), velRadPerS: onlyYaw(0) },
    ];
    rig.send({ kind: "trajectory", commandId: 1, points, startsAtMs, ...tolerances });
    rig.run(3000);
    expect(rig.done()).toEqual(["1 completed: every axis is on its target"]);
    expect(rig.posRad[yaw]).toBeCloseTo(4.1, 9);
  });

  it("takes the shorter way to where a moving point is by now", () => {
    const rig = Rig.running(endless);
    rig.send({
      kind: "follow",
      commandId: 1,
      posRad: onlyYaw(3),
      velRadPerS: onlyYaw(1),
      atMs: rig.nowMs - 1500,
      expiresAtMs: rig.nowMs + 4000,
    });
    rig.run(200);
    // It is at 4.5 rad by now: -1.78 rad is the same angle, and nearer.
    expect(rig.posRad[yaw]).toBeLessThan(0);
  });

  it.each([1e6, -1e6, 1e15, 1e17, 1e300, -1.7e308])(
    "goes no further than half a turn to an angle of %d rad",
    (angle) => {
      const rig = Rig.running(endless);
      rig.send({ kind: "position", commandId: 1, posRad: onlyYaw(angle), velocityRatio: 1 });
      rig.run(4000);
      expect(Math.abs(rig.posRad[yaw]!)).toBeLessThanOrEqual(Math.PI + 1e-9);
      expect(rig.done()).toEqual(["1 completed: every axis is on its target"]);
    },
  );

  it("moves as exactly a million radians from zero as at zero", () => {
    const far = 159_155 * turn;
    const rig = new Rig(endless);
    rig.driver.posRad[yaw] = far;
    rig.run(20);
    rig.events.length = 0;
    const near = Rig.running(endless);
    const script: readonly ((rig: Rig) => void)[] = [
      (on) => {
        on.send({ kind: "position", commandId: 1, posRad: onlyYaw(1), velocityRatio: 1 });
      },
      (on) => {
        on.velocity(2, onlyYaw(-1.5), 300);
      },
      (on) => {
        on.send({ kind: "trajectory", commandId: 3, points: to(0.2, 1.5), startsAtMs: on.nowMs });
      },
      (on) => {
        on.send({
          kind: "follow",
          commandId: 4,
          posRad: onlyYaw(0.3),
          velRadPerS: onlyYaw(0.5),
          atMs: on.nowMs,
          expiresAtMs: on.nowMs + 800,
        });
      },
      (on) => {
        on.send({ kind: "stop", level: "hold", reason: "enough" });
      },
    ];
    for (const act of script) {
      act(rig);
      act(near);
      for (let ms = 0; ms < 2000; ms += 5) {
        rig.run(5);
        near.run(5);
        expect(Math.abs(rig.posRad[yaw]! - far - near.posRad[yaw]!)).toBeLessThan(1e-6);
        expect(Math.abs(rig.velRadPerS[yaw]! - near.velRadPerS[yaw]!)).toBeLessThan(1e-6);
      }
    }
    expect(rig.done().map((text) => text.slice(0, 12))).toEqual(
      near.done().map((text) => text.slice(0, 12)),
    );
  });
});

describe("folding what is folded", () => {
  it("is complete, since nothing has to wait for the interlock", () => {
    const rig = Rig.running();
    rig.send({ kind: "stow", commandId: 1, velocityRatio: 1 });
    rig.run(6000);
    rig.send({ kind: "stow", commandId: 2, velocityRatio: 1 });
    rig.run(100);
    expect(rig.done().at(-1)).toBe("2 completed: every axis is on its target");
  });
});

describe("an axis found beyond its range", () => {
  const beyond = (): Rig => {
    const rig = new Rig();
    rig.driver.posRad[yaw] = 3.3;
    rig.run(20);
    rig.events.length = 0;
    return rig;
  };

  it("is brought back by a moving point, and gets no further out", () => {
    const rig = beyond();
    const expiresAtMs = rig.nowMs + 4000;
    const [posRad, velRadPerS] = [onlyYaw(2.9), onlyYaw(0)];
    rig.send({ kind: "follow", commandId: 1, posRad, velRadPerS, atMs: rig.nowMs, expiresAtMs });
    rig.run(3000, () => {
      expect(rig.posRad[yaw]).toBeLessThanOrEqual(3.3);
    });
    expect(rig.posRad[yaw]).toBeCloseTo(2.9, 6);
  });

  it("is brought back by a trajectory in its time", () => {
    const rig = beyond();
    rig.send({ kind: "trajectory", commandId: 1, points: to(2, 2), startsAtMs: rig.nowMs });
    rig.run(1000);
    expect(rig.posRad[yaw]).toBeLessThan(2.8);
    rig.run(1500);
    expect(rig.posRad[yaw]).toBe(2);
  });

  it("is not led further out", () => {
    const rig = beyond();
    rig.velocity(1, onlyYaw(1), 2000);
    rig.run(500);
    expect(rig.posRad[yaw]).toBe(3.3);
  });
});

describe("the soft margin", () => {
  const softRad = 3.14 - 0.5;
  const soft = withYaw({ softMarginRad: 0.5 });

  it("is kept on the way onto a trajectory, though the axis moves towards it", () => {
    const rig = Rig.running(soft);
    rig.velocity(1, onlyYaw(2), 3000);
    rig.run(900);
    const points = to(0, 6);
    rig.send({ kind: "trajectory", commandId: 2, points, startsAtMs: rig.nowMs });
    rig.run(7000, () => {
      expect(rig.posRad[yaw]).toBeLessThanOrEqual(softRad + 1e-9);
    });
    expect(rig.posRad[yaw]).toBe(0);
  });

  it.each([0.2, 1, 2.09])("is kept while a point leaves the range at %d rad/s", (speed) => {
    const rig = Rig.running(soft);
    const expiresAtMs = rig.nowMs + 5000;
    const [posRad, velRadPerS] = [onlyYaw(softRad - speed), onlyYaw(speed)];
    rig.send({ kind: "follow", commandId: 1, posRad, velRadPerS, atMs: rig.nowMs, expiresAtMs });
    rig.run(4500, () => {
      expect(rig.posRad[yaw]).toBeLessThanOrEqual(softRad + 1e-9);
    });
    expect(rig.posRad[yaw]).toBeCloseTo(softRad, 6);
  });

  it("leaves a device found beyond it where it is, until a command leads back", () => {
    const rig = new Rig(soft);
    rig.driver.posRad[yaw] = 3;
    rig.run(20);
    const expiresAtMs = rig.nowMs + 1000;
    const [posRad, velRadPerS] = [onlyYaw(3), onlyYaw(1)];
    rig.send({ kind: "follow", commandId: 1, posRad, velRadPerS, atMs: rig.nowMs, expiresAtMs });
    rig.run(900);
    expect(rig.posRad[yaw]).toBe(3);
    rig.velocity(2, onlyYaw(-0.5), 1000);
    rig.run(900);
    expect(rig.posRad[yaw]).toBeLessThan(2.7);
  });
});
