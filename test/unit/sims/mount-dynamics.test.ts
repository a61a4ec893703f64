import { describe, expect, it } from "vitest";
import { BridgeError } from "../../../bridge/contract/errors.ts";
import { checkDynamics } from "../../../sims/embedded/apply-dynamics.ts";
import {
  defaultDynamics,
  defaultRanges,
  randomDynamics,
  type MountDynamics,
} from "../../../sims/embedded/mount-dynamics.ts";
import { phoneMount } from "./phone-mount.ts";

const standard = defaultDynamics(phoneMount);
const seeds = Array.from({ length: 300 }, (_, seed) => seed);

describe("randomDynamics", () => {
  it("draws the same mount for the same seed and another for the next", () => {
    expect(randomDynamics(phoneMount, 5)).toEqual(randomDynamics(phoneMount, 5));
    expect(randomDynamics(phoneMount, 5)).not.toEqual(randomDynamics(phoneMount, 6));
  });

  it("stays in its ranges, reaches near both ends, and passes the check", () => {
    const drawn = seeds.map((seed) => randomDynamics(phoneMount, seed));
    const spread = (of: (dynamics: MountDynamics) => number): [number, number] => {
      const values = drawn.map(of);
      return [Math.min(...values), Math.max(...values)];
    };
    const cases: [readonly [number, number], [number, number]][] = [
      [defaultRanges.payloadMassKg, spread((dynamics) => dynamics.payloadMassKg)],
      [defaultRanges.commandLatencyMs, spread((dynamics) => dynamics.commandLatencyMs)],
      [
        defaultRanges.gainRatio,
        spread(({ axes }) => axes[1]!.gainNmPerRad / standard.axes[1]!.gainNmPerRad),
      ],
      [
        defaultRanges.frictionRatio,
        spread(({ axes }) => axes[0]!.frictionNm / standard.axes[0]!.frictionNm),
      ],
    ];
    for (const [[low, high], [least, most]] of cases) {
      expect(least).toBeGreaterThanOrEqual(low);
      expect(most).toBeLessThanOrEqual(high * (1 + 1e-12));
      expect(most - least).toBeGreaterThan(0.8 * (high - low));
    }
    for (const dynamics of drawn) checkDynamics(phoneMount, dynamics);
  });
});

describe("checkDynamics", () => {
  const withYaw = (changes: Partial<MountDynamics["axes"][number]>): MountDynamics => ({
    ...standard,
    axes: standard.axes.map((axis, index) => (index === 1 ? { ...axis, ...changes } : axis)),
  });

  it.each<[string, MountDynamics]>([
    ["the default", standard],
    ["no friction at all", withYaw({ frictionNm: 0, jointDampingNmSPerRad: 0 })],
    ["the longest latency", { ...standard, commandLatencyMs: 250 }],
  ])("accepts %s", (_, dynamics) => {
    expect(() => {
      checkDynamics(phoneMount, dynamics);
    }).not.toThrow();
  });

  it.each<[string, MountDynamics, RegExp]>([
    ["no payload", { ...standard, payloadMassKg: 0 }, /payloadMassKg is 0/],
    ["NaN payload", { ...standard, payloadMassKg: Number.NaN }, /payloadMassKg is NaN/],
    ["too long a latency", { ...standard, commandLatencyMs: 251 }, /commandLatencyMs is 251/],
    ["negative friction", withYaw({ frictionNm: -0.1 }), /yaw frictionNm is -0.1/],
    ["infinite gain", withYaw({ gainNmPerRad: Infinity }), /yaw gainNmPerRad is Infinity/],
    ["no armature", withYaw({ armatureKgM2: 0 }), /yaw armatureKgM2 is 0/],
    [
      "a missing axis",
      { ...standard, axes: standard.axes.slice(1) },
      /axis count is 3, expected 4/,
    ],
  ])("refuses %s by name", (_, dynamics, message) => {
    expect(() => {
      checkDynamics(phoneMount, dynamics);
    }).toThrow(BridgeError);
    expect(() => {
      checkDynamics(phoneMount, dynamics);
    }).toThrow(message);
  });
});
