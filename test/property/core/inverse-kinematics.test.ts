import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { angleBetween, unit } from "../../../bridge/core/axis-turns.ts";
import { InverseKinematics } from "../../../bridge/core/inverse-kinematics.ts";
import { cameraFromJoints, rotate, type Vector3 } from "../../../bridge/core/kinematics.ts";
import { loadDevice, shippedProfiles } from "../../../bridge/parts/device.ts";

const numRuns = Number(process.env["KAIROS_AIM_RUNS"] ?? 300);
const seed = Number(process.env["KAIROS_AIM_SEED"] ?? 8);
const devices = shippedProfiles.map((name) => loadDevice(name));

/** Joint positions within the limits; the interlock's axis stays home. */
function joints(device: DeviceDescription, share = 1): fc.Arbitrary<number[]> {
  return fc.tuple(
    ...device.axes.map(({ name, lowerRad, upperRad, softMarginRad = 0 }, axis) => {
      if (name === device.interlock?.axis) return fc.constant(device.homeRad[axis] ?? 0);
      const middle = (lowerRad + upperRad) / 2;
      const half = ((upperRad - lowerRad) / 2 - softMarginRad) * share;
      return fc.double({ min: middle - half, max: middle + half, noNaN: true });
    }),
  );
}

const direction = fc
  .tuple(...[0, 1, 2].map(() => fc.double({ min: -1, max: 1, noNaN: true })))
  .map(([x = 0, y = 0, z = 0]): Vector3 => [x, y, z])
  .filter((v) => Math.hypot(...v) > 0.1)
  .map(unit);

describe.each(devices)("aiming $profile", (device) => {
  const aim = new InverseKinematics(device);
  const isWithin = (posRad: readonly number[]): boolean =>
    device.axes.every(({ lowerRad, upperRad }, axis) => {
      const rad = posRad[axis] ?? Number.NaN;
      return rad >= lowerRad - 1e-9 && rad <= upperRad + 1e-9;
    });

  it("looks where the forward kinematics say", () => {
    fc.assert(
      fc.property(joints(device), (posRad) => {
        const optical = rotate(cameraFromJoints(device, posRad).rotationXyzw, [0, 0, 1]);
        expect(angleBetween(optical, aim.direction(posRad))).toBeLessThan(1e-7);
      }),
      { numRuns, seed },
    );
  });

  it("finds joints for every orientation that joints within the limits have", () => {
    const away = aim.chain.joints.length > 3 ? 0.9 : 1;
    fc.assert(
      fc.property(joints(device, away), joints(device), (wanted, from) => {
        // Where least squares start: the neighbourhood, as every command after the first.
        const near =
          aim.chain.joints.length > 3
            ? wanted.map((rad, axis) => rad + 0.1 * ((from[axis] ?? 0) - rad))
            : from;
        const { posRad, errorRad } = aim.orient(aim.orientation(wanted), near);
        expect(errorRad).toBeLessThan(1e-5);
        expect(isWithin(posRad)).toBe(true);
      }),
      { numRuns, seed },
    );
  });

  it("finds joints for every direction that joints within the limits have", () => {
    fc.assert(
      fc.property(joints(device, 0.95), joints(device), (wanted, from) => {
        const level = [...wanted];
        const roll = device.axes.findIndex(({ name }) => name === "roll");
        if (roll >= 0) level[roll] = device.homeRad[roll] ?? 0;
        const to = aim.direction(level);
        const { posRad, errorRad } = aim.point(to, from);
        expect(isWithin(posRad)).toBe(true);
        // Within 0.1 rad of the first axis up to so much is given up.
        const pole = aim.chain.axes(level)[0] ?? [0, 0, 1];
        const sine = Math.sin(angleBetween(pole, to));
        expect(errorRad).toBeLessThan(sine < 0.1 ? 0.2 : 1e-5);
      }),
      { numRuns, seed },
    );
  });

  it("tells how far it stays away, and never does worse than staying", () => {
    fc.assert(
      fc.property(direction, joints(device), (to, from) => {
        const { posRad, errorRad } = aim.point(to, from);
        expect(isWithin(posRad)).toBe(true);
        expect(angleBetween(aim.direction(posRad), to)).toBeCloseTo(errorRad, 9);
        expect(errorRad).toBeLessThan(angleBetween(aim.direction(from), to) + 2e-3);
      }),
      { numRuns, seed },
    );
  });

  it("moves no other joint", () => {
    fc.assert(
      fc.property(direction, joints(device), (to, from) => {
        const { posRad } = aim.point(to, from);
        device.axes.forEach((_, axis) => {
          if (aim.chain.joints.some(({ axisIndex }) => axisIndex === axis)) return;
          expect(posRad[axis]).toBe(from[axis]);
        });
      }),
      { numRuns: 50, seed },
    );
  });
});

describe("near the pole of a mount that pans and tilts", () => {
  const device = loadDevice("phone-mount-4dof");
  const aim = new InverseKinematics(device);

  it("follows a path over it without a jump, and gives up no more than it says", () => {
    for (const offset of [0, 1e-6, 1e-3, 0.03]) {
      let from: readonly number[] = [2.1, 0, 0, -1.2];
      for (let angle = 0.3; angle > -0.04; angle -= 0.002) {
        const to = unit([Math.sin(angle), offset, Math.cos(angle)]);
        const { posRad, errorRad } = aim.point(to, from);
        expect(Math.abs((posRad[1] ?? 0) - (from[1] ?? 0))).toBeLessThan(0.25);
        expect(errorRad).toBeLessThan(0.1);
        from = posRad;
      }
    }
  });
});
