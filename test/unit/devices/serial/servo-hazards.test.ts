import { describe, expect, it } from "vitest";
import { DriverLink } from "../../../../bridge/contract/actuator-driver.ts";
import type { SimulatedServo } from "../../../fakes/servos/simulated-servo.ts";
import { axes, device, open } from "./two-servos.ts";

const tickOf = (rad: number): number => 2048 + (rad * 4096) / (2 * Math.PI);
const radOf = (tick: number): number => ((tick - 2048) * 2 * Math.PI) / 4096;
/** A servo that moves while it is not looked at: pushed, or fallen. */
const nudge = 300;
/** How far the goal may lie from where the servo stands when power comes, ticks: 0.05 rad. */
const nearTicks = 33;

/** How far from its goal each servo stood whenever it was powered. */
function watchPower(servos: readonly SimulatedServo[]): number[] {
  const jumps: number[] = [];
  for (const servo of servos) {
    let { isPowered } = servo;
    Object.defineProperty(servo, "isPowered", {
      get: () => isPowered,
      set: (on: boolean) => {
        if (on && !isPowered) jumps.push(Math.abs(servo.goalTick - servo.tick));
        isPowered = on;
      },
    });
  }
  return jumps;
}

/** The far end answers nothing from now on; gives what ends that. */
function mute(bus: { answer: (packet: number[]) => void }): () => void {
  const { answer } = bus;
  bus.answer = () => undefined;
  return () => {
    bus.answer = answer;
  };
}

describe.each(["dynamixel", "feetech"] as const)("%s: nothing jumps", (make) => {
  const idAt = make === "dynamixel" ? 4 : 2;

  it("found outside its axis' range, a joint comes in along its setpoints and not in one step", () => {
    const [axis] = device.axes;
    const foundRad = axis!.upperRad + 0.6;
    const rig = open(make, {}, (bus) => {
      bus.servos[0]!.tick = bus.servos[0]!.goalTick = tickOf(foundRad);
    });
    rig.pass(500);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    rig.bus.goals.length = 0;
    for (let rad = foundRad; rad > 0; rad -= 0.01) rig.pass(5, [rad, 0.08]);
    const told = rig.bus.goals.map(([goal]) => radOf(goal!));
    expect(told.length).toBeGreaterThan(50);
    for (const [index, rad] of told.entries()) {
      if (index > 0) expect(Math.abs(rad - told[index - 1]!)).toBeLessThan(0.03);
    }
    expect(told[0]).toBeCloseTo(foundRad, 2);
    // Once inside there is no way out again.
    rig.pass(500, [foundRad, 0.08]);
    expect(radOf(rig.servos[0]!.goalTick)).toBeLessThanOrEqual(axis!.upperRad + 0.002);
  });

  it("a joint that moves between being found and being powered is found anew first", () => {
    const rig = open(make);
    const jumps = watchPower(rig.servos);
    // It falls as soon as it was told to stay: the limp joint of an arm.
    let left = 3;
    const receive = rig.bus.receive.bind(rig.bus);
    rig.bus.receive = (bytes) => {
      const before = rig.bus.goals.length;
      receive(bytes);
      if (rig.bus.goals.length === before || left === 0) return;
      left -= 1;
      rig.servos[0]!.tick += nudge;
    };
    rig.pass(3000);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    expect(jumps).toHaveLength(2);
    for (const jump of jumps) expect(jump).toBeLessThan(nearTicks);
  });

  it("power comes back where a limp joint hangs by then, not where it was last seen", () => {
    const rig = open(make);
    rig.pass(500);
    rig.driver.setEnabled(false);
    rig.pass(300);
    const unmute = mute(rig.bus);
    rig.pass(100);
    rig.servos[0]!.tick -= nudge;
    unmute();
    const jumps = watchPower(rig.servos);
    rig.driver.setEnabled(true);
    rig.pass(500);
    expect(jumps).toHaveLength(2);
    for (const jump of jumps) expect(jump).toBeLessThan(nearTicks);
  });

  it("power off reaches those who hear it though another servo has never answered", () => {
    const rig = open(make, {}, (bus) => {
      const { answer } = bus;
      bus.answer = (packet) => {
        if (packet[idAt] !== 1) answer(packet);
      };
      // Left powered by whoever was here before.
      bus.servos[1]!.isPowered = true;
    });
    rig.pass(300);
    expect(rig.driver.health.reason).toContain("no answer from servo 1 (roll)");
    rig.driver.setEnabled(false);
    rig.pass(300);
    expect(rig.servos[1]!.isPowered).toBe(false);
  });

  it("power off is told again when the packet was lost and the servos are not set up", () => {
    const rig = open(make, {}, (bus) => {
      mute(bus);
      bus.servos[1]!.isPowered = true;
    });
    rig.pass(300);
    const receive = rig.bus.receive.bind(rig.bus);
    rig.bus.receive = () => undefined;
    rig.driver.setEnabled(false);
    rig.pass(5);
    rig.bus.receive = receive;
    rig.pass(1000);
    expect(rig.servos[1]!.isPowered).toBe(false);
  });

  it("goes limp at the end, if told to, also when a servo is missing", async () => {
    const rig = open(make, { torqueOffAtClose: true }, (bus) => {
      mute(bus);
      bus.servos[1]!.isPowered = true;
    });
    rig.pass(300);
    await rig.driver[Symbol.asyncDispose]();
    rig.line.step(5000, (bytes) => {
      rig.bus.receive(bytes);
    });
    expect(rig.servos[1]!.isPowered).toBe(false);
  });

  it("a servo that was without power for a moment is noticed, and powered where it fell to", () => {
    const rig = open(make);
    rig.pass(500, [0, 0]);
    // It starts again between two questions: limp, everything it was told forgotten.
    const [servo] = rig.servos;
    servo!.isPowered = false;
    servo!.table[64] = servo!.table[98] = 0;
    servo!.tick -= nudge;
    const jumps = watchPower(rig.servos);
    const told: string[] = [];
    for (let ms = 0; ms < 3000; ms += 5) {
      rig.pass(5, told.length === 0 ? [0, 0] : undefined);
      const { link, reason } = rig.driver.health;
      if (link === DriverLink.Lost && told.at(-1) !== reason) told.push(reason);
    }
    expect(told[0]).toMatch(/^servo 1 \(roll\): it is limp though it was powered/);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    expect(servo!.isPowered).toBe(true);
    for (const jump of jumps) expect(jump).toBeLessThan(nearTicks);
  });

  it("an adapter that hears itself though nobody said so is no servo that answers, and no fault", () => {
    const told: string[] = [];
    const rig = open(make, {}, (_, line) => (line.hasEcho = true));
    for (let ms = 0; ms < 1000; ms += 5) {
      rig.pass(5, [0.1, 0.1]);
      if (rig.driver.health.link === DriverLink.Fault) told.push(rig.driver.health.reason);
    }
    expect(told).toEqual([]);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    expect(rig.joints.posRad[0]).toBeCloseTo(0.1, 2);
  });

  it("answers in another baud rate are told from none", () => {
    const rig = open(make);
    rig.bus.answer = () => {
      rig.line.reply([0x00, 0xe6, 0x18, 0x80, 0x7e, 0x06]);
    };
    rig.pass(600);
    expect(rig.driver.health.link).toBe(DriverLink.Opening);
    expect(rig.driver.health.reason).toBe(
      "no answer from servo 1 (roll), but bytes that are no packets: is the baud rate right?",
    );
  });
});

