import { describe, expect, it } from "vitest";
import { DriverLink } from "../../../../bridge/contract/actuator-driver.ts";
import { DynamixelSettings } from "../../../../devices/drivers/dynamixel/dynamixel-schema.ts";
import { dynamixelKind } from "../../../../devices/drivers/dynamixel/dynamixel-settings.ts";
import { FeetechSettings } from "../../../../devices/drivers/feetech/feetech-schema.ts";
import { feetechKind } from "../../../../devices/drivers/feetech/feetech-settings.ts";
import type { DynamixelServos } from "../../../fakes/servos/dynamixel-servos.ts";
import { axes, device, open } from "./two-servos.ts";

describe.each(["dynamixel", "feetech"] as const)("the %s bus", (make) => {
  it("powers a servo only after it was told to stay where it is", () => {
    const goalsAtPower: number[] = [];
    const rig = open(make, {}, (bus) => {
      for (const servo of bus.servos) {
        let isPowered = false;
        Object.defineProperty(servo, "isPowered", {
          get: () => isPowered,
          set: (on: boolean) => {
            if (on && !isPowered) goalsAtPower.push(servo.goalTick);
            isPowered = on;
          },
        });
        servo.goalTick = 0;
      }
    });
    rig.pass(500);
    expect(goalsAtPower).toEqual([2000, 2100]);
    expect(rig.servos.map(({ tick }) => tick)).toEqual([2000, 2100]);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
  });

  it("writes nothing into EEPROM, whatever happens", () => {
    const rig = open(make);
    rig.pass(500, [0.1, 0.1]);
    rig.driver.setEnabled(false);
    rig.pass(200);
    rig.driver.setEnabled(true);
    rig.pass(500, [0.2, 0.2]);
    rig.line.unplug();
    rig.line.plug();
    rig.pass(1500);
    expect(rig.bus.eepromWrites).toEqual([]);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
  });

  it("names the servo that does not answer, and lets none be told goals before all are there", () => {
    const rig = open(make, {}, (bus) => {
      bus.receive = ((receive) => (bytes: Iterable<number>) => {
        const packet = [...bytes];
        // Servo 2 is not plugged in.
        if (packet[make === "dynamixel" ? 4 : 2] !== 2) receive.call(bus, packet);
      })(bus.receive.bind(bus));
    });
    rig.pass(1000, [0.5, 0.5]);
    expect([rig.driver.health.link, rig.driver.health.reason]).toEqual([
      DriverLink.Opening,
      "no answer from servo 2 (pitch)",
    ]);
    expect(rig.servos[0]!.tick).toBe(2000);
  });

  it("hears its own echo and drops it, if told that the adapter echoes", () => {
    const rig = open(make, { echoes: true }, (_, line) => (line.hasEcho = true));
    rig.pass(1000, [0.2, -0.2]);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    expect(rig.joints.posRad[0]).toBeCloseTo(0.2, 2);
    expect(rig.driver.health.counters["collisions"]).toBe(0);
  });

  it("a servo that falls silent is named, and the others are still told goals", () => {
    const rig = open(make);
    rig.pass(500, [0, 0]);
    const answer = rig.bus.answer;
    rig.bus.answer = (packet) => {
      if (packet[make === "dynamixel" ? 4 : 2] !== 2) answer(packet);
    };
    rig.pass(600, [0.3, 0.3]);
    expect(rig.driver.health.link).toBe(DriverLink.Lost);
    expect(rig.driver.health.reason).toBe("no answer from servo 2 (pitch) for 250 ms");
    expect(rig.servos[0]!.tick).toBeCloseTo(2048 + (0.3 * 4096) / (2 * Math.PI), 0);
  });

  it("goes limp at the end only if told to", async () => {
    for (const torqueOffAtClose of [false, true]) {
      const rig = open(make, { torqueOffAtClose });
      rig.pass(500);
      await rig.driver[Symbol.asyncDispose]();
      rig.line.step(5000, (bytes) => {
        rig.bus.receive(bytes);
      });
      expect(rig.servos.map(({ isPowered }) => isPowered)).toEqual([
        !torqueOffAtClose,
        !torqueOffAtClose,
      ]);
    }
  });
});

