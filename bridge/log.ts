import pino from "pino";
import pretty from "pino-pretty";
import type { Log } from "./contract/log.ts";

export interface LogOptions {
  readonly level: "error" | "warn" | "info" | "debug";
  /** `text` for people, `json` (one object a line) for a collector. */
  readonly format: "text" | "json";
}

/** The log, and the hand on its level while it runs. */
export interface OpenedLog {
  readonly log: Log;
  readonly setLevel: (level: string) => void;
}

/** The service's log, on standard error: standard output belongs to what a command prints. */
export function openLog(options: LogOptions): OpenedLog {
  const stderr = 2;
  const stream =
    options.format === "json"
      ? pino.destination({ dest: stderr, sync: true })
      : pretty({
          destination: stderr,
          sync: true,
          ignore: "pid,hostname",
          translateTime: "SYS:HH:MM:ss.l",
          singleLine: true,
          colorize: process.stderr.isTTY && process.env["NO_COLOR"] === undefined,
        });
  const log = pino({ level: options.level, base: null }, stream);
  return {
    log,
    setLevel: (level) => {
      log.level = level;
    },
  };
}
