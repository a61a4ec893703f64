import { describe, expect, it } from "vitest";
import type { Aim } from "../../../bridge/core/aim.ts";
import { AxisOrder } from "../../../bridge/control/axis-order.ts";
import { expandCommand } from "../../../bridge/control/expand-command.ts";
import type { Expanding } from "../../../bridge/control/expanding.ts";
import type { CommandMessage } from "../../../bridge/control/messages.ts";
import { withinShare } from "../../../bridge/control/share-command.ts";
import { phoneMount } from "../../fakes/synthetic-actuation.ts";

const { axes, homeRad } = phoneMount();
const order = new AxisOrder(axes);
const aim: Aim = {
  pose: (_orientation, frame) =>
    frame === "moon"
      ? { ok: false, reason: "frame moon is unknown" }
      : { ok: true, posRad: [null, 0.1, 0, 0.2] },
  lookAt: () => ({ ok: true, posRad: [null, 0.3, null, 0.4] }),
  follow: () => ({ ok: true, posRad: [null, 0.5, null, 0], velRadPerS: [null, 1, null, 0] }),
};
const on: Expanding = {
  commandId: 9,
  sentMs: 990,
  arrivedMs: 1000,
  order,
  jointPosRad: () => homeRad,
  aim,
};
const head = {
  type: "command",
  id: 1,
  seq: 1,
  device: "mount0",
  lease: { epoch: "e", sequence: 1 },
} as const;
const point = { timeMs: 500, posRad: [0.2, 0.1] };
const trajectory = {
  ...head,
  kind: "trajectory",
  axes: ["pitch", "yaw"],
  points: [point],
} as const;

describe("a command of the wire becomes one of the actuation", () => {
  it.each<{ message: CommandMessage; command: object }>([
    {
      message: { ...head, kind: "velocity", ttlMs: 200, velRadPerS: { yaw: 0.5 } },
      command: { kind: "velocity", velRadPerS: [null, 0.5, null, null], expiresAtMs: 1190 },
    },
    {
      message: { ...head, kind: "position", posRad: { pitch: 0.1 } },
      command: { kind: "position", posRad: [null, null, null, 0.1], velocityRatio: 1 },
    },
    {
      message: { ...head, kind: "position", posRad: { pitch: 0.1 }, durationMs: 5000, ttlMs: 4000 },
      command: {
        kind: "trajectory",
        points: [
          {
            timeS: 5,
            posRad: [null, null, null, 0.1],
            velRadPerS: [null, null, null, 0],
            accRadPerS2: [null, null, null, 0],
          },
        ],
        startsAtMs: 1000,
        expiresAtMs: 4990,
      },
    },
    {
      message: { ...head, kind: "pose", orientationXyzw: [0, 0, 0, 1], velocityRatio: 0.5 },
      command: { kind: "position", posRad: [null, 0.1, 0, 0.2], velocityRatio: 0.5 },
    },
    {
      message: {
        ...trajectory,
        points: [point, { timeMs: 900, posRad: [0, 0], velRadPerS: [0, 0] }],
        startInMs: 50,
        goalToleranceRad: { yaw: 0.1 },
      },
      command: {
        kind: "trajectory",
        points: [
          { timeS: 0.5, posRad: [null, 0.1, null, 0.2] },
          { timeS: 0.9, posRad: [null, 0, null, 0], velRadPerS: [null, 0, null, 0] },
        ],
        startsAtMs: 1050,
        goalToleranceRad: [null, 0.1, null, null],
      },
    },
    {
      message: { ...head, kind: "track", ttlMs: 300, target: { image: [0.5, 0.5] } },
      command: {
        kind: "follow",
        posRad: [null, 0.5, null, 0],
        velRadPerS: [null, 1, null, 0],
        atMs: 1000,
        expiresAtMs: 1290,
      },
    },
    {
      message: { ...head, kind: "action", action: "look-at", target: { bearing: [1, 0, 0] } },
      command: { kind: "position", posRad: [null, 0.3, null, 0.4], velocityRatio: 1 },
    },
    {
      message: { ...head, kind: "mode", mode: "inactive" },
      command: { kind: "mode", mode: "inactive" },
    },
    {
      message: { ...head, kind: "stow", velocityRatio: 0.3 },
      command: { kind: "stow", velocityRatio: 0.3 },
    },
  ])("$message.kind", ({ message, command }) => {
    const expanded = expandCommand(message, on);
    expect(expanded).toEqual({ ok: true, command: { ...command, commandId: 9 } });
  });

  it("nods around where the device stands", () => {
    const expanded = expandCommand({ ...head, kind: "action", action: "nod" }, on);
    if (!expanded.ok || expanded.command.kind !== "trajectory") throw new Error("no trajectory");
    expect(expanded.command.points.length).toBeGreaterThan(3);
    expect(expanded.command.startsAtMs).toBe(1000);
  });

  it("says when a duration cannot be met, and takes the time it needs", () => {
    const message = { ...head, kind: "position", posRad: { yaw: 1 }, durationMs: 100 } as const;
    const expanded = expandCommand(message, on);
    if (!expanded.ok || expanded.command.kind !== "trajectory") throw new Error("no trajectory");
    const takesMs = (expanded.command.points[0]?.timeS ?? 0) * 1000;
    expect(takesMs).toBeGreaterThan(800);
    expect(expanded.notes).toEqual([
      `duration 100 ms stretched to ${takesMs} ms by the axis limits`,
    ]);
  });
});

