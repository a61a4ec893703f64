import type { MotionShare } from "../contract/actuation.ts";
import type { AxisOrder, AxisValues } from "./axis-order.ts";
import type { MotionCommand } from "./expanding.ts";

export interface Shared {
  readonly command: MotionCommand;
  /** One sentence per limit that changed the command. */
  readonly notes: readonly string[];
}

/**
 * What is left of a command for somebody who may use only a share of the device's limits. It also
 * carries the share, so that the way there stays within it too.
 */
export function withinShare(command: MotionCommand, share: MotionShare, order: AxisOrder): Shared {
  if (share.velocityRatio >= 1 && share.accelerationRatio >= 1) return { command, notes: [] };
  switch (command.kind) {
    case "velocity": {
      const { values, notes } = clamped(command.velRadPerS, share, order);
      return { command: { ...command, velRadPerS: values, share }, notes };
    }
    case "follow": {
      const { values, notes } = clamped(command.velRadPerS, share, order);
      return { command: { ...command, velRadPerS: values, share }, notes };
    }
    case "position":
    case "deploy":
    case "stow": {
      const velocityRatio = Math.min(command.velocityRatio, share.velocityRatio);
      const isLess = velocityRatio < command.velocityRatio;
      const note = `velocity ratio ${command.velocityRatio} limited to ${velocityRatio}, this client's share`;
      return { command: { ...command, velocityRatio, share }, notes: isLess ? [note] : [] };
    }
    case "trajectory":
      return slowed(command, share);
    case "mode":
      return { command, notes: [] };
    default:
      return command satisfies never;
  }
}

function clamped(
  velRadPerS: AxisValues,
  { velocityRatio }: MotionShare,
  order: AxisOrder,
): { readonly values: AxisValues; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const values = velRadPerS.map((velocity, index) => {
    const axis = order.axes[index];
    if (velocity === null || axis === undefined) return velocity;
    const most = axis.maxVelocityRadPerS * velocityRatio;
    if (Math.abs(velocity) <= most) return velocity;
    const found = velocity.toFixed(2);
    notes.push(
      `${axis.name} velocity ${found} limited to ${most.toFixed(2)} rad/s, this client's share`,
    );
    return Math.sign(velocity) * most;
  });
  return { values, notes };
}

/** A path within the limits, run slower by k, has velocities less by k and accelerations less by k^2. */
function slowed(
  command: Extract<MotionCommand, { readonly kind: "trajectory" }>,
  share: MotionShare,
): Shared {
  const k = Math.max(1 / share.velocityRatio, 1 / Math.sqrt(share.accelerationRatio));
  const scale = (values: AxisValues, by: number): AxisValues =>
    values.map((value) => (value === null ? null : value * by));
  const points = command.points.map(({ timeS, posRad, velRadPerS, accRadPerS2 }) => ({
    timeS: timeS * k,
    posRad,
    ...(velRadPerS === undefined ? {} : { velRadPerS: scale(velRadPerS, 1 / k) }),
    ...(accRadPerS2 === undefined ? {} : { accRadPerS2: scale(accRadPerS2, 1 / k ** 2) }),
  }));
  const note = `trajectory slowed ${k.toFixed(2)} times, this client's share`;
  return { command: { ...command, points, share }, notes: [note] };
}
