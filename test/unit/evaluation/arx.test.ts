import { describe, expect, test } from "vitest";
import { ArxFit, arxBearing, arxJoints, type Window } from "../../../bridge/evaluation/arx.ts";
import { packArx, unpackArx } from "../../../bridge/evaluation/arx-file.ts";
import { LeastSquares } from "../../../bridge/evaluation/least-squares.ts";
import { setpointsAfter, type Episode } from "../../../bridge/evaluation/rows.ts";
import { seededRandom, type Random } from "../../../bridge/core/seeded-random.ts";

describe("least squares", () => {
  test("finds the map that made the data, whatever its columns' sizes", () => {
    const random = seededRandom(1);
    const fit = new LeastSquares(4, 2);
    for (let row = 0; row < 200; row += 1) {
      const x = Float64Array.of(random(), 1e-3 * random(), 1e3 * random(), 1);
      const y = Float64Array.of(2 * x[0]! - 500 * x[1]! + 3, 0.01 * x[2]! - x[0]!);
      fit.add(x, y);
    }
    const map = fit.solve(1e-12);
    const expected = [2, -1, -500, 0, 0, 0.01, 3, 0];
    for (const [i, value] of expected.entries()) expect(map[i]).toBeCloseTo(value, 4);
  });

  test("refuses columns that follow from each other where nothing decides between them", () => {
    const fit = new LeastSquares(2, 1);
    for (let row = 1; row < 9; row += 1) fit.add(Float64Array.of(row, 2 * row), Float64Array.of(1));
    expect(() => fit.solve(0)).toThrow(RangeError);
  });
});

/** Joints that follow their setpoints by a lag, and a target whose bearing turns with yaw: all linear. */
function linearEpisode(random: Random): Episode {
  const steps = 120;
  const rows = new Float32Array(steps * 16);
  const truth = new Float32Array(steps * 4);
  const q = [0, 0, 0, 0];
  const command = [0, 0, 0, 0];
  for (let step = 0; step < steps; step += 1) {
    for (let axis = 0; axis < 4; axis += 1) {
      command[axis]! += 0.1 * (random() - 0.5);
      const move = 0.3 * (command[axis]! - q[axis]!);
      rows[step * 16 + axis] = q[axis]!;
      rows[step * 16 + 4 + axis] = move / 0.04;
      rows[step * 16 + 8 + axis] = 0.1 * random();
      rows[step * 16 + 12 + axis] = command[axis]!;
      q[axis]! += move;
    }
    truth.set([0.5 + rows[step * 16 + 1]!, -rows[step * 16 + 3]!, 1, 0.02], step * 4);
  }
  return { steps, rows, truth, pictures: undefined };
}

function windowAt(episode: Episode, step: number): Window {
  const bearings = Float64Array.from({ length: 16 }, (_, i) => {
    const row = step - 7 + Math.floor(i / 2);
    return episode.truth[row * 4 + (i % 2)]!;
  });
  return { episode, step, actions: setpointsAfter(episode, step), bearings };
}

describe("the linear baseline", () => {
  const random = seededRandom(3);
  const fit = new ArxFit();
  for (let index = 0; index < 60; index += 1) {
    const episode = linearEpisode(random);
    for (let step = 8; step < 80; step += 7) {
      const window = windowAt(episode, step);
      fit.addJoints(window);
      fit.addBearing(window, (k) => [
        episode.truth[(step + k) * 4]!,
        episode.truth[(step + k) * 4 + 1]!,
      ]);
    }
  }
  const maps = fit.solve();
  const episode = linearEpisode(random);
  const window = windowAt(episode, 40);

  test.each([1, 8, 32])("predicts a linear mount %i steps ahead, as far as noise allows", (k) => {
    const q = arxJoints(maps, window, k);
    for (let axis = 0; axis < 4; axis += 1) {
      expect(q[axis]).toBeCloseTo(episode.rows[(40 + k) * 16 + axis]!, 3);
    }
    const bearing = arxBearing(maps, window, k);
    expect(bearing[0]).toBeCloseTo(episode.truth[(40 + k) * 4]!, 3);
    expect(bearing[1]).toBeCloseTo(episode.truth[(40 + k) * 4 + 1]!, 3);
  });

  test("reads the setpoints ahead: others lead elsewhere", () => {
    const actions = window.actions.map((value) => value + 0.2);
    expect(arxJoints(maps, { ...window, actions }, 8)[1]).toBeGreaterThan(
      arxJoints(maps, window, 8)[1]! + 0.1,
    );
  });

  test("passes through its file", () => {
    const back = unpackArx(packArx(maps));
    expect(arxJoints(back, window, 16)[0]).toBeCloseTo(arxJoints(maps, window, 16)[0]!, 5);
    expect(() => unpackArx(packArx(maps).slice(4))).toThrow(/coefficients, expected \d+/);
  });

  test("has no map for a horizon nobody reports", () => {
    expect(() => arxJoints(maps, window, 3)).toThrow(RangeError);
  });
});
