import type { Setpoint } from "../../../bridge/contract/actuator-driver.ts";
import type { AxisDescription, DeviceDescription } from "../../../bridge/contract/device.ts";
import { clampSetpoint } from "../clamp-setpoint.ts";
import { unitsOf, type SimplebgcMount } from "./simplebgc-mounts.ts";
import { SimplebgcMode, speedUnitRadPerS, type SimplebgcPackets } from "./simplebgc-packet.ts";

/** Where the axes are to be, and the CMD_CONTROL that tells the board so. */
export class SimplebgcGoal {
  /** Not told to the board yet. */
  isNew = false;
  readonly #axes: readonly AxisDescription[];
  readonly #mounts: readonly SimplebgcMount[];
  readonly #posRad: Float64Array;
  readonly #velRadPerS: Float64Array;
  /** In the board's units and order of axes. */
  readonly #modes = new Uint8Array(3);
  readonly #angles = new Float64Array(3);
  readonly #speeds = new Float64Array(3);

  constructor(device: DeviceDescription, mounts: readonly SimplebgcMount[]) {
    this.#axes = device.axes;
    this.#mounts = mounts;
    this.#posRad = Float64Array.from(device.homeRad);
    this.#velRadPerS = new Float64Array(device.axes.length);
  }

  /** // hot path */
  take(setpoint: Readonly<Setpoint>): void {
    clampSetpoint(setpoint, this.#axes, this.#posRad, this.#velRadPerS);
    this.isNew = true;
  }

  /** It is to stay at `posRad`, axis order. */
  hold(posRad: Float64Array): void {
    this.#posRad.set(posRad);
    this.#velRadPerS.fill(0);
  }

  /** No axis is to move on, whatever its mode. */
  rest(): void {
    this.#velRadPerS.fill(0);
  }

  /** Encodes it into the frame of `packets` and returns the length. // hot path */
  encode(packets: SimplebgcPackets): number {
    this.isNew = false;
    for (let index = 0; index < this.#mounts.length; index += 1) {
      const mount = this.#mounts[index];
      if (mount === undefined) continue;
      const { boardAxis, mode, sign, maxSpeed } = mount;
      const speed = (sign * (this.#velRadPerS[index] ?? 0)) / speedUnitRadPerS;
      const isAngle = mode === SimplebgcMode.Angle || mode === SimplebgcMode.AngleRelFrame;
      this.#modes[boardAxis] = mode;
      this.#angles[boardAxis] = unitsOf(mount, this.#posRad[index] ?? 0);
      this.#speeds[boardAxis] = isAngle ? maxSpeed : speed;
    }
    return packets.control(this.#modes, this.#angles, this.#speeds);
  }
}
