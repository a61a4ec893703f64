import type { ActuatorDriver } from "../../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import type { OpenByteLine } from "../../../devices/drivers/serial/byte-line.ts";
import { MemoryLine } from "../../fakes/memory-line.ts";
import type { DynamixelServos } from "../../fakes/servos/dynamixel-servos.ts";
import type { FeetechServos } from "../../fakes/servos/feetech-servos.ts";
import { SimulatedServo } from "../../fakes/servos/simulated-servo.ts";
import type { DriverRig } from "./driver-rig.ts";

/** How the servos of a rig are mounted: `device = zero + sign * axis`, steps from the middle. */
export interface RigMount {
  readonly signs: readonly (1 | -1)[];
  readonly zerosRad: readonly number[];
  readonly stepsPerRad: number;
  readonly middleStep: number;
}

export interface ServoRigOptions {
  readonly device: DeviceDescription;
  readonly mount: RigMount;
  readonly makeBus: (servos: readonly SimulatedServo[]) => DynamixelServos | FeetechServos;
  readonly openDriver: (
    telemetry: SampleRing,
    on: { readonly openLine: OpenByteLine; readonly monotonicMs: () => number },
  ) => ActuatorDriver;
  /** An answer of another servo, with id 99. */
  readonly strangerPacket: readonly number[];
}

export type ServoRig = DriverRig & {
  readonly line: MemoryLine;
  readonly bus: DynamixelServos | FeetechServos;
  readonly servos: readonly SimulatedServo[];
};

const stepMs = 5;
/** The same in both makes. */
const overheatedBit = 0x04;

/** Simulated servos with ids from 1 on a cable in a manual time; they stand at home. */
export async function openServoRig(options: ServoRigOptions): Promise<ServoRig> {
  const { device, mount, makeBus, openDriver } = options;
  const { signs, zerosRad, stepsPerRad, middleStep } = mount;
  const stepOf = (axis: number, rad: number): number =>
    middleStep + (zerosRad[axis]! + signs[axis]! * rad) * stepsPerRad;
  const radOf = (axis: number, step: number): number =>
    signs[axis]! * ((step - middleStep) / stepsPerRad - zerosRad[axis]!);
  const servos = device.homeRad.map((rad, axis) => new SimulatedServo(axis + 1, stepOf(axis, rad)));
  const bus = makeBus(servos);
  const line = new MemoryLine();
  bus.answer = (packet) => {
    line.reply(packet);
  };
  const telemetry = SampleRing.create({ capacity: 64, width: 3 * device.axes.length });
  let nowMs = 1000;
  let chatters = false;
  bus.step(nowMs);
  const driver = openDriver(telemetry, { openLine: line.open, monotonicMs: () => nowMs });
  const step = (): void => {
    nowMs += stepMs;
    bus.step(nowMs);
    if (chatters) line.reply(options.strangerPacket);
    line.step(nowMs, (bytes) => {
      bus.receive(bytes);
    });
  };
  const rig: ServoRig = {
    driver,
    device,
    line,
    bus,
    servos,
    nowMs: () => nowMs,
    pass: async (ms) => {
      for (let passed = 0; passed < ms; passed += stepMs) {
        step();
        await Promise.resolve();
      }
    },
    far: {
      posRad: () => servos.map(({ tick }, axis) => radOf(axis, tick)),
      takeCommands: () =>
        bus.goals.splice(0).map((goals) => goals.map((goal, axis) => radOf(axis, goal))),
      isEnabled: () => servos.every(({ isPowered }) => isPowered),
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
      answerAsOther: () => (bus.idOffset = 100),
      chatter: () => (chatters = true),
      fail: () => {
        bus.fail(servos.at(-1)!, overheatedBit);
        return { expected: "overheated" };
      },
      recover: () => {
        bus.fail(servos.at(-1)!, 0);
      },
      native: (axis) => servos[axis]!.tick,
    },
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
  line.plug();
  const joints = {
    stampMs: 0,
    posRad: new Float64Array(device.axes.length),
    velRadPerS: new Float64Array(device.axes.length),
    effortNm: new Float64Array(device.axes.length),
  };
  for (let waited = 0; waited < 2000 && driver.health.reason !== ""; waited += stepMs) {
    driver.readTelemetry(joints);
    await rig.pass(stepMs);
  }
  return rig;
}
