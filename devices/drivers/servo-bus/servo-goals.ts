import type { Setpoint } from "../../../bridge/contract/actuator-driver.ts";
import type { AxisDescription, DeviceDescription } from "../../../bridge/contract/device.ts";
import { clampSetpoint } from "../clamp-setpoint.ts";
import type { HalfDuplexBus } from "./half-duplex-bus.ts";
import type { Servo } from "./servo.ts";
import type { ServoFamily } from "./servo-family.ts";

/** Where all servos are to be, told to them in one packet that nobody answers. */
export class ServoGoals {
  /** Axis order. */
  readonly posRad: Float64Array;
  /** Not told to the servos yet. */
  isNew = false;
  readonly #family: ServoFamily;
  readonly #servos: readonly Servo[];
  readonly #bus: HalfDuplexBus;
  readonly #axes: readonly AxisDescription[];
  readonly #velRadPerS: Float64Array;
  readonly #ids: Uint8Array;
  readonly #bytes: Uint8Array;

  constructor(
    family: ServoFamily,
    servos: readonly Servo[],
    bus: HalfDuplexBus,
    device: DeviceDescription,
  ) {
    this.#family = family;
    this.#servos = servos;
    this.#bus = bus;
    this.#axes = device.axes;
    this.posRad = Float64Array.from(device.homeRad);
    this.#velRadPerS = new Float64Array(servos.length);
    this.#ids = Uint8Array.from(servos, ({ mount }) => mount.id);
    this.#bytes = new Uint8Array(family.goal.count * servos.length);
  }

  /** // hot path */
  take(setpoint: Readonly<Setpoint>): void {
    clampSetpoint(setpoint, this.#axes, this.posRad, this.#velRadPerS);
    this.isNew = true;
  }

  /** One is to stay where it is. */
  hold(axis: number, posRad: number): void {
    this.posRad[axis] = posRad;
    this.isNew = true;
  }

  /** // hot path */
  tell(): void {
    const { goal, protocol } = this.#family;
    this.isNew = false;
    for (let index = 0; index < this.#servos.length; index += 1) {
      const servo = this.#servos[index];
      if (servo === undefined) continue;
      this.#family.putGoal(servo, this.posRad[index] ?? 0, this.#bytes, index * goal.count);
    }
    this.#bus.tell(protocol.syncWrite(goal, this.#ids, this.#bytes));
  }
}
