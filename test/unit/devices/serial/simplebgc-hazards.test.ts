import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DriverLink, type ActuatorDriver } from "../../../../bridge/contract/actuator-driver.ts";
import { SampleRing } from "../../../../bridge/contract/sample-ring.ts";
import { openSimplebgcDriver } from "../../../../devices/drivers/simplebgc/simplebgc-driver.ts";
import { SimplebgcSettings } from "../../../../devices/drivers/simplebgc/simplebgc-schema.ts";
import { loadProfile } from "../../../../devices/profiles/load-profile.ts";
import { makeTelemetry } from "../../../contract/devices/driver-harness.ts";
import { MemoryLine } from "../../../fakes/memory-line.ts";
import { SimplebgcBoard } from "../../../fakes/servos/simplebgc-board.ts";

const device = loadProfile(
  fileURLToPath(new URL("../../../../devices/profiles/sbgc-3axis.json", import.meta.url)),
);

interface Rig {
  readonly board: SimplebgcBoard;
  readonly driver: ActuatorDriver;
  readonly pass: (ms: number, goal?: readonly number[]) => void;
  /** How far each axis stood from its target when the motors were switched on; NaN without a target. */
  readonly jumps: number[][];
}

function open(extra: Record<string, unknown> = {}): Rig {
  const board = new SimplebgcBoard([0.2, 0.3, 0.4]);
  // Where the board would go by itself: level, ahead.
  board.targets.fill(0);
  board.modes.fill(2);
  board.speeds.fill(1);
  const line = new MemoryLine();
  board.answer = (packet) => {
    line.reply(packet);
  };
  const jumps: number[][] = [];
  let areMotorsOn = false;
  Object.defineProperty(board, "areMotorsOn", {
    get: () => areMotorsOn,
    set: (on: boolean) => {
      if (on && !areMotorsOn) {
        jumps.push(board.angles.map((angle, axis) => Math.abs(angle - board.targets[axis]!)));
      }
      areMotorsOn = on;
    },
  });
  let nowMs = 1000;
  board.step(nowMs);
  const settings = SimplebgcSettings.parse({ port: "/dev/memory", ...extra });
  const telemetry = SampleRing.create({ capacity: 64, width: 9 });
  const on = { openLine: line.open, monotonicMs: () => nowMs };
  const driver = openSimplebgcDriver(settings, device, telemetry, on);
  const joints = makeTelemetry(3);
  const pass = (ms: number, goal?: readonly number[]): void => {
    for (let passed = 0; passed < ms; passed += 5) {
      nowMs += 5;
      driver.readTelemetry(joints);
      if (goal) {
        const posRad = Float64Array.from(goal);
        driver.writeSetpoint({ stampMs: nowMs, posRad, velRadPerS: new Float64Array(3) });
      }
      board.step(nowMs);
      line.step(nowMs, (bytes) => {
        board.receive(bytes);
      });
    }
  };
  line.plug();
  return { board, driver, pass, jumps };
}

describe.each(["imu", "frame"])("simplebgc, angles of the %s: nothing jumps", (angles) => {
  it("the motors come on only once the board was told to stay where it is", () => {
    const rig = open({ angles });
    rig.pass(1000);
    expect(rig.driver.health.link).toBe(DriverLink.Up);
    expect(rig.board.areMotorsOn).toBe(true);
    expect(rig.jumps).toHaveLength(1);
    for (const jump of rig.jumps[0]!) expect(jump).toBeLessThan(0.01);
    rig.pass(1000);
    expect(rig.board.angles[2]).toBeCloseTo(0.4, 2);
  });

  it("motors that come back hold the camera where it hangs by then", () => {
    const rig = open({ angles });
    rig.pass(1000);
    rig.driver.setEnabled(false);
    rig.pass(200);
    expect(rig.board.areMotorsOn).toBe(false);
    rig.board.angles[1] = -0.3;
    rig.jumps.length = 0;
    rig.driver.setEnabled(true);
    rig.pass(1000);
    expect(rig.board.areMotorsOn).toBe(true);
    for (const jump of rig.jumps.flat()) expect(jump).toBeLessThan(0.01);
    expect(rig.board.angles[1]).toBeCloseTo(-0.3, 2);
  });

  it("found outside its axis' range, the camera comes in along its setpoints", () => {
    const rig = open({ angles });
    // Our roll is the board's, and its range ends at 0.6 rad.
    rig.board.angles[0] = 1.2;
    rig.pass(1000);
    rig.board.controls.length = 0;
    for (let roll = 1.2; roll > 0; roll -= 0.004) rig.pass(5, [-0.4, roll, 0.3]);
    const told = rig.board.controls.map(([roll]) => roll!);
    expect(told.length).toBeGreaterThan(50);
    expect(told[0]).toBeCloseTo(1.2, 1);
    for (const [index, roll] of told.entries()) {
      if (index > 0) expect(Math.abs(roll - told[index - 1]!)).toBeLessThan(0.03);
    }
  });

  it("motors off are told again and again until the board says so, also before it was ready", () => {
    const rig = open({ angles });
    rig.board.areMotorsOn = true;
    rig.driver.setEnabled(false);
    rig.pass(1000);
    expect(rig.board.areMotorsOn).toBe(false);
  });
});
