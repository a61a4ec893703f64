import type {
  ActuationCommand,
  MotionShare,
  TrajectoryPoint,
} from "../../bridge/contract/actuation.ts";
import type { AxisDescription, DeviceDescription } from "../../bridge/contract/device.ts";
import { axisRange } from "./axis-range.ts";
import type { MotionIntent, MountMotion } from "./motion.ts";
import { makePath, type AxisState } from "./path.ts";

export type MotionCommand = Extract<
  ActuationCommand,
  { kind: "velocity" | "position" | "trajectory" | "follow" | "deploy" | "stow" }
>;

/** What a command may ask for beyond its end: how near the device has to be. */
export interface Tolerances {
  readonly pathRad?: readonly (number | null)[];
  readonly goalRad?: readonly (number | null)[];
}

export type LimitedCommand =
  | { readonly kind: "rejected"; readonly reason: string }
  | { readonly kind: "expired"; readonly reason: string }
  | {
      readonly kind: "accepted";
      readonly intent: MotionIntent;
      readonly applied: readonly (number | null)[];
      readonly limits: readonly string[];
      readonly tolerances?: Tolerances;
    };

/** No velocity outlives this, whoever asked: an operator repeats a command far more often. */
const maxVelocityTtlMs = 5000;

/** The least velocity that still is one: slower than an hour for the whole range. */
const minVelocityRatio = 0.001;

/** A moving point is believed to have moved on evenly for so long, and to be about to. */
const maxPointAgeMs = 5000;

/** Checks a command from another thread and clamps it to the device, with a sentence per clamp. */
export function limitCommand(
  command: MotionCommand,
  device: DeviceDescription,
  motion: MountMotion,
  nowMs: number,
): LimitedCommand {
  const problem = commandProblem(command, device, nowMs) ?? shareProblem(command.share);
  if (problem !== undefined) return { kind: "rejected", reason: problem };
  const lateMs = nowMs - (command.expiresAtMs ?? Number.POSITIVE_INFINITY);
  if (lateMs >= 0) {
    return { kind: "expired", reason: `arrived ${lateMs.toFixed(0)} ms after its expiry` };
  }
  const limits: string[] = [];
  const limited = limitKind(command, device, motion, nowMs, limits);
  if (limited.kind !== "accepted" || command.share === undefined) return limited;
  return { ...limited, intent: { ...limited.intent, share: command.share } };
}

function limitKind(
  command: MotionCommand,
  device: DeviceDescription,
  motion: MountMotion,
  nowMs: number,
  limits: string[],
): LimitedCommand {
  switch (command.kind) {
    case "velocity":
      return limitVelocity(command, device, motion, nowMs, limits);
    case "position":
      return limitPosition(command, device, motion, limits);
    case "deploy":
    case "stow": {
      const { kind, ...rest } = command;
      const posRad = kind === "deploy" ? device.homeRad : stowedRad(device);
      return limitPosition({ ...rest, kind: "position", posRad }, device, motion, limits);
    }
    case "follow":
      return limitFollow(command, device, motion, nowMs, limits);
    case "trajectory":
      return limitTrajectory(command, device, motion, nowMs);
    default:
      return command satisfies never;
  }
}

/** Where the axes stand when folded away: as the profile says, else home with the interlock axis folded. */
export function stowedRad(device: DeviceDescription): readonly number[] {
  if (device.stowRad !== undefined) return device.stowRad;
  return device.homeRad.map((homeRad, index) => {
    const axis = device.axes[index];
    const isFolding = axis !== undefined && axis.name === device.interlock?.axis;
    return isFolding ? axisRange(axis).lowerRad : homeRad;
  });
}

