import { describe, expect, it } from "vitest";
import {
  defaultKeepalive,
  SessionClock,
  stageOf,
  type SessionStage,
} from "../../../bridge/core/session-clock.ts";

describe("the stage of a silence", () => {
  it.each<[number, SessionStage]>([
    [0, "fresh"],
    [250, "fresh"],
    [999.9, "fresh"],
    [1000, "missed"],
    [2999, "missed"],
    [3000, "stale"],
    [9999, "stale"],
    [10_000, "closed"],
    [Number.POSITIVE_INFINITY, "closed"],
    [-5, "fresh"],
  ])("of %d ms is %s", (silentMs, stage) => {
    expect(stageOf(silentMs, defaultKeepalive)).toBe(stage);
  });
});

describe("a session's clock", () => {
  it("tells each stage once", () => {
    const clock = new SessionClock(defaultKeepalive, 0);
    expect(clock.advance(1200)).toEqual(["missed"]);
    expect(clock.advance(1300)).toEqual([]);
    expect(clock.advance(12_000)).toEqual(["stale", "closed"]);
  });

  it("starts anew with a check-in, but not from the grave", () => {
    const clock = new SessionClock(defaultKeepalive, 0);
    clock.advance(3500);
    clock.checkIn(3500);
    expect(clock.stage).toBe("fresh");
    expect(clock.advance(4499)).toEqual([]);
    expect(clock.advance(14_000)).toEqual(["missed", "stale", "closed"]);
    clock.checkIn(14_001);
    expect(clock.stage).toBe("closed");
  });

  it("is not set back by a check-in that was stamped earlier", () => {
    const clock = new SessionClock(defaultKeepalive, 0);
    clock.checkIn(900);
    clock.checkIn(100);
    expect(clock.advance(1850)).toEqual([]);
  });
});
