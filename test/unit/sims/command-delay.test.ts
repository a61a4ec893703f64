import { describe, expect, it } from "vitest";
import { CommandDelay } from "../../../sims/embedded/command-delay.ts";

function run(latencySteps: number, stepCount: number): number[] {
  const delay = new CommandDelay({ width: 1, maxLatencySteps: 5 });
  delay.latencySteps = latencySteps;
  delay.fill(Float64Array.of(-1));
  const effective = new Float64Array(1);
  return Array.from({ length: stepCount }, (_, step) => {
    delay.exchange(step, Float64Array.of(step), effective);
    return effective[0] ?? Number.NaN;
  });
}

describe("CommandDelay", () => {
  it.each([
    [0, [0, 1, 2, 3, 4, 5, 6, 7]],
    [1, [-1, 0, 1, 2, 3, 4, 5, 6]],
    [3, [-1, -1, -1, 0, 1, 2, 3, 4]],
    [5, [-1, -1, -1, -1, -1, 0, 1, 2]],
  ])("gives a setpoint %i steps later, and the filled row before that", (latency, expected) => {
    expect(run(latency, 8)).toEqual(expected);
  });

  it("goes on as before when its rows are put back", () => {
    const effective = new Float64Array(2);
    const delay = new CommandDelay({ width: 2, maxLatencySteps: 3 });
    delay.latencySteps = 2;
    for (let step = 0; step < 9; step += 1)
      delay.exchange(step, Float64Array.of(step, -step), effective);
    const saved = delay.rows.slice();
    delay.exchange(9, Float64Array.of(9, -9), effective);
    const expected = effective.slice();
    delay.fill(Float64Array.of(50, 50));
    delay.rows.set(saved);
    delay.exchange(9, Float64Array.of(9, -9), effective);
    expect(effective).toEqual(expected);
    expect(effective).toEqual(Float64Array.of(7, -7));
  });
});
