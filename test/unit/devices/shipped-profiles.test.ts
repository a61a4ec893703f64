import { readFileSync, writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { stringify } from "yaml";
import { describe, expect, it } from "vitest";
import { shippedProfiles } from "../../../bridge/parts/device.ts";
import { checkDriver, driverNames } from "../../../devices/drivers/driver-settings.ts";
import { loadProfile, parseProfile } from "../../../devices/profiles/load-profile.ts";
import { profileJsonSchema } from "../../../devices/profiles/profile-schema.ts";

const folder = join(import.meta.dirname, "../../../devices/profiles");
const pathOf = (name: string): string => join(folder, `${name}.json`);
const contentOf = (name: string): unknown => JSON.parse(readFileSync(pathOf(name), "utf8"));

describe("the schema for editors", () => {
  it("is the one that was written: kairos-bridge devices schema > profile.schema.json", async () => {
    const text = `${JSON.stringify(profileJsonSchema(), undefined, 2)}\n`;
    await expect(text).toMatchFileSnapshot(join(folder, "profile.schema.json"));
  });

  const validate = new Ajv2020({ allErrors: true, strict: false }).compile(profileJsonSchema());

  it.each(shippedProfiles)("takes %s, and not with a typing error in it", (name) => {
    const content = contentOf(name) as Record<string, unknown>;
    const { driver, ...rest } = content;
    const kind = (driver as { kind: string } | undefined)?.kind;
    // A profile may name a driver that is not built in.
    const isKnown = kind === undefined || (driverNames as readonly string[]).includes(kind);
    expect(validate(isKnown ? content : rest)).toBe(true);
    expect(validate({ ...rest, axis: [] })).toBe(false);
    expect(validate({ ...rest, axes: [] })).toBe(false);
  });

  it("tells an editor which settings a driver has", () => {
    const content = contentOf("ros2-control") as { driver: object };
    const withSetting = (key: string, value: unknown): unknown => ({
      ...content,
      driver: { ...content.driver, [key]: value },
    });
    expect(validate(withSetting("rateHz", 25))).toBe(true);
    expect(validate(withSetting("rateHz", "fast"))).toBe(false);
    expect(validate(withSetting("rate", 25))).toBe(false);
  });
});

describe("every shipped profile", () => {
  it.each(shippedProfiles)(
    "%s is called as its file, says what it is, and stands at home",
    (name) => {
      const profile = loadProfile(pathOf(name));
      expect(profile.profile).toBe(name);
      expect(profile.title).toBeTruthy();
      expect(profile.axes.length).toBeGreaterThanOrEqual(2);
    },
  );

  it.each(shippedProfiles)("%s names the document of every number it does not assume", (name) => {
    const { axes } = loadProfile(pathOf(name));
    for (const axis of axes) {
      // Nothing was measured on hardware; a document is named limit by limit.
      expect(axis.provenance).toBe("assumed");
      for (const document of Object.values(axis.sources ?? {})) {
        expect(document).toMatch(/ROBOTIS|Feetech|SO-ARM100/);
      }
    }
  });

  it.each(shippedProfiles)("%s fits its own driver, where that is built in", (name) => {
    const profile = loadProfile(pathOf(name));
    const { driver } = profile;
    if (driver === undefined || !(driverNames as readonly string[]).includes(driver.kind)) return;
    expect(checkDriver(driver.kind, driver, profile).description).not.toBe("");
  });

  it("is the same when it is written in YAML", () => {
    const path = join(mkdtempSync(join(tmpdir(), "profile-")), "mine.yaml");
    writeFileSync(path, stringify(contentOf("so101-arm")));
    expect(loadProfile(path)).toEqual(loadProfile(pathOf("so101-arm")));
  });
});

describe("a profile with what only some devices have", () => {
  type Loose = Record<string, unknown>;
  const changed = (
    change: (profile: Loose & { axes: Loose[]; camera: Loose }) => void,
  ): unknown => {
    const profile = contentOf("mavlink-gimbal") as Loose & { axes: Loose[]; camera: Loose };
    change(profile);
    return profile;
  };
  const turn = { lowerRad: -Math.PI, upperRad: Math.PI, continuous: true };

  it.each<[string, (p: { axes: Loose[] } & Loose) => void]>([
    ["a yaw that turns for ever", (p) => Object.assign(p.axes[0]!, turn)],
    ["a soft margin", (p) => (p.axes[1]!["softMarginRad"] = 0.1)],
    ["a place to be stowed at", (p) => (p["stowRad"] = [0, 0, 1])],
    [
      "a camera before the last joint",
      (p) => ((p["camera"] as Loose)["parentFrameId"] = "gimbal_roll"),
    ],
  ])("may have %s", (_name, change) => {
    expect(() => parseProfile(changed(change), "test")).not.toThrow();
  });

  it.each<[string, (p: { axes: Loose[] } & Loose) => void, string]>([
    ["for ever but not a turn", (p) => (p.axes[0]!["continuous"] = true), "axes[0].continuous"],
    ["a margin that leaves nothing", (p) => (p.axes[1]!["softMarginRad"] = 0.7), "softMarginRad"],
    ["stowed outside its range", (p) => (p["stowRad"] = [0, 0, 2]), "stowRad[2]"],
    ["stowed with too few angles", (p) => (p["stowRad"] = [0, 0]), "has 2 angles"],
    [
      "a camera on no frame",
      (p) => ((p["camera"] as Loose)["parentFrameId"] = "moon"),
      '"moon" is no frame of the chain',
    ],
    [
      "a document for no limit",
      (p) => (p.axes[0]!["sources"] = { lowerDeg: "a book" }),
      "axes[0].sources",
    ],
    ["a driver without a name", (p) => (p["driver"] = { port: "x" }), "driver.kind"],
  ])("is refused with %s", (_name, change, text) => {
    expect(() => parseProfile(changed(change), "test")).toThrow(text);
  });
});

describe("a driver and its settings", () => {
  const robot = loadProfile(pathOf("ros2-control"));
  it.each<[string, string, Record<string, unknown>, string]>([
    ["that does not exist", "warp", {}, 'no driver "warp", expected one of simulator'],
    ["with a port it has no use for", "ros2", { port: "/dev/ttyUSB0" }, '"port"'],
    ["with joints of no axis", "ros2", { jointNames: { lift: "x" } }, '"lift"'],
    ["with one joint for two axes", "ros2", { jointNames: { pan: "a", tilt: "a" } }, "one joint"],
    ["that might never stop", "ros2", { interface: "velocity" }, "has no timeout"],
    ["that brakes between messages", "ros2", { rateHz: 10, leadMs: 50 }, "leadMs 50"],
  ])("%s is refused with what is wrong", (_name, driver, settings, text) => {
    expect(() => checkDriver(driver, settings, robot)).toThrow(text);
  });
});
