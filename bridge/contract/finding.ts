/**
 * - `ok`: as it should be;
 * - `note`: worth knowing, nothing to do;
 * - `warn`: works, but less well than it could, or not for long;
 * - `fail`: does not work.
 */
export type FindingLevel = "ok" | "note" | "warn" | "fail";

/** One thing that was looked at, for people and, with `details`, for programs. */
export interface Finding {
  readonly level: FindingLevel;
  /** What was looked at, in one to three words. */
  readonly subject: string;
  /** What was found, in one line. */
  readonly text: string;
  /** What to do about it. Given wherever something is to be done. */
  readonly advice?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Findings that belong together, under a heading. */
export interface FindingGroup {
  readonly title: string;
  readonly findings: readonly Finding[];
}
