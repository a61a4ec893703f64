type Fields = Readonly<Record<string, unknown>>;

/**
 * Structured log: fields first (units in their names), then a constant sentence.
 * error = someone should act; warn = degraded and coping; info = lifecycle; debug = per event.
 */
export interface Log {
  error(fields: Fields, sentence: string): void;
  warn(fields: Fields, sentence: string): void;
  info(fields: Fields, sentence: string): void;
  debug(fields: Fields, sentence: string): void;
  child(fields: Fields): Log;
}

/** Discards everything: for libraries used without a service around them, and for tests. */
export const silentLog: Log = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => silentLog,
};
