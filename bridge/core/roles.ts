import type { MotionShare } from "../contract/actuation.ts";

/** What a session may be. Stopping is allowed to all of them, without a lease. */
export const roles = ["viewer", "controller", "supervisor", "estop", "device", "agent"] as const;
export type Role = (typeof roles)[number];

/** Beside stopping, checking in and watching, which every session may. */
export interface Rights {
  /** Acquires, retains and returns leases. */
  readonly lease: boolean;
  /** Takes a device away from whoever holds it. */
  readonly take: boolean;
  /** Moves: `lease` with a lease of its own, `sublease` only with a right that a lease owner lent. */
  readonly move: "lease" | "sublease" | "never";
  /** Powers drives up and down. */
  readonly power: boolean;
  /** Lends a reduced right to an agent, from its own lease. */
  readonly delegate: boolean;
  /** Asks for the reset of a latched stop. */
  readonly reset: boolean;
  /** Changes what the service runs, e.g. its model. */
  readonly configure: boolean;
  /** Offers a device on `/v1/device`. */
  readonly offerDevice: boolean;
}

const none: Rights = {
  lease: false,
  take: false,
  move: "never",
  power: false,
  delegate: false,
  reset: false,
  configure: false,
  offerDevice: false,
};
const controller: Rights = {
  ...none,
  lease: true,
  move: "lease",
  power: true,
  delegate: true,
  reset: true,
};

/** The whole answer to "who may do what"; nothing else in the service asks for a role by name. */
export const rightsOf: Readonly<Record<Role, Rights>> = {
  viewer: none,
  controller,
  supervisor: { ...controller, take: true, configure: true },
  estop: none,
  device: { ...none, offerDevice: true },
  agent: { ...none, move: "sublease" },
};

export const fullShare: MotionShare = { velocityRatio: 1, accelerationRatio: 1 };

/** What is left when both hold. */
export function lesserShare(a: MotionShare, b: MotionShare): MotionShare {
  return {
    velocityRatio: Math.min(a.velocityRatio, b.velocityRatio),
    accelerationRatio: Math.min(a.accelerationRatio, b.accelerationRatio),
  };
}