function commandProblem(
  command: MotionCommand,
  device: DeviceDescription,
  nowMs: number,
): string | undefined {
  switch (command.kind) {
    case "velocity":
      return (
        shapeProblem(command.velRadPerS, device) ?? expiryProblem(command.expiresAtMs, "a velocity")
      );
    case "position":
      return shapeProblem(command.posRad, device) ?? ratioProblem(command);
    case "deploy":
    case "stow":
      return ratioProblem(command);
    case "follow": {
      const shape =
        shapeProblem(command.posRad, device) ?? shapeProblem(command.velRadPerS, device);
      if (shape !== undefined) return shape;
      return (
        ageProblem(command.atMs, nowMs) ?? expiryProblem(command.expiresAtMs, "a moving target")
      );
    }
    case "trajectory":
      return (
        toleranceProblem("pathToleranceRad", command.pathToleranceRad, device) ??
        toleranceProblem("goalToleranceRad", command.goalToleranceRad, device) ??
        (command.expiresAtMs === undefined
          ? undefined
          : expiryProblem(command.expiresAtMs, "a trajectory with an expiry"))
      );
    default:
      return command satisfies never;
  }
}

function expiryProblem(expiresAtMs: number, what: string): string | undefined {
  if (Number.isFinite(expiresAtMs)) return undefined;
  return `expiresAtMs is ${expiresAtMs}, ${what} must expire`;
}

function ageProblem(atMs: number, nowMs: number): string | undefined {
  const ageMs = nowMs - atMs;
  if (Math.abs(ageMs) <= maxPointAgeMs) return undefined;
  return `atMs is ${(ageMs / 1000).toFixed(1)} s ago, expected within ${sec(maxPointAgeMs)} of now`;
}

function toleranceProblem(
  name: string,
  wanted: unknown,
  { axes }: DeviceDescription,
): string | undefined {
  if (wanted === undefined) return undefined;
  const values: readonly unknown[] = Array.isArray(wanted) ? wanted : [];
  const isGood = (value: unknown): boolean =>
    value === null || (typeof value === "number" && value > 0);
  if (values.length === axes.length && values.every(isGood)) return undefined;
  return `${name} is ${JSON.stringify(wanted)}, expected ${axes.length} positive numbers or null`;
}

function shareProblem(share: MotionShare | null | undefined): string | undefined {
  if (share === undefined) return undefined;
  const isRatio = (value: unknown): boolean => typeof value === "number" && value > 0 && value <= 1;
  if (isRatio(share?.velocityRatio) && isRatio(share?.accelerationRatio)) return undefined;
  const found = `${String(share?.velocityRatio)} and ${String(share?.accelerationRatio)}`;
  return `share is ${found}, expected 0 < ratio <= 1 of velocity and acceleration`;
}

function shapeProblem(wanted: unknown, device: DeviceDescription): string | undefined {
  if (!Array.isArray(wanted)) return `axis values are ${typeof wanted}, expected an array`;
  const values: readonly unknown[] = wanted;
  const count = device.axes.length;
  if (values.length !== count) return `has ${values.length} axis values, expected ${count}`;
  const bad = values.findIndex((value) => value !== null && !Number.isFinite(value));
  if (bad >= 0) {
    const name = device.axes[bad]?.name ?? "";
    return `${name} value is ${String(values[bad])}, expected a finite number or null`;
  }
  return values.every((value) => value === null) ? "names no axis" : undefined;
}

function ratioProblem(command: {
  readonly velocityRatio: number;
  readonly expiresAtMs?: number;
}): string | undefined {
  const { velocityRatio, expiresAtMs } = command;
  if (!(Number.isFinite(velocityRatio) && velocityRatio > 0)) {
    return `velocityRatio is ${String(velocityRatio)}, expected 0 < ratio <= 1`;
  }
  if (expiresAtMs === undefined || Number.isFinite(expiresAtMs)) return undefined;
  return `expiresAtMs is ${String(expiresAtMs)}, expected a finite time or none`;
}

