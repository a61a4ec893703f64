/** What came of asking the desk for something. */
export type SeatAnswer =
  | { readonly ok: true }
  /** `code` is stable, e.g. `lease/held`, `command/latched`. */
  | { readonly ok: false; readonly code: string; readonly reason: string };

/** - `stale`: held by a session that went silent, so that others may claim it. */
export type SeatOwner = "nobody" | "us" | "other" | "stale";

/** By axis name; what is left out goes on as it is. */
export type ValuesByAxis = Readonly<Record<string, number>>;

/**
 * A place at the control desk for those who command by another protocol than the channel's, ROS and
 * MAVLink: one client among the others, with the rights of a controller, what it may do judged as
 * theirs is. It has no way to take the lease from whoever holds it.
 */
export interface ControlSeat {
  readonly owner: SeatOwner;
  acquire(): SeatAnswer;
  /** Brakes to rest and gives the lease back; nothing happens where we do not hold it. */
  release(reason: string): void;
  /** The device brakes to rest `ttlMs` from now unless a newer command comes. */
  velocity(velRadPerS: ValuesByAxis, ttlMs: number): SeatAnswer;
  /** Runs to its end. */
  position(posRad: ValuesByAxis, velocityRatio?: number): SeatAnswer;
  stow(): SeatAnswer;
  /** Brakes to rest; the lease stays. */
  hold(reason: string): void;
  /** Proves that we live. To be called several times a second. */
  checkIn(): void;
  /** We are gone, for good: what we moved stops. Safe to repeat. */
  close(reason: string): void;
  /** Told when the lease is gone without our asking, with the desk's reason. */
  onLost(listener: (reason: string) => void): void;
}
