import { describe, expect, it } from "vitest";
import { TickPacer } from "../../../devices/actuation/tick-pacer.ts";

const periodMs = 5;

describe("the tick grid", () => {
  it("has no drift against the clock after 10,000 ticks that all came late", () => {
    const pacer = new TickPacer(1000, periodMs);
    for (let tick = 0; tick < 10_000; tick += 1) {
      const lateMs = (tick * 7919) % 4.9;
      expect(pacer.take(pacer.dueMs + lateMs)).toBe(1000 + tick * periodMs);
    }
    expect(pacer.nextIndex).toBe(10_000);
    expect(pacer.dueMs).toBe(1000 + 10_000 * periodMs);
    expect(pacer.missedCount).toBe(0);
  });

  it("gives up ticks that are a period late, counts them and replays none", () => {
    const pacer = new TickPacer(0, periodMs);
    expect(pacer.take(0)).toBe(0);
    expect(pacer.take(23)).toBe(20);
    expect(pacer.missedCount).toBe(3);
    expect(pacer.dueMs).toBe(25);
    expect(pacer.take(25.5)).toBe(25);
    expect(pacer.missedCount).toBe(3);
  });

  it("measures lateness from the first tick that was due", () => {
    const pacer = new TickPacer(0, periodMs);
    pacer.take(0);
    pacer.take(23);
    expect(pacer.lateMsMax).toBe(18);
  });

  it("an early call takes the tick all the same and counts as punctual", () => {
    const pacer = new TickPacer(0, periodMs);
    pacer.take(0);
    expect(pacer.take(4.9)).toBe(5);
    expect(pacer.lateMsMax).toBe(0);
  });

  it("p99 leaves out the worst one in a hundred", () => {
    const pacer = new TickPacer(0, periodMs);
    for (let tick = 0; tick < 1000; tick += 1) {
      pacer.take(pacer.dueMs + (tick % 200 === 0 ? 4 : 1));
    }
    expect(pacer.lateMsP99()).toBeCloseTo(1.05, 9);
    for (let tick = 0; tick < 100; tick += 1) pacer.take(pacer.dueMs + 3);
    expect(pacer.lateMsP99()).toBeCloseTo(3.05, 9);
  });

  it("p99 forgets what is two windows old", () => {
    const pacer = new TickPacer(0, periodMs);
    for (let tick = 0; tick < 2000; tick += 1) pacer.take(pacer.dueMs + 4);
    expect(pacer.lateMsP99()).toBeGreaterThan(4);
    for (let tick = 0; tick < 4100; tick += 1) pacer.take(pacer.dueMs + 1);
    expect(pacer.lateMsP99()).toBeCloseTo(1.05, 9);
  });
});
