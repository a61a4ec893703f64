import {
  bool,
  bytes,
  double,
  int32,
  int64,
  list,
  message,
  nested,
  string,
  strings,
  uint32,
} from "./codec.ts";

// Field numbers: gz-msgs (ignition-msgs 8 to gz-msgs 12), unchanged between them unless said.

export const Time = message("Time", { sec: int64(1), nsec: int32(2) });

const HeaderEntry = message("Header.Map", { key: string(1), value: strings(2) });

export const Header = message("Header", { stamp: nested(1, Time), data: list(2, HeaderEntry) });

export const Double = message("Double", { header: nested(1, Header), data: double(2) });
export const Boolean = message("Boolean", { header: nested(1, Header), data: bool(2) });
export const StringMsg = message("StringMsg", { header: nested(1, Header), data: string(2) });
export const Int32 = message("Int32", { header: nested(1, Header), data: int32(2) });
export const UInt32 = message("UInt32", { header: nested(1, Header), data: uint32(2) });
export const Bytes = message("Bytes", { header: nested(1, Header), data: bytes(2) });
export const Empty = message("Empty", { unused: bool(1) });

/** Seconds of a `Time`; 0 where there is none. */
export function secondsOf(
  time: { readonly sec: number; readonly nsec: number } | undefined,
): number {
  return time === undefined ? 0 : time.sec + time.nsec * 1e-9;
}

/** Rounded to whole nanoseconds. */
export function timeOf(seconds: number): { readonly sec: number; readonly nsec: number } {
  const sec = Math.floor(seconds);
  const nsec = Math.round((seconds - sec) * 1e9);
  return nsec === 1e9 ? { sec: sec + 1, nsec: 0 } : { sec, nsec };
}
