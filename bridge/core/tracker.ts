import { angleBetween, dot, unit } from "./axis-turns.ts";
import type { Vector3 } from "./kinematics.ts";

/** Where a target is, or will be, and how fast that changes; base frame. */
export interface TrackedTarget {
  readonly direction: Vector3;
  /** Per second. */
  readonly rate: Vector3;
}

export interface TargetTrackerOptions {
  /** A straight line is laid through what was told over so long. Default 240. */
  readonly windowMs?: number;
  /** How long a target that is told no more goes on as it went; then it is taken to stand. Default 300. */
  readonly coastMs?: number;
  /** After so long without news it is lost. Default 1500. */
  readonly lostMs?: number;
}

interface Sighting {
  readonly atMs: number;
  readonly direction: Vector3;
}

/** Nothing a camera follows jumps so far between two sightings: another target, or a wrong one. */
const jumpRad = 0.35;
const maxSightings = 32;

/**
 * Where a target is at any time near now, from directions told with the time they are true for: measured
 * ones of the past, or predicted ones of a moment that is still to come. With the time line of the
 * sightings, not of their arrival, latency costs extrapolation instead of lag.
 *
 * No news: it coasts with the last rate, then holds the last place, then it is lost.
 */
export class TargetTracker {
  readonly #options: Required<TargetTrackerOptions>;
  #sightings: Sighting[] = [];
  #doubtful: Sighting | undefined;

  constructor(options: TargetTrackerOptions = {}) {
    this.#options = { windowMs: 240, coastMs: 300, lostMs: 1500, ...options };
  }

  /** @param direction base frame, length 1; @param atMs when it is true, past or to come. */
  sighted(direction: Vector3, atMs: number): void {
    if (![atMs, ...direction].every(Number.isFinite)) return;
    const newest = this.#sightings.at(-1);
    // One that is overtaken by a later one tells nothing more; the same moment told anew counts.
    if (newest !== undefined && atMs < newest.atMs) return;
    const sighting = { atMs, direction };
    if (!this.#isPlausible(sighting)) {
      // Once may be a mistake. Twice at the same new place is another target.
      const before = this.#doubtful;
      this.#doubtful = sighting;
      if (before === undefined || angleBetween(before.direction, direction) > jumpRad) return;
      this.#sightings = [before];
    }
    this.#doubtful = undefined;
    const kept = this.#sightings.filter(
      (old) => old.atMs < atMs && atMs - old.atMs <= this.#options.windowMs,
    );
    // Never changed in place: a copy shares it.
    this.#sightings = [...kept.slice(1 - maxSightings), sighting];
  }

  /** Undefined when there is no target, or no more. */
  at(timeMs: number): TrackedTarget | undefined {
    const newest = this.#sightings.at(-1);
    if (newest === undefined || timeMs - newest.atMs > this.#options.lostMs) return undefined;
    const line = lineThrough(this.#sightings);
    const aheadMs = Math.min(timeMs - newest.atMs, this.#options.coastMs);
    const rate: Vector3 = timeMs - newest.atMs > this.#options.coastMs ? [0, 0, 0] : line.rate;
    const goneS = aheadMs / 1000;
    const { direction, rate: slope } = line;
    return {
      direction: unit([
        direction[0] + slope[0] * goneS,
        direction[1] + slope[1] * goneS,
        direction[2] + slope[2] * goneS,
      ]),
      rate,
    };
  }

  /** The same so far; what is told to one from now on the other does not hear. */
  copy(): TargetTracker {
    const { windowMs, coastMs, lostMs } = this.#options;
    const copy = new TargetTracker({ windowMs, coastMs, lostMs });
    copy.#sightings = this.#sightings;
    copy.#doubtful = this.#doubtful;
    return copy;
  }

  #isPlausible({ direction, atMs }: Sighting): boolean {
    const expected = this.at(atMs);
    return expected === undefined || angleBetween(expected.direction, direction) < jumpRad;
  }
}

/** The line through the sightings by least squares: where it is at the newest, and its slope. */
function lineThrough(sightings: readonly Sighting[]): TrackedTarget {
  const endMs = sightings.at(-1)?.atMs ?? 0;
  let sumT = 0;
  let sumTt = 0;
  const sum: [number, number, number] = [0, 0, 0];
  const sumTimes: [number, number, number] = [0, 0, 0];
  for (const { atMs, direction } of sightings) {
    const t = (atMs - endMs) / 1000;
    sumT += t;
    sumTt += t * t;
    for (const k of [0, 1, 2] as const) {
      sum[k] += direction[k];
      sumTimes[k] += t * direction[k];
    }
  }
  const count = sightings.length;
  const spread = count * sumTt - sumT * sumT;
  const slope = [0, 1, 2].map((k) =>
    spread < 1e-9 ? 0 : (count * (sumTimes[k] ?? 0) - sumT * (sum[k] ?? 0)) / spread,
  );
  const [a = 0, b = 0, c = 0] = slope;
  const direction = unit([
    (sum[0] - a * sumT) / count,
    (sum[1] - b * sumT) / count,
    (sum[2] - c * sumT) / count,
  ]);
  // A direction moves on the sphere: what points along it is no turn.
  const along = dot([a, b, c], direction);
  return {
    direction,
    rate: [a - along * direction[0], b - along * direction[1], c - along * direction[2]],
  };
}