describe("what a servo is, is checked before it moves", () => {
  it.each([
    [
      "another model",
      "dynamixel",
      { axes: { ...axes, pitch: { id: 2, model: "xl430-w250" } } },
      0,
      0,
      /it is xl330-m288 \(1200\), expected xl430-w250/,
    ],
    [
      "velocity mode",
      "dynamixel",
      {},
      11,
      1,
      /operating mode 1 \(velocity\), expected 3 \(position\)/,
    ],
    ["no answers to writes", "dynamixel", {}, 68, 1, /status return level 1, expected 2/],
    ["another Feetech", "feetech", { model: "sts3250" }, 0, 0, /it is model 777, expected 2825/],
    ["wheel mode", "feetech", {}, 33, 1, /operating mode 1, expected 0/],
    ["no answers", "feetech", {}, 8, 0, /response level 0, expected 1/],
  ] as const)("%s (%s)", (_, make, extra, address, value, expected) => {
    const rig = open(make, extra, (bus) => {
      if (address > 0) bus.servos[1]!.table[address] = value;
    });
    rig.pass(600, [0.5, 0.5]);
    expect(rig.driver.health.link).toBe(DriverLink.Fault);
    expect(rig.driver.health.reason).toMatch(expected);
    expect(rig.servos[1]!.isPowered).toBe(false);
  });

  it("with leave to write EEPROM the mode is set, once, unpowered", () => {
    const rig = open("dynamixel", { allowEepromWrites: true }, (bus) => {
      bus.servos[1]!.table[11] = 1;
    });
    rig.pass(600);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    expect(rig.bus.eepromWrites).toEqual(["2:11"]);
  });

  it("a servo in fault is told as such, and is fine again after a reboot", () => {
    const rig = open("dynamixel");
    rig.pass(500);
    (rig.bus as DynamixelServos).fail(rig.servos[1]!, 0x24);
    rig.pass(100);
    expect(rig.driver.health.reason).toBe(
      "servo 2 (pitch): overheated, overload (hardware error 0x24); it needs a reboot or a power cycle",
    );
    (rig.bus as DynamixelServos).fail(rig.servos[1]!, 0);
    rig.pass(1500);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    expect(rig.servos[1]!.isPowered).toBe(true);
  });
});

describe("the bus watchdog", () => {
  it("stops the servos when we fall silent, and is cleared before they move again", () => {
    const rig = open("dynamixel", { watchdogMs: 200 });
    rig.pass(500, [0, 0]);
    // Our thread is held up for a second; the servos live on.
    for (let ms = 1500; ms <= 2500; ms += 20) rig.bus.step(ms);
    expect(rig.servos.map(({ hasStopped }) => hasStopped)).toEqual([true, true]);
    rig.setTimeMs(2500);
    rig.pass(1500, [0.2, 0.2]);
    expect(rig.driver.health.counters["ownSilences"]).toBe(1);
    expect(rig.servos.map(({ hasStopped }) => hasStopped)).toEqual([false, false]);
    expect(rig.joints.posRad[0]).toBeCloseTo(0.2, 2);
  });

  it("is off at the end, and off altogether at 0", async () => {
    const rig = open("dynamixel");
    rig.pass(500);
    expect(rig.servos[0]!.table[98]).toBe(10);
    await rig.driver[Symbol.asyncDispose]();
    rig.line.step(5000, (bytes) => {
      rig.bus.receive(bytes);
    });
    expect(rig.servos[0]!.table[98]).toBe(0);
    const without = open("dynamixel", { watchdogMs: 0 });
    without.pass(500);
    expect(without.servos[0]!.table[98]).toBe(0);
  });
});

describe("settings", () => {
  const dynamixel = (settings: unknown) =>
    dynamixelKind.problems!(DynamixelSettings.parse(settings), device);

  it.each([
    [{ port: "p", axes }, []],
    [{ port: "p", axes: { roll: { id: 1 } } }, ["axis pitch has no servo in axes"]],
    [{ port: "p", axes: { ...axes, nod: { id: 3 } } }, ["axes.nod: the device has no such axis"]],
    [
      { port: "p", axes: { roll: { id: 1 }, pitch: { id: 1 } } },
      ["axes roll and pitch have the same servo, id 1"],
    ],
  ])("%j: %j", (settings, expected) => {
    expect(dynamixel(settings)).toEqual(expected);
  });

  it("an axis beyond the servo's turn is told, unless it has several", () => {
    const far = { roll: { id: 1, zeroRad: 3 }, pitch: { id: 2 } };
    expect(dynamixel({ port: "p", axes: far })[0]).toMatch(
      /axis roll: its range needs ticks .* 0\.\.4095/,
    );
    const turning = { ...far, roll: { ...far.roll, multiTurn: true } };
    expect(dynamixel({ port: "p", axes: turning })).toEqual([]);
  });

  it("says how long a round takes: 6 STS3215 at 1 Mbaud, 2 XL330 at 57600", () => {
    const six = Object.fromEntries([1, 2, 3, 4, 5, 6].map((id) => [`axis${id}`, { id }]));
    expect(feetechKind.describe(FeetechSettings.parse({ port: "/dev/ttyACM0", axes: six }))).toBe(
      "6 servos on /dev/ttyACM0 at 1000000 baud, a round takes 1.5 ms (675 Hz)",
    );
    expect(dynamixelKind.describe(DynamixelSettings.parse({ port: "/dev/ttyUSB0", axes }))).toMatch(
      /^2 servos on \/dev\/ttyUSB0 at 57600 baud, a round takes 1\d\.\d ms/,
    );
  });
});
