import type { Log } from "./contract/log.ts";

export interface LogLine {
  readonly level: "error" | "warn";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly sentence: string;
}

export interface LogTee {
  /** What is said here goes to the log, and its warnings and errors also to the listener. */
  readonly log: Log;
  /** Hears at once what was said before it came, as far as that was kept. */
  listen(listener: (line: LogLine) => void): void;
}

/** The start says most of what matters, and says it before anybody can listen. */
const maxKept = 50;

/** A log with a second end, for whoever is opened later than the first line is written. */
export function logTee(log: Log): LogTee {
  const kept: LogLine[] = [];
  const end: { listener?: (line: LogLine) => void } = {};
  const pass = (line: LogLine): void => {
    if (end.listener !== undefined) end.listener(line);
    else if (kept.length < maxKept) kept.push(line);
  };
  return {
    log: branch(log, pass),
    listen: (listener) => {
      end.listener = listener;
      for (const line of kept.splice(0)) listener(line);
    },
  };
}

function branch(log: Log, pass: (line: LogLine) => void): Log {
  return {
    error: (fields, sentence) => {
      log.error(fields, sentence);
      pass({ level: "error", fields, sentence });
    },
    warn: (fields, sentence) => {
      log.warn(fields, sentence);
      pass({ level: "warn", fields, sentence });
    },
    info: (fields, sentence) => {
      log.info(fields, sentence);
    },
    debug: (fields, sentence) => {
      log.debug(fields, sentence);
    },
    child: (fields) => branch(log.child(fields), pass),
  };
}
