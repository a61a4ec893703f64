import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { randomDynamics } from "../../../sims/embedded/mount-dynamics.ts";
import { openMountSimulator, type MountSimulator } from "../../../sims/embedded/mount-simulator.ts";
import { makeTelemetry, phoneMount } from "../../unit/sims/phone-mount.ts";

const run = { seed: 20_261_122, numRuns: 60 };

/** Targets far beyond the limits too: the servos must stop them. */
const targetRad = fc.double({ min: -8, max: 8, noNaN: true });
const moves = fc.array(
  fc.record({
    targetsRad: fc.array(targetRad, { minLength: 4, maxLength: 4 }),
    steps: fc.integer({ min: 1, max: 400 }),
  }),
  { minLength: 1, maxLength: 6 },
);
const mountSeed = fc.nat(1_000_000);

let simulator: MountSimulator;
beforeAll(async () => {
  simulator = await openMountSimulator({ device: phoneMount, seed: 1 });
});
afterAll(() => {
  simulator[Symbol.dispose]();
});

describe("any mount under any targets", () => {
  it("pushes no harder than its torque limits and stops within 0.15 rad beyond its end stops", () => {
    const state = makeTelemetry();
    fc.assert(
      fc.property(mountSeed, moves, (seed, sequence) => {
        simulator.reset(seed, { dynamics: randomDynamics(phoneMount, seed) });
        return sequence.every(({ targetsRad, steps }) => {
          simulator.setTargets(Float64Array.from(targetsRad));
          for (let i = 0; i < steps; i += 1) {
            simulator.step(1);
            simulator.readState(state);
            const isInside = phoneMount.axes.every(
              (axis, index) =>
                Math.abs(state.effortNm[index]!) <= axis.maxEffortNm &&
                state.posRad[index]! > axis.lowerRad - 0.15 &&
                state.posRad[index]! < axis.upperRad + 0.15,
            );
            if (!isInside) return false;
          }
          return true;
        });
      }),
      run,
    );
  });

  it("moves the same whether steps are taken one by one or in a bunch", () => {
    const [one, bunch] = [0, 0].map(() => new Float64Array(simulator.stateWidth));
    fc.assert(
      fc.property(mountSeed, moves, (seed, sequence) => {
        const dynamics = randomDynamics(phoneMount, seed);
        simulator.reset(seed, { dynamics });
        for (const { targetsRad, steps } of sequence) {
          simulator.setTargets(Float64Array.from(targetsRad));
          for (let i = 0; i < steps; i += 1) simulator.step(1);
        }
        simulator.save(one!);
        simulator.reset(seed, { dynamics });
        for (const { targetsRad, steps } of sequence) {
          simulator.setTargets(Float64Array.from(targetsRad));
          simulator.step(steps);
        }
        simulator.save(bunch!);
        return one!.every((value, i) => value === bunch![i]);
      }),
      run,
    );
  });

  it("goes on from a saved state as if nothing had been between", () => {
    const [saved, first, second] = [0, 0, 0].map(() => new Float64Array(simulator.stateWidth));
    const play = (sequence: { targetsRad: number[]; steps: number }[]): void => {
      for (const { targetsRad, steps } of sequence) {
        simulator.setTargets(Float64Array.from(targetsRad));
        simulator.step(steps);
      }
    };
    fc.assert(
      fc.property(mountSeed, moves, moves, moves, (seed, before, after, between) => {
        simulator.reset(seed, { dynamics: randomDynamics(phoneMount, seed) });
        play(before);
        simulator.save(saved!);
        play(after);
        simulator.save(first!);
        play(between);
        simulator.restore(saved!);
        play(after);
        simulator.save(second!);
        return first!.every((value, i) => value === second![i]);
      }),
      run,
    );
  });
});
