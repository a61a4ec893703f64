import { describe, expect, it } from "vitest";
import { matchOffer, type OfferedAxis } from "../../../bridge/core/match-offer.ts";
import { mount } from "../devices/mount.ts";

const asConfigured: readonly OfferedAxis[] = mount.axes;
const changed = (name: string, change: Partial<OfferedAxis>): readonly OfferedAxis[] =>
  asConfigured.map((axis) => (axis.name === name ? { ...axis, ...change } : axis));

describe("an offer of axes", () => {
  it("fits when it is the configured device, and changes nothing", () => {
    const match = matchOffer(mount, asConfigured);
    expect(match).toMatchObject({ ok: true, offerIndex: [0, 1, 2, 3] });
    if (!match.ok) return;
    for (const [index, limits] of match.limits.entries()) {
      expect({ ...mount.axes[index], continuous: false }).toMatchObject(limits);
    }
  });

  it("is matched by name, whatever its order", () => {
    expect(matchOffer(mount, [...asConfigured].reverse())).toMatchObject({
      ok: true,
      offerIndex: [3, 2, 1, 0],
    });
  });

  it.each([
    ["a lower limit", { lowerRad: -1 }, { lowerRad: -1 }],
    ["an upper limit", { upperRad: 0.5 }, { upperRad: 0.5 }],
    ["a velocity", { maxVelocityRadPerS: 0.3 }, { maxVelocityRadPerS: 0.3 }],
    ["an acceleration", { maxAccelerationRadPerS2: 2 }, { maxAccelerationRadPerS2: 2 }],
    ["a jerk", { maxJerkRadPerS3: 9 }, { maxJerkRadPerS3: 9 }],
  ])("narrows %s", (_, offer, expected) => {
    const match = matchOffer(mount, changed("yaw", offer));
    expect(match.ok && match.limits[1]).toMatchObject(expected);
  });

  it("never widens", () => {
    const match = matchOffer(
      mount,
      asConfigured.map(({ name }) => ({
        name,
        lowerRad: -100,
        upperRad: 100,
        maxVelocityRadPerS: 1e3,
        maxAccelerationRadPerS2: 1e4,
        maxJerkRadPerS3: Number.POSITIVE_INFINITY,
        continuous: true,
      })),
    );
    if (!match.ok) throw new Error(match.reason);
    for (const [index, limits] of match.limits.entries()) {
      expect({ ...mount.axes[index], continuous: false }).toMatchObject(limits);
    }
  });

  it.each([
    ["lacks an axis", asConfigured.slice(1), /deploy is missing/],
    [
      "has an axis of its own",
      [...asConfigured, { ...asConfigured[0], name: "zoom" }],
      /zoom is unknown/,
    ],
    ["names an axis twice", [...asConfigured, asConfigured[1]], /yaw is named twice/],
    ["is empty", [], /deploy, yaw, roll, pitch is missing/],
    ["leaves no range", changed("yaw", { lowerRad: 1, upperRad: 1 }), /yaw.*range to move in/],
    ["is upside down", changed("yaw", { lowerRad: 1, upperRad: -1 }), /yaw.*range to move in/],
    ["lies beside the configured range", changed("yaw", { lowerRad: 7, upperRad: 8 }), /yaw/],
    ["is not a number", changed("yaw", { lowerRad: Number.NaN }), /yaw/],
    ["excludes home", changed("pitch", { lowerRad: 0.2 }), /pitch.*home/],
    ["cannot be deployed", changed("deploy", { upperRad: 0.5 }), /deploy/],
  ] as const)("is refused when it %s", (_, offer, reason) => {
    const match = matchOffer(mount, offer as readonly OfferedAxis[]);
    expect(match.ok).toBe(false);
    expect(match.ok ? "" : match.reason).toMatch(reason);
  });
});
