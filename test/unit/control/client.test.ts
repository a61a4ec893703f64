import { describe, expect, it } from "vitest";
import { endpointUrl } from "../../../bridge/client/socket.ts";
import { shapeStick } from "../../../bridge/web/stick.ts";
import { niceStep, TimeSeries } from "../../../bridge/web/time-series.ts";

describe("endpoint addresses", () => {
  it.each([
    ["http://127.0.0.1:8700", "ws://127.0.0.1:8700/v1/control"],
    ["http://127.0.0.1:8700/", "ws://127.0.0.1:8700/v1/control"],
    ["https://robot.local", "wss://robot.local/v1/control"],
    ["ws://127.0.0.1:8700/v1/control", "ws://127.0.0.1:8700/v1/control"],
    ["wss://robot.local/behind/proxy", "wss://robot.local/behind/proxy"],
  ])("of %s is %s", (url, endpoint) => {
    expect(endpointUrl(url, "/v1/control")).toBe(endpoint);
  });

  it("of something else is an error with a code", () => {
    expect(() => endpointUrl("robot", "/v1/control")).toThrow("client/connect");
  });
});

describe("the stick", () => {
  it.each([
    { at: { x: 0, y: 0 }, length: 0 },
    { at: { x: 0.05, y: 0 }, length: 0 },
    { at: { x: 1, y: 0 }, length: 1 },
    { at: { x: 0, y: -1 }, length: 1 },
    { at: { x: Math.SQRT1_2, y: Math.SQRT1_2 }, length: 1 },
  ])("at $at reaches $length", ({ at, length }) => {
    const { x, y } = shapeStick(at);
    expect(Math.hypot(x, y)).toBeCloseTo(length, 9);
  });

  it("keeps its direction and grows with its deflection", () => {
    let last = -1;
    for (let reach = 0.1; reach <= 1; reach += 0.1) {
      const { x, y } = shapeStick({ x: reach * 0.6, y: reach * 0.8 });
      expect(y / x).toBeCloseTo(0.8 / 0.6, 9);
      expect(x).toBeGreaterThan(last);
      last = x;
    }
  });
});

describe("a curve of the page", () => {
  it("forgets what is older than it keeps, within a block", () => {
    const series = new TimeSeries(1000);
    for (let timeMs = 0; timeMs <= 10_000; timeMs += 10) series.push(timeMs, timeMs);
    expect(series.latest).toBe(10_000);
    expect(series.points.length).toBeLessThan(101 + 52);
    expect(series.points.length).toBeGreaterThanOrEqual(100);
  });

  it("begins anew when time goes back", () => {
    const series = new TimeSeries(1000);
    series.push(5000, 1);
    series.push(10, 2);
    expect(series.points).toEqual([{ timeMs: 10, value: 2 }]);
  });

  it.each([
    [1, 5, 0.2],
    [0.12, 4, 0.05],
    [100, 4, 50],
    [3, 3, 1],
  ])("over a span of %d in about %d parts steps by %d", (span, count, step) => {
    expect(niceStep(span, count)).toBeCloseTo(step, 12);
  });
});