function limitVelocity(
  command: MotionCommand & { kind: "velocity" },
  device: DeviceDescription,
  motion: MountMotion,
  nowMs: number,
  limits: string[],
): LimitedCommand {
  const clamped = clampVelocities(command, device, limits);
  const deploying = deployValue(device, clamped) ?? 0;
  const held = { isDeploying: deploying > 0, moves: (wanted: number) => wanted !== 0 };
  const applied = heldByInterlock(device, motion, clamped, held, limits);
  let { expiresAtMs } = command;
  if (expiresAtMs > nowMs + maxVelocityTtlMs) {
    limits.push(`expiry in ${sec(expiresAtMs - nowMs)} limited to ${sec(maxVelocityTtlMs)}`);
    expiresAtMs = nowMs + maxVelocityTtlMs;
  }
  const intent: MotionIntent = { kind: "velocity", velRadPerS: applied, expiresAtMs };
  return { kind: "accepted", intent, applied, limits };
}

function limitPosition(
  command: MotionCommand & { kind: "position" },
  device: DeviceDescription,
  motion: MountMotion,
  limits: string[],
): LimitedCommand {
  const clamped = device.axes.map((axis, index) => {
    const wanted = command.posRad[index] ?? null;
    return wanted === null ? null : clampPosition(axis, wanted, limits);
  });
  const deployGoal = deployValue(device, clamped);
  const readyRad = device.interlock?.readyRad ?? 0;
  const moves = (wanted: number, index: number): boolean => wanted !== motion.posRad[index];
  const held = { isDeploying: (deployGoal ?? -1) >= readyRad, moves };
  const applied = heldByInterlock(device, motion, clamped, held, limits);
  let { velocityRatio } = command;
  if (velocityRatio > 1) {
    limits.push(`velocity ratio ${velocityRatio.toFixed(2)} limited to 1`);
    velocityRatio = 1;
  }
  velocityRatio = Math.max(velocityRatio, minVelocityRatio);
  const expiry = command.expiresAtMs === undefined ? {} : { expiresAtMs: command.expiresAtMs };
  const intent: MotionIntent = { kind: "position", posRad: applied, velocityRatio, ...expiry };
  return { kind: "accepted", intent, applied, limits };
}

function limitFollow(
  command: MotionCommand & { kind: "follow" },
  device: DeviceDescription,
  motion: MountMotion,
  nowMs: number,
  limits: string[],
): LimitedCommand {
  const deployGoal = deployValue(device, command.posRad) ?? -1;
  const held = { isDeploying: deployGoal >= (device.interlock?.readyRad ?? 0), moves: () => true };
  const applied = heldByInterlock(device, motion, command.posRad, held, limits);
  const expiresAtMs = Math.min(command.expiresAtMs, nowMs + maxVelocityTtlMs);
  const velRadPerS = clampVelocities(command, device, limits);
  // Where the point is by now: of an axis that turns for ever it is this that decides the shorter way.
  const sinceS = (nowMs - command.atMs) / 1000;
  const posRad = applied.map((wanted, index) =>
    wanted === null ? null : wanted + (velRadPerS[index] ?? 0) * sinceS,
  );
  const intent: MotionIntent = { kind: "point", posRad, velRadPerS, atMs: nowMs, expiresAtMs };
  return { kind: "accepted", intent, applied, limits };
}

function limitTrajectory(
  command: MotionCommand & { kind: "trajectory" },
  device: DeviceDescription,
  motion: MountMotion,
  nowMs: number,
): LimitedCommand {
  const { points, startsAtMs, expiresAtMs, pathToleranceRad, goalToleranceRad } = command;
  const present = (index: number): AxisState => motion.stateOf(index);
  const made = makePath(device, { points, startsAtMs, nowMs, present });
  if (!made.ok) return { kind: "rejected", reason: made.reason };
  const held = heldOnPath(device, motion, points);
  if (held !== undefined) return { kind: "rejected", reason: held };
  const expiry = expiresAtMs === undefined ? {} : { expiresAtMs };
  return {
    kind: "accepted",
    intent: { kind: "path", path: made.path, ...expiry },
    applied: made.path.map((path) => path?.endRad ?? null),
    limits: [],
    tolerances: {
      ...(pathToleranceRad === undefined ? {} : { pathRad: pathToleranceRad }),
      ...(goalToleranceRad === undefined ? {} : { goalRad: goalToleranceRad }),
    },
  };
}

