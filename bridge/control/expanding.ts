import type { ActuationCommand } from "../contract/actuation.ts";
import type { Aim } from "../core/aim.ts";
import type { AxisOrder } from "./axis-order.ts";
import { WireCode } from "./messages.ts";

/** Whatever the actuation answers to: not stops and resets. */
export type MotionCommand = Extract<ActuationCommand, { readonly commandId: number }>;

/** What is known when a command of the wire becomes one of the actuation. */
export interface Expanding {
  readonly commandId: number;
  /** Server ms from which expiry counts: when it was sent at the latest. */
  readonly sentMs: number;
  /** Server ms of arrival. */
  readonly arrivedMs: number;
  readonly order: AxisOrder;
  /** Where the device stands; undefined while that is not known. */
  readonly jointPosRad: () => readonly number[] | undefined;
  readonly aim: Aim | undefined;
}

export type Expanded =
  | {
      readonly ok: true;
      readonly command: MotionCommand;
      /** One sentence per wish that could not be met. */
      readonly notes?: readonly string[];
      /** Called once the command has been let through. */
      readonly remember?: () => void;
    }
  | { readonly ok: false; readonly code: WireCode; readonly reason: string };

export function expiry(
  ttlMs: number | undefined,
  on: Expanding,
): { readonly expiresAtMs?: number } {
  return ttlMs === undefined ? {} : { expiresAtMs: on.sentMs + ttlMs };
}

export function unreachable(reason: string): Expanded {
  return { ok: false, code: WireCode.Unreachable, reason };
}

export function expanded(command: MotionCommand): Expanded {
  return { ok: true, command };
}
