/** What came of asking the desk for something. */
export type SeatAnswer =
  | { readonly ok: true }
  /** `code` is stable, e.g. `lease/held`, `command/latched`. */
  | { readonly ok: false; readonly code: string; readonly reason: string };

/** - `stale`: held by a session that went silent, so that others may claim it. */
export type SeatOwner = "nobody" | "us" | "other" | "stale";

export type AxisValues = Readonly<Record<string, number>>;

/**
 * ROS's place at the control desk: one client among the others, with the rights of a controller. It
 * has no way to take the lease from whoever holds it.
 */
export interface ControlSeat {
  readonly owner: SeatOwner;
  acquire(): SeatAnswer;
  /** Brakes to rest and gives the lease back; nothing happens where we do not hold it. */
  release(reason: string): void;
  /** Axes by name; the device brakes to rest `ttlMs` from now unless a newer command comes. */
  velocity(velRadPerS: AxisValues, ttlMs: number): SeatAnswer;
  /** Runs to its end. */
  position(posRad: AxisValues): SeatAnswer;
  /** Brakes to rest; the lease stays. */
  hold(reason: string): void;
  /** Proves that we live. To be called several times a second. */
  checkIn(): void;
  /** Told when the lease is gone without our asking, with the desk's reason. */
  onLost(listener: (reason: string) => void): void;
}
