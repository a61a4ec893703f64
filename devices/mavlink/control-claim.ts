import type { Component } from "../drivers/mavlink/codec/frame-writer.ts";

/** What one pair of ids in DO_GIMBAL_MANAGER_CONFIGURE asks for. */
export type ControlClaim =
  | { readonly kind: "keep" }
  | { readonly kind: "nobody" }
  | { readonly kind: "somebody"; readonly who: Component }
  | { readonly kind: "invalid" };

/**
 * -1 leaves it as it is, -2 is the sender, -3 is nobody if the sender has it and else leaves it, 0 is nobody;
 * anything else is a component (common.xml, MAV_CMD_DO_GIMBAL_MANAGER_CONFIGURE).
 */
export function readClaim(
  systemId: number,
  componentId: number,
  { sender, current }: { readonly sender: Component; readonly current: Component | undefined },
): ControlClaim {
  if (systemId === -1 || componentId === -1) return { kind: "keep" };
  if (systemId === -2 || componentId === -2) return { kind: "somebody", who: sender };
  if (systemId === -3 || componentId === -3)
    return isSame(current, sender) ? { kind: "nobody" } : { kind: "keep" };
  if (systemId === 0 && componentId === 0) return { kind: "nobody" };
  const isId = (id: number): boolean => Number.isInteger(id) && id >= 1 && id <= 255;
  if (!isId(systemId) || !isId(componentId)) return { kind: "invalid" };
  return { kind: "somebody", who: { systemId, componentId } };
}

export const isSame = (a: Component | undefined, b: Component | undefined): boolean =>
  a?.systemId === b?.systemId && a?.componentId === b?.componentId;
