import type { Aim } from "../core/aim.ts";
import { planGesture } from "../core/gestures.ts";
import type { Xyzw } from "../core/kinematics.ts";
import { leastMoveOfAllMs } from "../core/timed-move.ts";
import type { AxisValues } from "./axis-order.ts";
import { expandTrajectory } from "./expand-trajectory.ts";
import { expanded, expiry, unreachable, type Expanded, type Expanding } from "./expanding.ts";
import { WireCode, type CommandMessage } from "./messages.ts";

type Kind<K extends CommandMessage["kind"]> = Extract<CommandMessage, { readonly kind: K }>;

/**
 * A command of the wire as the actuation understands it: names in axis order, times on the server's
 * clock, poses and gestures as joint positions. Moves nothing and decides nothing about authority.
 */
export function expandCommand(message: CommandMessage, on: Expanding): Expanded {
  switch (message.kind) {
    case "velocity":
      return withAxes(on, message.velRadPerS, (velRadPerS) => {
        const expiresAtMs = on.sentMs + message.ttlMs;
        return expanded({ kind: "velocity", commandId: on.commandId, velRadPerS, expiresAtMs });
      });
    case "position":
      return withAxes(on, message.posRad, (posRad) => position(posRad, message, on));
    case "pose":
      return withJoints(on, (joints, aim) => {
        const aimed = aim.pose(toXyzw(message.orientationXyzw), message.frame, joints);
        if (!aimed.ok) return unreachable(aimed.reason);
        return noted(position(aimed.posRad, message, on), aimed.note);
      });
    case "trajectory":
      return expandTrajectory(message, on);
    case "track":
      return track(message, on);
    case "action":
      return action(message, on);
    case "mode":
      return expanded({ kind: "mode", commandId: on.commandId, mode: message.mode });
    case "deploy":
    case "stow": {
      const { kind, velocityRatio = 1 } = message;
      const { commandId } = on;
      return expanded({ kind, commandId, velocityRatio, ...expiry(message.ttlMs, on) });
    }
    default:
      return message satisfies never;
  }
}

type Timed = Pick<Kind<"position">, "ttlMs" | "durationMs" | "velocityRatio">;

/** As fast as its ratio allows; with a duration as a path that takes just that long. */
function position(posRad: AxisValues, timed: Timed, on: Expanding): Expanded {
  const { durationMs, velocityRatio = 1, ttlMs } = timed;
  const { commandId } = on;
  const ends = expiry(ttlMs, on);
  if (durationMs === undefined) {
    return expanded({ kind: "position", commandId, posRad, velocityRatio, ...ends });
  }
  const joints = on.jointPosRad();
  if (joints === undefined) return unreachable(noJoints);
  const leastMs = Math.ceil(leastMoveOfAllMs(on.order.axes, { fromRad: joints, toRad: posRad }));
  const takesMs = Math.max(durationMs, leastMs);
  const still = posRad.map((value) => (value === null ? null : 0));
  const point = { timeS: takesMs / 1000, posRad, velRadPerS: still, accRadPerS2: still };
  const startsAtMs = on.arrivedMs;
  const command = { kind: "trajectory", commandId, points: [point], startsAtMs, ...ends } as const;
  if (takesMs === durationMs) return expanded(command);
  const note = `duration ${durationMs} ms stretched to ${takesMs} ms by the axis limits`;
  return { ok: true, command, notes: [note] };
}

function noted(made: Expanded, note: string | undefined): Expanded {
  if (note === undefined || !made.ok) return made;
  return { ...made, notes: [note, ...(made.notes ?? [])] };
}

function track(message: Kind<"track">, on: Expanding): Expanded {
  return withJoints(on, (joints, aim) => {
    const aimed = aim.follow(message.target, joints, on.arrivedMs);
    if (!aimed.ok) return unreachable(aimed.reason);
    const { posRad, velRadPerS = posRad.map((value) => (value === null ? null : 0)) } = aimed;
    const { commandId, arrivedMs: atMs } = on;
    const expiresAtMs = on.sentMs + message.ttlMs;
    const follow = { kind: "follow", commandId, posRad, velRadPerS, atMs, expiresAtMs } as const;
    const { remember } = aimed;
    return { ...expanded(follow), ...(remember === undefined ? {} : { remember }) };
  });
}

function action(message: Kind<"action">, on: Expanding): Expanded {
  const { action: name, target, amplitudeRatio, velocityRatio = 1, ttlMs } = message;
  if (name === "look-at") {
    return withJoints(on, (joints, aim) => {
      if (target === undefined) return unreachable("look-at has no target");
      const aimed = aim.lookAt(target, joints);
      if (!aimed.ok) return unreachable(aimed.reason);
      const timed = { velocityRatio, ...(ttlMs === undefined ? {} : { ttlMs }) };
      return noted(position(aimed.posRad, timed, on), aimed.note);
    });
  }
  const joints = on.jointPosRad();
  if (joints === undefined) return unreachable(noJoints);
  const plan = planGesture(name, {
    axes: on.order.axes,
    jointPosRad: joints,
    share: { velocityRatio, accelerationRatio: velocityRatio },
    ...(amplitudeRatio === undefined ? {} : { amplitudeRatio }),
  });
  if (!plan.ok) return unreachable(plan.reason);
  const { commandId, arrivedMs: startsAtMs } = on;
  const ends = expiry(ttlMs, on);
  return expanded({ kind: "trajectory", commandId, points: plan.points, startsAtMs, ...ends });
}

const noJoints = "where the device stands is not known yet";

function withAxes(
  on: Expanding,
  byName: Readonly<Record<string, number>>,
  then: (values: AxisValues) => Expanded,
): Expanded {
  const read = on.order.read(byName);
  return read.ok
    ? then(read.values)
    : { ok: false, code: WireCode.UnknownAxis, reason: read.reason };
}

function withJoints(
  on: Expanding,
  then: (jointPosRad: readonly number[], aim: Aim) => Expanded,
): Expanded {
  if (on.aim === undefined) {
    return {
      ok: false,
      code: WireCode.Unsupported,
      reason: "this device cannot be aimed, expected joint positions",
    };
  }
  const joints = on.jointPosRad();
  return joints === undefined ? unreachable(noJoints) : then(joints, on.aim);
}

function toXyzw(value: readonly number[]): Xyzw {
  const [x = 0, y = 0, z = 0, w = 1] = value;
  return [x, y, z, w];
}
