import { Header, Time } from "./basic.ts";
import { bool, double, int32, message, nested, uint32, uint64 } from "./codec.ts";

export const Clock = message("Clock", {
  header: nested(1, Header),
  system: nested(2, Time),
  real: nested(3, Time),
  sim: nested(4, Time),
});

const WorldReset = message("WorldReset", {
  header: nested(1, Header),
  all: bool(2),
  timeOnly: bool(3),
  modelOnly: bool(4),
});

/** Request of `/world/<name>/control`, answered with a `Boolean`. */
export const WorldControl = message("WorldControl", {
  header: nested(1, Header),
  pause: bool(2),
  step: bool(3),
  multiStep: uint32(4),
  reset: nested(5, WorldReset),
  seed: uint32(6),
  runToSimTime: nested(7, Time),
});

export const WorldStatistics = message("WorldStatistics", {
  header: nested(1, Header),
  simTime: nested(2, Time),
  pauseTime: nested(3, Time),
  realTime: nested(4, Time),
  paused: bool(5),
  iterations: uint64(6),
  modelCount: int32(7),
  realTimeFactor: double(9),
  stepSize: nested(10, Time),
});
