import { describe, expect, it } from "vitest";
import { HeldPhone } from "../../../bridge/web/agent/held-phone.ts";
import { mount } from "../devices/mount.ts";

const upright = { alpha: 350, beta: 90, gamma: 0 };

function turnedTo(change: Partial<typeof upright>): readonly number[] {
  const phone = new HeldPhone(mount.axes, mount.homeRad);
  phone.turned(upright, 0);
  phone.turned({ ...upright, ...change }, 100);
  return phone.reading?.posRad ?? [];
}

describe("a phone in the hand", () => {
  it("tells nothing before it was felt, then stands at home", () => {
    const phone = new HeldPhone(mount.axes, mount.homeRad);
    expect(phone.reading).toBeUndefined();
    phone.turned(upright, 0);
    expect(phone.reading?.posRad[0]).toBe(mount.homeRad[0]);
    expect(phone.reading?.velRadPerS).toEqual([0, 0, 0, 0]);
  });

  it.each([
    ["left over north", { alpha: 20 }, [1, 30]],
    ["right", { alpha: 320 }, [1, -30]],
    ["nose down", { beta: 60 }, [3, 30]],
    ["nose up", { beta: 120 }, [3, -30]],
    ["right side down", { gamma: 15 }, [2, 15]],
    [
      "further than the joint goes",
      { beta: 0 },
      [3, ((1.05 - (mount.homeRad[3] ?? 0)) * 180) / Math.PI],
    ],
  ])("turned %s", (_, change, [axis = 0, degrees = 0]) => {
    const fromHomeRad = (turnedTo(change)[axis] ?? 0) - (mount.homeRad[axis] ?? 0);
    expect((fromHomeRad * 180) / Math.PI).toBeCloseTo(degrees, 6);
  });
});
