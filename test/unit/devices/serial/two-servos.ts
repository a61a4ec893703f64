import type { ActuatorDriver, Telemetry } from "../../../../bridge/contract/actuator-driver.ts";
import { SampleRing } from "../../../../bridge/contract/sample-ring.ts";
import { openDynamixelDriver } from "../../../../devices/drivers/dynamixel/dynamixel-driver.ts";
import { DynamixelSettings } from "../../../../devices/drivers/dynamixel/dynamixel-schema.ts";
import { openFeetechDriver } from "../../../../devices/drivers/feetech/feetech-driver.ts";
import { FeetechSettings } from "../../../../devices/drivers/feetech/feetech-schema.ts";
import { MemoryLine } from "../../../fakes/memory-line.ts";
import { DynamixelServos } from "../../../fakes/servos/dynamixel-servos.ts";
import { FeetechServos } from "../../../fakes/servos/feetech-servos.ts";
import { SimulatedServo } from "../../../fakes/servos/simulated-servo.ts";
import { makeTelemetry } from "../../../contract/devices/driver-harness.ts";
import { mount } from "../mount.ts";

/** Roll and pitch of the phone mount. */
export const device = { ...mount, axes: mount.axes.slice(2), homeRad: [0, 0] };
export const axes = { roll: { id: 1 }, pitch: { id: 2 } };

export interface TwoServos {
  readonly servos: readonly SimulatedServo[];
  readonly bus: DynamixelServos | FeetechServos;
  readonly line: MemoryLine;
  readonly driver: ActuatorDriver;
  /** Lets time pass in ticks of 5 ms, with a setpoint at each if one is given. */
  readonly pass: (ms: number, goal?: readonly number[]) => void;
  readonly joints: Telemetry;
  readonly setTimeMs: (ms: number) => void;
}

/** A driver over two servos (ids 1 and 2, at ticks 2000 and 2100) in a manual time. */
export function open(
  make: "dynamixel" | "feetech",
  extra: Record<string, unknown> = {},
  before: (bus: DynamixelServos | FeetechServos, line: MemoryLine) => void = () => undefined,
): TwoServos {
  const servos = [new SimulatedServo(1, 2000), new SimulatedServo(2, 2100)];
  const bus = make === "dynamixel" ? new DynamixelServos(servos) : new FeetechServos(servos);
  const line = new MemoryLine();
  bus.answer = (packet) => {
    line.reply(packet);
  };
  before(bus, line);
  let nowMs = 1000;
  bus.step(nowMs);
  const telemetry = SampleRing.create({ capacity: 64, width: 6 });
  const on = { openLine: line.open, monotonicMs: () => nowMs };
  const settings = { port: "/dev/memory", axes, ...extra };
  const driver =
    make === "dynamixel"
      ? openDynamixelDriver(DynamixelSettings.parse(settings), device, telemetry, on)
      : openFeetechDriver(FeetechSettings.parse(settings), device, telemetry, on);
  const joints = makeTelemetry(2);
  const pass = (ms: number, goal?: readonly number[]): void => {
    for (let passed = 0; passed < ms; passed += 5) {
      nowMs += 5;
      driver.readTelemetry(joints);
      if (goal) {
        const posRad = Float64Array.from(goal);
        driver.writeSetpoint({ stampMs: nowMs, posRad, velRadPerS: new Float64Array(2) });
      }
      bus.step(nowMs);
      line.step(nowMs, (bytes) => {
        bus.receive(bytes);
      });
    }
  };
  line.plug();
  return { servos, bus, line, driver, pass, joints, setTimeMs: (ms: number) => (nowMs = ms) };
}
