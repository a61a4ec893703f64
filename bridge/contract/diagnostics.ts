/** diagnostic_msgs/DiagnosticStatus levels, by name. */
export type DiagnosticLevel = "ok" | "warn" | "error" | "stale";

/** One line of /diagnostics. Numbers in `values` carry their unit in the key. */
export interface DiagnosticEntry {
  readonly name: string;
  readonly level: DiagnosticLevel;
  readonly message: string;
  readonly values: Readonly<Record<string, string | number | boolean>>;
}
