import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import {
  angleUnitRad,
  simplebgcAxes,
  SimplebgcMode,
  speedUnitRadPerS,
} from "./simplebgc-packet.ts";
import type { SimplebgcSettings } from "./simplebgc-schema.ts";

/**
 * Yaw is positive to the right and pitch negative up in BaseCam's sheet "SBGC32 API cmd examples"; ours are left
 * and down. Which way roll goes it does not say. How the sensor is mounted can turn each of them round;
 * ArduPilot (AP_Mount_Alexmos) sends pitch up as positive, so a board set up for it needs `sign: -1`.
 */
const ownSigns = { roll: 1, pitch: 1, yaw: -1 } as const;

/** One of our axes on the board: `boardRad = zeroRad + sign * axisRad`. */
export interface SimplebgcMount {
  readonly axisName: string;
  /** 0 roll, 1 pitch, 2 yaw. */
  readonly boardAxis: number;
  readonly sign: 1 | -1;
  readonly zeroRad: number;
  readonly mode: SimplebgcMode;
  /** Told with each angle: no slower than we are, or the gimbal lags. */
  readonly maxSpeed: number;
}

const speedHeadroom = 1.5;

/** One per axis, in the device's order; axes the board has not are left out. */
export function simplebgcMounts(
  settings: Pick<SimplebgcSettings, "axes" | "angles">,
  device: DeviceDescription,
): readonly SimplebgcMount[] {
  return device.axes.flatMap((axis) => {
    const found = settings.axes[axis.name];
    const wanted = found?.axis ?? axis.name;
    const boardAxis = simplebgcAxes.findIndex((name) => name === wanted);
    const name = simplebgcAxes[boardAxis];
    if (name === undefined) return [];
    return [
      {
        axisName: axis.name,
        boardAxis,
        sign: found?.sign ?? ownSigns[name],
        zeroRad: found?.zeroRad ?? 0,
        mode: modeOf(found?.mode ?? "angle", settings.angles),
        maxSpeed: (speedHeadroom * axis.maxVelocityRadPerS) / speedUnitRadPerS,
      },
    ];
  });
}

function modeOf(mode: "angle" | "speed" | "speed-angle", angles: "imu" | "frame"): SimplebgcMode {
  if (mode === "speed") return SimplebgcMode.Speed;
  if (mode === "speed-angle") return SimplebgcMode.SpeedAngle;
  return angles === "frame" ? SimplebgcMode.AngleRelFrame : SimplebgcMode.Angle;
}

/** // hot path */
export const unitsOf = (mount: SimplebgcMount, axisRad: number): number =>
  (mount.zeroRad + mount.sign * axisRad) / angleUnitRad;

/** // hot path */
export const radOf = (mount: SimplebgcMount, units: number): number =>
  mount.sign * (units * angleUnitRad - mount.zeroRad);
