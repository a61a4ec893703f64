import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DriverLink } from "../../../bridge/contract/actuator-driver.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import type { Xyzw } from "../../../bridge/core/kinematics.ts";
import { openMavlinkDriver } from "../../../devices/drivers/mavlink/mavlink-driver.ts";
import { MavlinkSettings } from "../../../devices/drivers/mavlink/mavlink-schema.ts";
import { loadProfile } from "../../../devices/profiles/load-profile.ts";
import { MavlinkGimbal } from "../../fakes/mavlink-gimbal.ts";
import { MemoryLine } from "../../fakes/memory-line.ts";
import { describeDriver } from "./driver-conformance.ts";
import { describeDriverFaults } from "./driver-faults.ts";
import { makeTelemetry } from "./driver-harness.ts";
import type { DriverRig } from "./driver-rig.ts";

const device = loadProfile(
  fileURLToPath(new URL("../../../devices/profiles/mavlink-gimbal.json", import.meta.url)),
);
const stepMs = 5;

/** Yaw, roll, pitch of a gimbal with joints in that order, MAVLink's signs, from w x y z. */
function frdAngles([w, x, y, z]: readonly [number, number, number, number]): number[] {
  return [
    Math.atan2(-2 * (x * y - w * z), 1 - 2 * (x * x + z * z)),
    Math.asin(Math.max(-1, Math.min(1, 2 * (y * z + w * x)))),
    Math.atan2(-2 * (x * z - w * y), 1 - 2 * (x * x + y * y)),
  ];
}
const signs = [-1, 1, -1] as const;
const ours = (q: readonly [number, number, number, number]): number[] =>
  frdAngles(q).map((angle, index) => signs[index]! * angle);

interface GimbalRig extends DriverRig {
  readonly gimbal: MavlinkGimbal;
  readonly line: MemoryLine;
}

