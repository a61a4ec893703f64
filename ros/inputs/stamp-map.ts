import type { RosTime } from "../messages/message-types.ts";

/**
 * - `ok`: `timeMs` holds the monotonic time at which the message was true;
 * - `unstamped`: the stamp is zero, which in ROS means nobody set it;
 * - `stale`: older than the limit when it arrived;
 * - `future`: later than its own arrival, by more than clocks may differ;
 * - `no-clock`: simulated time is asked for and /clock has not been heard.
 */
export type StampVerdict = "ok" | "unstamped" | "stale" | "future" | "no-clock";

/** ROS stamps on the service's monotonic clock. */
export interface StampMap {
  /** Of the last message judged `ok`, monotonic ms; never later than its arrival. */
  readonly timeMs: number;
  /** How much later than its stamp the last judged message came, ms; negative if it came before. */
  readonly ageMs: number;
  /** Monotonic ms minus ROS ms, as measured; NaN before the first message. */
  readonly offsetMs: number;
  /** Times the two clocks were found to have parted. */
  readonly stepCount: number;
  /** @param stampMs of the header; @param arrivalMs monotonic. // hot path */
  judge(stampMs: number, arrivalMs: number): StampVerdict;
}

export interface StampLimits {
  /** Messages older than this on arrival are refused. */
  readonly maxAgeMs: number;
  /** Stamps may be this much ahead of the quickest message so far: noise of clocks, not a wrong clock. */
  readonly maxAheadMs: number;
}

/** ms since the clock's zero. 2^53 reaches beyond the year 2200 in steps of 0.25 µs. // hot path */
export const stampToMs = ({ sec, nanosec }: RosTime): number => sec * 1000 + nanosec / 1e6;
