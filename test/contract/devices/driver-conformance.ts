import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { DriverLink } from "../../../bridge/contract/actuator-driver.ts";
import { chainFromJoints } from "../../../bridge/core/kinematics.ts";
import { makeTelemetry, movedAxis, poseWith, roomFor } from "./driver-harness.ts";
import type { DriverRig, DriverUnderTest } from "./driver-rig.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What every driver does for itself, whoever drives it: ranges, signs, stop, power, telemetry, cost. */
export function describeDriver(subject: DriverUnderTest): void {
  const { name, settleMs = 2000, resolutionRad = 1e-6, maxBytesPerTick = 200 } = subject;
  const digits = Math.max(0, Math.floor(-Math.log10(2 * resolutionRad)));

  /** A setpoint that stands, as the actuation repeats it at every tick. */
  async function go(
    rig: DriverRig,
    posRad: readonly number[],
    velRadPerS: readonly number[] = posRad.map(() => 0),
    ms = settleMs,
  ): Promise<void> {
    const telemetry = makeTelemetry(posRad.length);
    const untilMs = rig.nowMs() + ms;
    while (rig.nowMs() < untilMs) {
      rig.driver.writeSetpoint({
        stampMs: rig.nowMs(),
        posRad: Float64Array.from(posRad),
        velRadPerS: Float64Array.from(velRadPerS),
      });
      await rig.pass(5);
      rig.driver.readTelemetry(telemetry);
    }
  }

  function expectAt(found: Iterable<number>, expected: readonly number[]): void {
    const values = [...found];
    expect(values).toHaveLength(expected.length);
    for (const [index, value] of expected.entries()) {
      expect(values[index], `axis ${index}`).toBeCloseTo(value, digits);
    }
  }

  describe(`the driver ${name}`, () => {
    it("has a name and the device's axes", async () => {
      await using rig = await subject.open();
      expect(rig.driver.name).not.toBe("");
      expect(rig.driver.axisCount).toBe(rig.device.axes.length);
    });

    it("takes every axis to a setpoint, either way, and moves no other", async () => {
      await using rig = await subject.open();
      for (const axis of rig.device.axes.keys()) {
        for (const direction of [1, -1] as const) {
          const pose = poseWith(rig.device, axis, roomFor(rig.device, axis, direction));
          await go(rig, pose);
          expectAt(rig.far.posRad(), pose);
        }
      }
    });

    it("clamps every axis to its range and its speed as the last line", async () => {
      await using rig = await subject.open();
      const { axes } = rig.device;
      const fast = axes.map(() => 99);
      const outside = axes.map((_, index) => (index % 2 === 0 ? 9 : -9));
      rig.far.takeCommands();
      await go(rig, outside, fast, 2 * settleMs);
      for (const command of rig.far.takeCommands()) {
        for (const [index, { lowerRad, upperRad }] of axes.entries()) {
          const commanded = command[index] ?? Number.NaN;
          if (Number.isNaN(commanded)) continue;
          expect(commanded).toBeGreaterThanOrEqual(lowerRad - 2 * resolutionRad);
          expect(commanded).toBeLessThanOrEqual(upperRad + 2 * resolutionRad);
        }
      }
      const ends = axes.map(({ lowerRad, upperRad }, index) =>
        index % 2 === 0 ? upperRad : lowerRad,
      );
      expectAt(rig.far.posRad(), ends);
    });

    it.each([Number.NaN, Infinity, -Infinity])("leaves an axis where it was on %s", async (bad) => {
      await using rig = await subject.open();
      const axis = movedAxis(rig.device);
      const pose = poseWith(rig.device, axis, roomFor(rig.device, axis, 1));
      await go(rig, pose);
      await go(
        rig,
        pose.map((pos, index) => (index === axis ? bad : pos)),
      );
      expectAt(rig.far.posRad(), pose);
    });

    it("a first setpoint that is not a number moves nothing", async () => {
      await using rig = await subject.open();
      await go(
        rig,
        rig.device.homeRad.map(() => Number.NaN),
      );
      expectAt(rig.far.posRad(), rig.device.homeRad);
    });

    it("is up with no reason, and reports what the device does, no stamp twice or ahead", async () => {
      await using rig = await subject.open();
      const { axes, homeRad } = rig.device;
      const telemetry = makeTelemetry(axes.length);
      const axis = movedAxis(rig.device);
      const pose = poseWith(rig.device, axis, roomFor(rig.device, axis, 1));
      let lastMs = -Infinity;
      for (let step = 0; step < 100; step += 1) {
        await go(rig, step < 20 ? homeRad : pose, undefined, settleMs / 50);
        expect(rig.driver.readTelemetry(telemetry)).toBe(true);
        expect(telemetry.stampMs).toBeGreaterThanOrEqual(lastMs);
        expect(telemetry.stampMs).toBeLessThanOrEqual(rig.nowMs() + 1);
        lastMs = telemetry.stampMs;
      }
      expect(rig.nowMs() - telemetry.stampMs).toBeLessThan(250);
      expect([rig.driver.health.link, rig.driver.health.reason]).toEqual([DriverLink.Up, ""]);
      expectAt(telemetry.posRad, pose);
      for (const value of [...telemetry.velRadPerS, ...telemetry.effortNm]) {
        expect(Number.isFinite(value)).toBe(true);
      }
    });

    it("holds after a stop, also when told twice, and takes setpoints again", async () => {
      await using rig = await subject.open();
      const axis = movedAxis(rig.device);
      const pose = poseWith(rig.device, axis, roomFor(rig.device, axis, 1));
      rig.driver.stop();
      await go(rig, pose);
      rig.driver.stop();
      rig.driver.stop();
      await rig.pass(settleMs);
      expectAt(rig.far.posRad(), pose);
      await go(rig, rig.device.homeRad);
      expectAt(rig.far.posRad(), rig.device.homeRad);
    });

    it("power on and off, twice each, moves nothing", async () => {
      await using rig = await subject.open();
      const { far, driver, device } = rig;
      for (const enabled of [false, false, true, true]) {
        driver.setEnabled(enabled);
        await rig.pass(settleMs / 4);
        if (far.isEnabled !== undefined) expect(far.isEnabled()).toBe(enabled);
        expectAt(far.posRad(), device.homeRad);
      }
      const axis = movedAxis(device);
      const pose = poseWith(device, axis, roomFor(device, axis, 1));
      await go(rig, pose);
      expectAt(far.posRad(), pose);
    });

    it("holds once disposed, ignores what comes then, and can be disposed twice", async () => {
      await using rig = await subject.open();
      const axis = movedAxis(rig.device);
      const pose = poseWith(rig.device, axis, roomFor(rig.device, axis, 1));
      await go(rig, pose);
      await rig.driver[Symbol.asyncDispose]();
      await rig.driver[Symbol.asyncDispose]();
      rig.driver.stop();
      rig.driver.setEnabled(true);
      await go(rig, rig.device.homeRad);
      expectAt(rig.far.posRad(), pose);
    });

    it("allocates next to nothing on a tick", async () => {
      await using rig = await subject.open();
      const { driver, device } = rig;
      const telemetry = makeTelemetry(device.axes.length);
      const setpoint = {
        stampMs: 0,
        posRad: Float64Array.from(device.homeRad),
        velRadPerS: new Float64Array(device.axes.length),
      };
      let least = Infinity;
      for (let round = 0; round < 5; round += 1) {
        collectGarbage();
        const before = process.memoryUsage().heapUsed;
        for (let tick = 0; tick < 5000; tick += 1) {
          setpoint.stampMs = tick;
          driver.writeSetpoint(setpoint);
          driver.readTelemetry(telemetry);
        }
        const grown = (process.memoryUsage().heapUsed - before) / 5000;
        // The first round compiles; a collection in the middle of one makes it negative.
        if (round > 0 && grown >= 0) least = Math.min(least, grown);
      }
      expect(least).toBeLessThan(maxBytesPerTick);
    });

    const { nativeSigns } = subject;
    it.skipIf(nativeSigns === undefined)(
      `signs: axis by direction, in the device's own words${nativeSigns === undefined ? " (it has none)" : ""}`,
      async () => {
        await using rig = await subject.open();
        const { far, device } = rig;
        for (const [axis, sign] of nativeSigns!.entries()) {
          const atHome = far.native!(axis);
          for (const direction of [1, -1] as const) {
            const offset = roomFor(device, axis, direction);
            if (offset === 0) continue;
            await go(rig, poseWith(device, axis, offset));
            const moved = Math.sign(far.native!(axis) - atHome);
            expect([device.axes[axis]!.name, direction, moved]).toEqual([
              device.axes[axis]!.name,
              direction,
              direction * sign,
            ]);
          }
          await go(rig, device.homeRad);
        }
      },
    );

    it("frames: axis by direction, the device's attitude is the chain's, where it tells one", async (context) => {
      await using rig = await subject.open();
      const { far, device } = rig;
      if (far.attitudeXyzw === undefined) {
        context.skip("the device knows no attitude");
        return;
      }
      for (const axis of device.axes.keys()) {
        for (const direction of [1, -1] as const) {
          const pose = poseWith(device, axis, roomFor(device, axis, direction));
          await go(rig, pose);
          const expected = chainFromJoints(device, pose).at(-1)!.rotationXyzw;
          const found = far.attitudeXyzw();
          // A quaternion and its negative are the same rotation.
          const dot = expected.reduce((sum, part, index) => sum + part * found[index]!, 0);
          expect(Math.abs(dot), `${device.axes[axis]!.name} ${direction}`).toBeCloseTo(1, 5);
        }
      }
    });
  });
}