async function openRig(
  extra: Record<string, unknown> = {},
  gimbal = new MavlinkGimbal(),
): Promise<GimbalRig> {
  const line = new MemoryLine();
  gimbal.answer = (frame) => {
    line.reply([...frame]);
  };
  let nowMs = 1000;
  let hasChatter = false;
  const settings = MavlinkSettings.parse({ port: "/dev/memory", ...extra });
  const telemetry = SampleRing.create({ capacity: 64, width: 9 });
  const on = { openLine: line.open, monotonicMs: () => nowMs };
  const driver = openMavlinkDriver(settings, device, telemetry, on);
  const rig: GimbalRig = {
    driver,
    device,
    gimbal,
    line,
    nowMs: () => nowMs,
    pass: async (ms) => {
      for (let passed = 0; passed < ms; passed += stepMs) {
        nowMs += stepMs;
        gimbal.step(stepMs);
        // Another gimbal, somewhere else altogether.
        if (hasChatter) gimbal.sayStatus(171, [0, 1, 0, 0]);
        line.step(nowMs, (bytes) => {
          gimbal.receive(bytes);
        });
        await Promise.resolve();
      }
    },
    far: {
      posRad: () => ours(gimbal.q),
      takeCommands: () => gimbal.told.splice(0).map(({ q }) => ours(q)),
      freeze: () => (line.isFrozen = true),
      thaw: () => (line.isFrozen = false),
      unplug: () => {
        line.unplug();
      },
      replug: () => {
        line.plug();
      },
      garble: (how) => (line.garble = how),
      clean: () => (line.garble = undefined),
      delay: (ms) => (line.delayMs = ms),
      answerAsOther: () => (gimbal.componentId = 172),
      chatter: () => (hasChatter = true),
      fail: () => {
        gimbal.failureFlags = 32 + 8;
        return { expected: "encoder error, motor error" };
      },
      recover: () => (gimbal.failureFlags = 0),
      native: (axis) => frdAngles(gimbal.q)[axis]!,
      attitudeXyzw: (): Xyzw => {
        const [w, x, y, z] = gimbal.q;
        return [x, -y, -z, w];
      },
    },
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
  line.plug();
  const joints = makeTelemetry(3);
  for (let waited = 0; waited < 2000 && !driver.readTelemetry(joints); waited += stepMs)
    await rig.pass(stepMs);
  return rig;
}

const subject = {
  name: "mavlink",
  resolutionRad: 1e-5,
  nativeSigns: signs,
  open: () => openRig(),
} as const;
describeDriver(subject);
describeDriverFaults(subject);

describe("the driver mavlink with a gimbal", () => {
  const drive = async (rig: GimbalRig, posRad: readonly number[], ms = 1000): Promise<void> => {
    const [target, still] = [Float64Array.from(posRad), new Float64Array(3)];
    for (let passed = 0; passed < ms; passed += stepMs) {
      rig.driver.writeSetpoint({ stampMs: rig.nowMs(), posRad: target, velRadPerS: still });
      await rig.pass(stepMs);
    }
  };

  it("asks for what it is and for attitudes at its rate, and is up only then", async () => {
    await using rig = await openRig({ statusHz: 50 });
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    await drive(rig, [0, 0, 0], 1500);
    expect(rig.gimbal.periodMs).toBe(20);
  });

  it("keeps to the narrower of its limits and the gimbal's, pitch and yaw turned round", async () => {
    const gimbal = new MavlinkGimbal();
    // Up 0.2 and down 0.5; left 0.3 and right 1: in MAVLink's signs.
    gimbal.information = { pitch_min: -0.5, pitch_max: 0.2, yaw_min: -0.3, yaw_max: 1 };
    await using rig = await openRig({}, gimbal);
    await drive(rig, [2, 0, 2]);
    expect(rig.far.posRad()[0]).toBeCloseTo(0.3, 4);
    expect(rig.far.posRad()[2]).toBeCloseTo(0.5, 4);
    await drive(rig, [-2, 0, -2]);
    expect(rig.far.posRad()[0]).toBeCloseTo(-1, 4);
    expect(rig.far.posRad()[2]).toBeCloseTo(-0.2, 4);
    expect(rig.driver.health.counters["narrowedAxes"]).toBe(2);
  });

  it("a gimbal whose range does not meet the profile's is not driven", async () => {
    const gimbal = new MavlinkGimbal();
    gimbal.information = { roll_min: 1, roll_max: 2 };
    await using rig = await openRig({}, gimbal);
    expect(rig.driver.health.link).toBe(DriverLink.Fault);
    expect(rig.driver.health.reason).toContain("its roll reaches from 1.00 to 2.00 rad");
  });

  it("a gimbal that starts anew is lost, and driven again from where it is", async () => {
    await using rig = await openRig();
    await drive(rig, [0.5, 0, 0.3]);
    rig.gimbal.reboot();
    await rig.pass(50);
    const joints = makeTelemetry(3);
    rig.driver.readTelemetry(joints);
    expect([rig.driver.health.link, rig.driver.health.reason]).toEqual([
      DriverLink.Lost,
      "the gimbal has started anew",
    ]);
    const told = rig.gimbal.told.length;
    await drive(rig, [0, 0, 0], 300);
    expect(rig.gimbal.told.length).toBe(told);
    await drive(rig, [0, 0, 0], 3000);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    expect(rig.driver.health.counters["reboots"]).toBe(1);
  });

  it.each([
    ["hold", 0],
    ["neutral", 2],
    ["retract", 1],
  ] as const)("at its end it tells the gimbal: %s", async (atClose, flag) => {
    const rig = await openRig({ atClose });
    await drive(rig, [0.2, 0, 0]);
    await rig.driver[Symbol.asyncDispose]();
    rig.line.step(rig.nowMs(), (bytes) => {
      rig.gimbal.receive(bytes);
    });
    expect(Number(rig.gimbal.told.at(-1)!.values["flags"]) & 3).toBe(flag);
  });

  it("a gimbal with another component id than the one asked for is none", async () => {
    await using rig = await openRig({ gimbalComponentId: 171 });
    expect(rig.driver.health.link).toBe(DriverLink.Opening);
    expect(rig.gimbal.told).toEqual([]);
  });

  it("20 % of frames spoiled on the way are counted as lost", async () => {
    await using rig = await openRig();
    rig.line.garble = "some";
    await drive(rig, [0.4, 0, 0], 3000);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    expect(rig.far.posRad()[0]).toBeCloseTo(0.4, 4);
    expect(rig.driver.health.counters["lostFrames"]).toBeGreaterThan(5);
  });
});
