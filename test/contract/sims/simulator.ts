import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Telemetry } from "../../../bridge/contract/actuator-driver.ts";
import type { Simulator } from "../../../bridge/contract/simulator.ts";

export interface SimulatorCase {
  readonly open: () => Promise<Simulator>;
  /** Two poses the device can hold, rad, axis order. */
  readonly posesRad: readonly [readonly number[], readonly number[]];
}

/** What every `Simulator` promises. */
export function describeSimulatorContract(name: string, simulatorCase: SimulatorCase): void {
  describe(`${name} as a Simulator`, () => {
    let simulator: Simulator;
    let state: Telemetry;
    const [firstRad, secondRad] = simulatorCase.posesRad;

    beforeEach(async () => {
      simulator = await simulatorCase.open();
      const axisCount = simulator.axisNames.length;
      state = {
        stampMs: Number.NaN,
        posRad: new Float64Array(axisCount),
        velRadPerS: new Float64Array(axisCount),
        effortNm: new Float64Array(axisCount),
      };
    });
    afterEach(() => {
      simulator[Symbol.dispose]();
    });

    const stepsIn = (timeS: number): number => Math.round(timeS / simulator.stepS);

    async function trajectoryHash(seed: number): Promise<string> {
      const hash = createHash("sha256");
      await simulator.reset(seed);
      for (let i = 0; i < 40; i += 1) {
        const weight = (i % 7) / 6;
        simulator.setTargets(
          Float64Array.from(firstRad, (from, axis) => from + weight * (secondRad[axis]! - from)),
        );
        await simulator.step(25);
        simulator.readState(state);
        for (const values of [state.posRad, state.velRadPerS, state.effortNm]) {
          hash.update(new Uint8Array(values.buffer));
        }
      }
      return hash.digest("hex");
    }

    it("counts simulated time from the reset", async () => {
      await simulator.step(stepsIn(0.25));
      simulator.readState(state);
      expect(simulator.timeS).toBeCloseTo(0.25, 9);
      expect(state.stampMs).toBeCloseTo(250, 6);
      await simulator.reset(2);
      expect(simulator.timeS).toBe(0);
    });

    it("stamps every state later than the one before, by a step each", async () => {
      await simulator.step(stepsIn(0.05));
      simulator.readState(state);
      let lastMs = state.stampMs;
      for (let i = 0; i < 20; i += 1) {
        await simulator.step(1);
        simulator.readState(state);
        expect(state.stampMs - lastMs).toBeCloseTo(1e3 * simulator.stepS, 6);
        lastMs = state.stampMs;
      }
    });

    it("is back where it started after a reset, at rest", async () => {
      await simulator.reset(3);
      simulator.readState(state);
      const startRad = state.posRad.slice();
      simulator.setTargets(Float64Array.from(secondRad));
      await simulator.step(stepsIn(1.5));
      await simulator.reset(3);
      simulator.readState(state);
      startRad.forEach((rad, axis) => {
        expect(Math.abs(state.posRad[axis]! - rad), simulator.axisNames[axis]).toBeLessThan(1e-6);
        expect(Math.abs(state.velRadPerS[axis]!)).toBeLessThan(1e-6);
      });
    });

    it("does the same, bit for bit, after a reset with the same seed", async () => {
      expect(await trajectoryHash(11)).toBe(await trajectoryHash(11));
    });

    it("comes to rest near its targets and keeps them until they change", async () => {
      for (const targetRad of [firstRad, secondRad]) {
        simulator.setTargets(Float64Array.from(targetRad));
        await simulator.step(stepsIn(4));
        simulator.readState(state);
        targetRad.forEach((rad, axis) => {
          expect(Math.abs(state.posRad[axis]! - rad), simulator.axisNames[axis]).toBeLessThan(0.05);
          expect(Math.abs(state.velRadPerS[axis]!)).toBeLessThan(0.01);
        });
      }
    });

    it("copies targets: the caller may change the array", async () => {
      const targets = Float64Array.from(firstRad);
      simulator.setTargets(targets);
      await simulator.step(stepsIn(3));
      simulator.readState(state);
      const before = state.posRad.slice();
      targets.set(secondRad);
      await simulator.step(stepsIn(0.5));
      simulator.readState(state);
      before.forEach((rad, axis) => {
        expect(Math.abs(state.posRad[axis]! - rad)).toBeLessThan(0.01);
      });
    });

    it("reports positions whose change agrees with the velocities", async () => {
      simulator.setTargets(Float64Array.from(firstRad));
      await simulator.step(stepsIn(2));
      simulator.setTargets(Float64Array.from(secondRad));
      simulator.readState(state);
      const beforeRad = state.posRad.slice();
      const travelledRad = new Float64Array(beforeRad.length);
      for (let i = 0; i < stepsIn(0.5); i += 1) {
        await simulator.step(1);
        simulator.readState(state);
        state.velRadPerS.forEach((vel, axis) => {
          travelledRad[axis] = (travelledRad[axis] ?? 0) + vel * simulator.stepS;
        });
      }
      travelledRad.forEach((rad, axis) => {
        expect(Math.abs(state.posRad[axis]! - beforeRad[axis]! - rad)).toBeLessThan(0.01);
      });
    });

    it.each([[Number.NaN], [Number.POSITIVE_INFINITY]])("refuses a target of %f", async (bad) => {
      const targets = Float64Array.from(firstRad);
      targets[1] = bad;
      const tried = async (): Promise<void> => {
        simulator.setTargets(targets);
        await simulator.step(stepsIn(0.5));
      };
      await expect(tried()).rejects.toThrow(/^\[sim\/fault\]/);
    });

    it.each([[-1], [1]])("refuses targets for %i axes more than it has", (more) => {
      const targets = new Float64Array(simulator.axisNames.length + more);
      targets.set(firstRad.slice(0, targets.length));
      const set = (): void => {
        simulator.setTargets(targets);
      };
      expect(set).toThrow(/^\[sim\/fault\].*numbers, expected \d/);
    });
  });
}
