import type { StopCause } from "../core/audit.ts";

/** Upper bounds of the command age histogram, ms; the last bucket has none. */
export const commandAgeBoundsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] as const;

/** What the desk has seen since it opened, for /metrics. Names are label values. */
export interface DeskCounts {
  readonly leaseEvents: Readonly<Record<string, number>>;
  readonly stopCauses: Readonly<Record<string, number>>;
  /** `accepted`, or the code of a refusal. */
  readonly commands: Readonly<Record<string, number>>;
  /** Commands that limits have changed. */
  readonly clippedCount: number;
  /** Commands per bucket of `commandAgeBoundsMs` and one above them, not cumulative. */
  readonly commandAgeCounts: readonly number[];
  readonly commandAgeSumMs: number;
}

/** Counts of one desk. */
export class DeskCounters implements DeskCounts {
  readonly leaseEvents: Record<string, number> = {};
  readonly stopCauses: Record<string, number> = {};
  readonly commands: Record<string, number> = {};
  readonly commandAgeCounts: number[] = new Array<number>(commandAgeBoundsMs.length + 1).fill(0);
  commandAgeSumMs = 0;
  clippedCount = 0;

  lease(what: string): void {
    this.leaseEvents[what] = (this.leaseEvents[what] ?? 0) + 1;
  }

  stopped(cause: StopCause): void {
    this.stopCauses[cause] = (this.stopCauses[cause] ?? 0) + 1;
  }

  judged(outcome: string): void {
    this.commands[outcome] = (this.commands[outcome] ?? 0) + 1;
  }

  /** From sending, as far as the clocks are compared, to the driver. */
  applied(ageMs: number): void {
    const found = commandAgeBoundsMs.findIndex((bound) => ageMs <= bound);
    const bucket = found < 0 ? commandAgeBoundsMs.length : found;
    this.commandAgeCounts[bucket] = (this.commandAgeCounts[bucket] ?? 0) + 1;
    this.commandAgeSumMs += Math.max(0, ageMs);
  }
}