describe("dynamixel: what a servo keeps to itself", () => {
  it("standing where it cannot be told to be, it stays limp and says where", () => {
    const rig = open("dynamixel", {}, (bus) => {
      bus.servos[0]!.tick = bus.servos[0]!.goalTick = 4500;
    });
    rig.pass(600);
    expect(rig.driver.health.link).toBe(DriverLink.Fault);
    expect(rig.driver.health.reason).toMatch(
      /^servo 1 \(roll\): it stands at tick 4500.* 0\.\.4095/,
    );
    expect(rig.servos.map(({ isPowered }) => isPowered)).toEqual([false, false]);
  });

  it.each([
    [4, /drive mode 4: its profile is in time/],
    [8, /drive mode 8: a goal powers it/],
  ])("drive mode %i is refused", (mode, expected) => {
    const rig = open("dynamixel", {}, (bus) => {
      bus.servos[1]!.table[10] = mode;
    });
    rig.pass(600);
    expect(rig.driver.health.link).toBe(DriverLink.Fault);
    expect(rig.driver.health.reason).toMatch(expected);
    expect(rig.servos[1]!.isPowered).toBe(false);
  });

  it("turned round (drive mode 1) it is driven: position and goal are turned alike", () => {
    const rig = open("dynamixel", {}, (bus) => {
      bus.servos[1]!.table[10] = 1;
    });
    rig.pass(600);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
  });

  it("a watchdog that went off unseen is noticed: goals would be refused for ever", () => {
    const rig = open("dynamixel", { watchdogMs: 200 });
    rig.pass(500, [0, 0]);
    for (const servo of rig.servos) {
      servo.hasStopped = true;
      servo.table[98] = 255;
    }
    const told: string[] = [];
    for (let ms = 0; ms < 3000; ms += 5) {
      rig.pass(5, [0.2, 0.2]);
      const { link, reason } = rig.driver.health;
      if (link === DriverLink.Lost && told.at(-1) !== reason) told.push(reason);
    }
    expect(told[0]).toMatch(/^servo 1 \(roll\): its watchdog stopped it/);
    expect(rig.servos.map(({ hasStopped }) => hasStopped)).toEqual([false, false]);
    expect(rig.joints.posRad[0]).toBeCloseTo(0.2, 2);
  });

  it("with leave to write EEPROM a servo in the right mode is neither written nor limp for a moment", () => {
    const rig = open("dynamixel", { allowEepromWrites: true, axes });
    rig.pass(600);
    let wentLimp = false;
    for (const servo of rig.servos) {
      let { isPowered } = servo;
      Object.defineProperty(servo, "isPowered", {
        get: () => isPowered,
        set: (on: boolean) => {
          if (!on) wentLimp = true;
          isPowered = on;
        },
      });
    }
    rig.line.unplug();
    rig.line.plug();
    rig.pass(1500);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    expect(wentLimp).toBe(false);
    expect(rig.bus.eepromWrites).toEqual([]);
  });
});
