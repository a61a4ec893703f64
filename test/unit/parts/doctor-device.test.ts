import { describe, expect, it } from "vitest";
import { loadConfig, type Config } from "../../../bridge/config.ts";
import { chooseDriver, loadDevice } from "../../../bridge/parts/device.ts";
import { probeDevice } from "../../../bridge/parts/doctor-device.ts";

const configOf = (device: Readonly<Record<string, unknown>>): Config =>
  loadConfig({
    flags: Object.fromEntries(
      Object.entries(device).map(([key, value]) => [`device.${key}`, value]),
    ),
  }).config;

const arm = configOf({ profile: "so101-arm", driver: "profile", port: "/dev/ttyUSB7" });

describe("the driver a configuration asks for", () => {
  it("is the simulator unless it says otherwise, whatever the profile names", () => {
    const config = configOf({ profile: "so101-arm" });
    expect(chooseDriver(config, loadDevice("so101-arm")).name).toBe("simulator");
  });

  it("is the profile's with the configuration's settings over it", () => {
    const driver = chooseDriver(arm, loadDevice("so101-arm"));
    expect(driver.name).toBe("feetech");
    expect(driver.serialPorts).toEqual(["/dev/ttyUSB7"]);
    // The rate is the profile's still.
    expect(driver.description).toContain("/dev/ttyUSB7 at 1000000 baud");
  });

  it("takes nothing of a profile that was written for another", () => {
    const config = configOf({ profile: "so101-arm", driver: "loopback" });
    expect(chooseDriver(config, loadDevice("so101-arm")).name).toBe("loopback");
  });

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["a driver that does not exist", { driver: "warp" }, 'no driver "warp"'],
    ["a port for the simulator", { port: "/dev/ttyUSB0" }, '"port"'],
    [
      "a driver made for another device",
      { profile: "phone-mount-4dof", driver: "feetech", port: "/dev/x" },
      "does not fit profile phone-mount-4dof",
    ],
    ["a setting nobody knows", { driver: "loopback", settings: { lag: 1 } }, '"lag"'],
  ])("is refused with %s", (_name, device, text) => {
    const config = configOf(device);
    expect(() => chooseDriver(config, loadDevice(config.device.profile))).toThrow(text);
  });
});

describe("doctor's look at the device", () => {
  const levels = (config: Config, state: "ready" | "missing" | "denied" | "no-device") =>
    probeDevice(config, () => state).findings.map(({ level, subject }) => `${level} ${subject}`);

  it.each([
    ["ready", "ok"],
    ["missing", "fail"],
    ["denied", "fail"],
    ["no-device", "fail"],
  ] as const)("a port that is %s is %s", (state, level) => {
    expect(levels(arm, state)).toContain(`${level} port /dev/ttyUSB7`);
  });

  it("tells the group to join where the port is denied", () => {
    const { findings } = probeDevice(arm, () => "denied");
    expect(findings.find(({ level }) => level === "fail")?.advice).toContain("dialout");
  });

  it("says that a real device has no camera, and nothing of it with the simulator", () => {
    expect(levels(arm, "ready")).toContain("note camera");
    expect(levels(configOf({}), "ready")).toEqual(["ok profile", "ok driver"]);
  });

  it("fails with what does not fit", () => {
    expect(levels(configOf({ driver: "warp" }), "ready")).toEqual(["fail device"]);
  });

  it("looks at ports themselves: one that is not there, one that is no port", () => {
    const at = (port: string) =>
      probeDevice(configOf({ profile: "so101-arm", driver: "profile", port })).findings.at(-2)
        ?.text;
    expect(at("/dev/nowhere7")).toBe("is not there");
    expect(at(import.meta.filename)).toBe("is no character device");
  });
});