describe("what cannot be carried out is refused", () => {
  it.each<{ name: string; message: CommandMessage; code: string; on?: Partial<Expanding> }>([
    { name: "no axis", message: { ...head, kind: "position", posRad: {} }, code: "command/axis" },
    {
      name: "an axis of another device",
      message: { ...head, kind: "velocity", ttlMs: 200, velRadPerS: { elbow: 1 } },
      code: "command/axis",
    },
    {
      name: "an axis twice",
      message: { ...trajectory, axes: ["yaw", "yaw"] },
      code: "command/axis",
    },
    {
      name: "a tolerance for another axis",
      message: { ...trajectory, pathToleranceRad: { elbow: 1 } },
      code: "command/axis",
    },
    {
      name: "a value too few",
      message: { ...trajectory, points: [{ timeMs: 5, posRad: [0] }] },
      code: "command/unreachable",
    },
    {
      name: "times that stand",
      message: { ...trajectory, points: [point, point] },
      code: "command/unreachable",
    },
    {
      name: "accelerations alone",
      message: { ...trajectory, points: [{ ...point, accRadPerS2: [0, 0] }] },
      code: "command/unreachable",
    },
    {
      name: "an end in motion",
      message: { ...trajectory, points: [{ ...point, velRadPerS: [0, 0.1] }] },
      code: "command/unreachable",
    },
    {
      name: "a frame that is not there",
      message: { ...head, kind: "pose", orientationXyzw: [0, 0, 0, 1], frame: "moon" },
      code: "command/unreachable",
    },
    {
      name: "a gesture of a device nobody has seen",
      message: { ...head, kind: "action", action: "nod" },
      code: "command/unreachable",
      on: { jointPosRad: () => undefined },
    },
    {
      name: "a pose of a device that cannot be aimed",
      message: { ...head, kind: "pose", orientationXyzw: [0, 0, 0, 1] },
      code: "control/unsupported",
      on: { aim: undefined },
    },
  ])("$name", ({ message, code, on: change }) => {
    expect(expandCommand(message, { ...on, ...change })).toMatchObject({ ok: false, code });
  });
});

describe("a share of the limits", () => {
  const share = { velocityRatio: 0.5, accelerationRatio: 0.25 };
  const most = (axes[1]?.maxVelocityRadPerS ?? 0) * 0.5;

  it("cuts velocities and says so", () => {
    const velRadPerS = [null, -3, 0.1, null];
    const { command, notes } = withinShare(
      { kind: "velocity", commandId: 1, velRadPerS, expiresAtMs: 5 },
      share,
      order,
    );
    expect(command).toMatchObject({ velRadPerS: [null, -most, 0.1, null], share });
    expect(notes).toHaveLength(1);
  });

  it("slows a path down: twice the time, half the velocity, a quarter of the acceleration", () => {
    const points = [{ timeS: 1, posRad: [1], velRadPerS: [2], accRadPerS2: [4] }];
    const { command } = withinShare(
      { kind: "trajectory", commandId: 1, points, startsAtMs: 0 },
      share,
      order,
    );
    expect(command).toMatchObject({
      points: [{ timeS: 2, posRad: [1], velRadPerS: [1], accRadPerS2: [1] }],
    });
  });

  it("leaves a command of somebody with all of them as it is", () => {
    const command = { kind: "stow", commandId: 1, velocityRatio: 1 } as const;
    const all = { velocityRatio: 1, accelerationRatio: 1 };
    expect(withinShare(command, all, order)).toEqual({ command, notes: [] });
    expect(withinShare(command, share, order).command).toEqual({
      ...command,
      velocityRatio: 0.5,
      share,
    });
  });
});