/** A path cannot wait for the interlock as a single goal can: its time goes on. */
function heldOnPath(
  device: DeviceDescription,
  motion: MountMotion,
  points: readonly TrajectoryPoint[],
): string | undefined {
  const { interlock } = device;
  const deployIndex = deployIndexOf(device);
  if (interlock === undefined) return undefined;
  const moves = points[0]?.posRad.some((value, index) => value !== null && index !== deployIndex);
  if (moves !== true) return undefined;
  const reached = points.map(({ posRad }) => posRad[deployIndex] ?? null);
  const lowest = Math.min(
    motion.stopPosRad(deployIndex),
    ...reached.filter((value) => value !== null),
  );
  if (lowest >= interlock.readyRad - 1e-9) return undefined;
  return `${interlock.axis} comes to ${two(lowest)} rad on the way, the other axes need ${two(interlock.readyRad)} rad`;
}

function clampVelocities(
  { velRadPerS, share }: MotionCommand & { kind: "velocity" | "follow" },
  { axes }: DeviceDescription,
  limits: string[],
): (number | null)[] {
  return axes.map((axis, index) => {
    const wanted = velRadPerS[index] ?? null;
    const max = axis.maxVelocityRadPerS * (share?.velocityRatio ?? 1);
    if (wanted === null || Math.abs(wanted) <= max) return wanted;
    const clamped = Math.sign(wanted) * max;
    limits.push(`${axis.name} velocity ${two(wanted)} limited to ${two(clamped)} rad/s`);
    return clamped;
  });
}

function clampPosition(axis: AxisDescription, wanted: number, limits: string[]): number {
  const { lowerRad, upperRad } = axisRange(axis);
  const clamped = Math.min(Math.max(wanted, lowerRad), upperRad);
  if (clamped !== wanted) {
    limits.push(`${axis.name} position ${two(wanted)} limited to ${two(clamped)} rad`);
  }
  return clamped;
}

function deployIndexOf(device: DeviceDescription): number {
  return device.axes.findIndex((axis) => axis.name === device.interlock?.axis);
}

function deployValue(
  device: DeviceDescription,
  values: readonly (number | null)[],
): number | undefined {
  return values[deployIndexOf(device)] ?? undefined;
}

/**
 * Takes the other axes out of a command that would only wait: the deploy axis is not ready and
 * nobody is taking it there. If the command itself deploys, the motion holds them until it is ready.
 * An axis that it does not move waits for nothing.
 */
function heldByInterlock(
  device: DeviceDescription,
  motion: MountMotion,
  values: readonly (number | null)[],
  command: {
    readonly isDeploying: boolean;
    readonly moves: (wanted: number, index: number) => boolean;
  },
  limits: string[],
): readonly (number | null)[] {
  const { interlock } = device;
  const deployIndex = deployIndexOf(device);
  if (interlock === undefined || command.isDeploying) return values;
  const position = motion.posRad[deployIndex] ?? 0;
  if (Math.max(position, motion.goalRad(deployIndex)) >= interlock.readyRad) return values;
  return values.map((value, index) => {
    if (value === null || index === deployIndex || !command.moves(value, index)) return value;
    const name = device.axes[index]?.name ?? "";
    const ready = `${interlock.axis} at ${two(position)} rad, ready at ${two(interlock.readyRad)} rad`;
    limits.push(`${name} held: ${ready}`);
    return null;
  });
}

const two = (value: number): string => value.toFixed(2);
const sec = (valueMs: number): string => `${(valueMs / 1000).toFixed(1)} s`;
