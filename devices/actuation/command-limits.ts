import type { ActuationCommand } from "../../bridge/contract/actuation.ts";
import type { AxisDescription, DeviceDescription } from "../../bridge/contract/device.ts";
import type { MotionIntent, MountMotion } from "./motion.ts";

export type MotionCommand = Extract<ActuationCommand, { kind: "velocity" | "position" }>;

export type LimitedCommand =
  | { readonly kind: "rejected"; readonly reason: string }
  | { readonly kind: "expired"; readonly reason: string }
  | {
      readonly kind: "accepted";
      readonly intent: MotionIntent;
      readonly applied: readonly (number | null)[];
      readonly limits: readonly string[];
    };

/** No velocity outlives this, whoever asked: an operator repeats a command far more often. */
const maxVelocityTtlMs = 5000;

/** The least velocity that still is one: slower than an hour for the whole range. */
const minVelocityRatio = 0.001;

/** Checks a command from another thread and clamps it to the device, with a sentence per clamp. */
export function limitCommand(
  command: MotionCommand,
  device: DeviceDescription,
  motion: MountMotion,
  nowMs: number,
): LimitedCommand {
  const wanted: unknown = command.kind === "velocity" ? command.velRadPerS : command.posRad;
  const problem = shapeProblem(wanted, device) ?? scalarProblem(command);
  if (problem !== undefined) return { kind: "rejected", reason: problem };
  const lateMs = nowMs - (command.expiresAtMs ?? Number.POSITIVE_INFINITY);
  if (lateMs >= 0) {
    return { kind: "expired", reason: `arrived ${lateMs.toFixed(0)} ms after its expiry` };
  }
  const limits: string[] = [];
  if (command.kind === "velocity") return limitVelocity(command, device, motion, nowMs, limits);
  return limitPosition(command, device, motion, limits);
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

function scalarProblem(command: MotionCommand): string | undefined {
  if (command.kind === "velocity") {
    if (Number.isFinite(command.expiresAtMs)) return undefined;
    return `expiresAtMs is ${String(command.expiresAtMs)}, a velocity must expire`;
  }
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
  const clamped = device.axes.map((axis, index) => {
    const wanted = command.velRadPerS[index] ?? null;
    return wanted === null ? null : clampVelocity(axis, wanted, limits);
  });
  const deploying = deployValue(device, clamped) ?? 0;
  const applied = heldByInterlock(device, motion, clamped, deploying > 0, limits);
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
  const applied = heldByInterlock(device, motion, clamped, (deployGoal ?? -1) >= readyRad, limits);
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

function clampVelocity(axis: AxisDescription, wanted: number, limits: string[]): number {
  const max = axis.maxVelocityRadPerS;
  if (Math.abs(wanted) <= max) return wanted;
  const clamped = Math.sign(wanted) * max;
  limits.push(`${axis.name} velocity ${two(wanted)} limited to ${two(clamped)} rad/s`);
  return clamped;
}

function clampPosition(axis: AxisDescription, wanted: number, limits: string[]): number {
  const clamped = Math.min(Math.max(wanted, axis.lowerRad), axis.upperRad);
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
 */
function heldByInterlock(
  device: DeviceDescription,
  motion: MountMotion,
  values: readonly (number | null)[],
  commandDeploys: boolean,
  limits: string[],
): readonly (number | null)[] {
  const { interlock } = device;
  const deployIndex = deployIndexOf(device);
  if (interlock === undefined || commandDeploys) return values;
  const position = motion.posRad[deployIndex] ?? 0;
  if (Math.max(position, motion.goalRad(deployIndex)) >= interlock.readyRad) return values;
  return values.map((value, index) => {
    if (value === null || index === deployIndex) return value;
    const name = device.axes[index]?.name ?? "";
    const ready = `${interlock.axis} at ${two(position)} rad, ready at ${two(interlock.readyRad)} rad`;
    limits.push(`${name} held: ${ready}`);
    return null;
  });
}

const two = (value: number): string => value.toFixed(2);
const sec = (valueMs: number): string => `${(valueMs / 1000).toFixed(1)} s`;
