import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import { loadProfile, parseProfile } from "../../../devices/profiles/load-profile.ts";
import { profilePath } from "./mount.ts";

type Loose = Record<string, unknown>;
interface LooseProfile extends Loose {
  axes: Loose[];
  homeRad: number[];
  interlock: Loose;
  chain: Loose[];
  camera: Loose;
}

/** The shipped profile, changed. */
function changed(change: (profile: LooseProfile) => void): unknown {
  const profile = JSON.parse(readFileSync(profilePath, "utf8")) as LooseProfile;
  change(profile);
  return profile;
}

function problemsOf(profile: unknown): string {
  try {
    parseProfile(profile, "test.json");
  } catch (error) {
    expect(error).toBeInstanceOf(BridgeError);
    expect((error as BridgeError).code).toBe(ErrorCode.DeviceProfile);
    return (error as BridgeError).message;
  }
  return "no problem";
}

describe("the shipped phone mount", () => {
  const mount: DeviceDescription = loadProfile(profilePath);

  it("has its four joints in the order every array uses", () => {
    expect(mount.axes.map((axis) => axis.name)).toEqual(["deploy", "yaw", "roll", "pitch"]);
    expect(mount.chain.map((joint) => joint.axisName)).toEqual(["deploy", "yaw", "roll", "pitch"]);
  });

  it("says of every limit that it is assumed", () => {
    expect(new Set(mount.axes.map((axis) => axis.provenance))).toEqual(new Set(["assumed"]));
  });

  it("is deployed at home", () => {
    expect(mount.homeRad[0]).toBeGreaterThanOrEqual(mount.interlock!.readyRad);
  });
});

describe("a profile", () => {
  it("may do without an interlock", () => {
    const profile = changed((p) => Reflect.deleteProperty(p, "interlock"));
    expect(parseProfile(profile, "test.json").interlock).toBeUndefined();
  });

  const invalid: readonly [string, (p: LooseProfile) => unknown, string][] = [
    ["a range upside down", (p) => (p.axes[1]!["lowerRad"] = 4), "axes[1].lowerRad"],
    ["an empty range", (p) => (p.axes[1]!["lowerRad"] = 3.14), "is not below upperRad 3.14"],
    ["no speed", (p) => (p.axes[2]!["maxVelocityRadPerS"] = 0), "axes[2].maxVelocityRadPerS"],
    ["no jerk", (p) => Reflect.deleteProperty(p.axes[0]!, "maxJerkRadPerS3"), "maxJerkRadPerS3"],
    ["a guess for provenance", (p) => (p.axes[0]!["provenance"] = "guess"), "axes[0].provenance"],
    ["a typing error in a key", (p) => (p.axes[0]!["maxVelocity"] = 1), "maxVelocity"],
    ["two axes of one name", (p) => (p.axes[3]!["name"] = "yaw"), '"yaw" is there twice'],
    ["home outside the range", (p) => (p.homeRad[2] = 1), "homeRad[2]"],
    ["home of another device", (p) => p.homeRad.pop(), "has 3 angles, expected one for each of 4"],
    ["an interlock on nothing", (p) => (p.interlock["axis"] = "lift"), '"lift" is no axis'],
    ["a ready angle never reached", (p) => (p.interlock["readyRad"] = 2.2), "interlock.readyRad"],
    ["an axis not in the chain", (p) => p.chain.pop(), 'axis "pitch" is in it 0 times'],
    ["a joint of no axis", (p) => (p.chain[0]!["axisName"] = "lift"), "chain[0].axisName"],
    ["a skewed quaternion", (p) => (p.camera["fixedXyzw"] = [0, 0, 0, 0.9]), "camera.fixedXyzw"],
    ["a long axis", (p) => (p.chain[1]!["axis"] = [0, 0, 2]), "chain[1].axis"],
    ["NaN", (p) => (p.axes[0]!["upperRad"] = Number.NaN), "axes[0].upperRad"],
    ["a field of view beyond half a turn", (p) => (p.camera["verticalFovRad"] = 4), "verticalFov"],
  ];
  it.each(invalid)("with %s is refused by its path", (_name, change, text) => {
    expect(problemsOf(changed(change))).toContain(text);
  });

  it("tells every problem at once", () => {
    const problems = problemsOf(
      changed((p) => {
        p.axes[1]!["lowerRad"] = 4;
        p.homeRad[0] = 3;
        p.interlock["axis"] = "lift";
        p.chain.pop();
      }),
    );
    for (const path of ["axes[1].lowerRad", "homeRad[0]", "interlock.axis", "chain"]) {
      expect(problems).toContain(path);
    }
  });

  it("that is no JSON or not there is named in the error", () => {
    expect(() => loadProfile("/nowhere/mount.json")).toThrow(/device\/profile.*mount\.json/);
    expect(() => loadProfile(import.meta.filename)).toThrow(/device\/profile/);
  });
});
