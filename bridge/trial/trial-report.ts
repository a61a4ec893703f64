import type { StepResponse, Trace } from "./step-response.ts";

export type Verdict = "pass" | "fail" | "skipped";

/** One line of the outcome. */
export interface TrialCheck {
  readonly name: string;
  readonly verdict: Verdict;
  /** What was found, with units. */
  readonly text: string;
}

export interface AxisStep {
  readonly axis: string;
  readonly response: StepResponse;
  readonly commandMs: number;
  readonly measured: Trace;
  readonly setpoint: Trace;
}

export interface TrialReport {
  readonly profile: string;
  readonly driver: string;
  readonly checks: readonly TrialCheck[];
  readonly steps: readonly AxisStep[];
  /** Why it ended early; undefined when it went to its end. */
  readonly endedBy?: string;
}

/** Everything that was checked is good, and it went to its end. */
export const isSound = ({ checks, endedBy }: TrialReport): boolean =>
  endedBy === undefined && checks.every(({ verdict }) => verdict !== "fail");
