import { describe, expect, it } from "vitest";
import type { TrajectoryPoint } from "../../../bridge/contract/actuation.ts";
import { makePath, type PathRequest } from "../../../devices/actuation/path.ts";
import { mount } from "./mount.ts";

const still = { posRad: 0, velRadPerS: 0, accRadPerS2: 0 };
const [clock, out] = [new Float64Array(1), new Float64Array(3)];

/** A path of yaw alone that began when it was made. */
function yaw(points: readonly Partial<Record<"t" | "p" | "v" | "a", number>>[]): PathRequest {
  const only = (value: number): (number | null)[] => [null, value, null, null];
  return {
    startsAtMs: 0,
    nowMs: 0,
    present: () => still,
    points: points.map(({ t = 0, p = 0, v, a }): TrajectoryPoint => {
      return {
        timeS: t,
        posRad: only(p),
        ...(v === undefined ? {} : { velRadPerS: only(v) }),
        ...(a === undefined ? {} : { accRadPerS2: only(a) }),
      };
    }),
  };
}

function at(request: PathRequest, timeS: number): number[] {
  const made = makePath(mount, request);
  if (!made.ok) throw new Error(made.reason);
  clock[0] = 1000 * timeS;
  made.path[1]!.sample(clock, out, 0);
  return [...out].map((value) => Number(value.toFixed(6)) + 0);
}

function refusal(request: PathRequest): string {
  const made = makePath(mount, request);
  return made.ok ? "accepted" : made.reason;
}

describe("the path of one axis between its points", () => {
  // The half way of the Hermite cubic and of the quintic from rest to rest is the middle, at 1.5 and 1.875 d/T.
  it.each([
    ["positions alone: straight", [{ t: 0 }, { t: 1, p: 0.8 }], [0.4, 0.8, 0]],
    [
      "with velocities: cubic",
      [
        { t: 0, v: 0 },
        { t: 1, p: 0.8, v: 0 },
      ],
      [0.4, 1.2, 0],
    ],
    [
      "with accelerations too: quintic",
      [
        { t: 0, v: 0, a: 0 },
        { t: 1, p: 0.8, v: 0, a: 0 },
      ],
      [0.4, 1.5, 0],
    ],
    ["a velocity at one end only: straight", [{ t: 0 }, { t: 1, p: 0.8, v: 0 }], [0.4, 0.8, 0]],
  ])("%s", (_, points, expected) => {
    expect(at(yaw(points), 0.5)).toEqual(expected);
  });

  it("meets positions, velocities and accelerations of its points", () => {
    const points = [
      { t: 0, p: 0, v: 0, a: 0 },
      { t: 0.7, p: 0.3, v: 0.5, a: -1 },
      { t: 1.5, p: 0.6, v: 0, a: 0 },
    ];
    const request = yaw(points);
    expect(at(request, 0.7)).toEqual([0.3, 0.5, -1]);
    expect(at(request, 0.7 - 1e-9)).toEqual([0.3, 0.5, -1]);
  });

  it("begins with what the axis does, if the first point lies ahead", () => {
    const present = { posRad: 0.2, velRadPerS: 0.3, accRadPerS2: 0.1 };
    const request = { ...yaw([{ t: 1, p: 0.6, v: 0, a: 0 }]), present: () => present };
    expect(at(request, 0)).toEqual([0.2, 0.3, 0.1]);
    expect(at(request, 1)).toEqual([0.6, 0, 0]);
  });

  it("stands before its first point and after its last", () => {
    const request = {
      ...yaw([
        { t: 1, p: 0.2 },
        { t: 2, p: 0.4 },
      ]),
      nowMs: 1500,
    };
    expect(at(request, 0.5)).toEqual([0.2, 0, 0]);
    expect(at(request, 5)).toEqual([0.4, 0, 0]);
  });
});

describe("a trajectory is refused", () => {
  it.each([
    ["without points", yaw([]), "the trajectory has no points"],
    [
      "whose times do not rise",
      yaw([{ t: 1 }, { t: 1 }]),
      "point 1 is at 1 s, expected more than 1 s",
    ],
    [
      "beyond the range",
      yaw([{ t: 0 }, { t: 9, p: 3.5 }]),
      /^yaw reaches 3\.\d+ rad between points 0 and 1/,
    ],
    [
      "too fast",
      yaw([{ t: 0 }, { t: 0.1, p: 1 }]),
      /^yaw needs 10\.00 rad\/s .* limit is 2\.09 rad\/s/,
    ],
    [
      "too hard",
      yaw([
        { t: 0, v: 0 },
        { t: 0.5, p: 0.6, v: 0 },
      ]),
      /^yaw needs 14\.40 rad\/s\^2 .* limit is 8\.7 rad\/s\^2/,
    ],
    ["with a value that is none", yaw([{ t: 0, p: Number.NaN }]), /not finite/],
  ])("%s", (_, request, expected) => {
    expect(refusal(request)).toMatch(expected);
  });

  it("whose points name different axes, or too few", () => {
    const points = [
      { timeS: 0, posRad: [null, 0, null, null] },
      { timeS: 1, posRad: [null, null, 0, null] },
    ];
    expect(refusal({ ...yaw([]), points })).toBe("point 1 names other axes than the first");
    const short = [{ timeS: 0, posRad: [0, 0] }];
    expect(refusal({ ...yaw([]), points: short })).toBe("point 0 has 2 values, expected 4");
  });
});
