import { payloadByte, payloadInt16, payloadSize } from "./simplebgc-packet.ts";

/** CMD_REALTIME_DATA_4's payload: 124 bytes; offsets of what is used (BaseCam, sbgc-api-examples). */
const realtimeBytes = 124;
const Offset = {
  systemError: 14,
  imuAngle: 32,
  batteryVoltage: 55,
  stateFlags: 57,
  rotorAngle: 63,
} as const;
const motorsOnFlag = 1;

/** CMD_GET_ANGLES: three times angle, target angle, target speed. */
const anglesBytes = 18;
const anglesStride = 6;

/** What the board says of itself. Angles in its own units and order. */
export interface BoardState {
  areMotorsOn: boolean;
  systemError: number;
  batteryV: number;
  readonly imuAngles: Float64Array;
  readonly rotorAngles: Float64Array;
}

export const emptyBoardState = (): BoardState => ({
  areMotorsOn: false,
  systemError: 0,
  batteryV: 0,
  imuAngles: new Float64Array(3),
  rotorAngles: new Float64Array(3),
});

/** False if the payload is not of this command. // hot path */
export function takeRealtime(bytes: Uint8Array, start: number, out: BoardState): boolean {
  if (payloadSize(bytes, start) < realtimeBytes) return false;
  out.systemError = payloadInt16(bytes, start, Offset.systemError) & 0xffff;
  out.batteryV = (payloadInt16(bytes, start, Offset.batteryVoltage) & 0xffff) / 100;
  out.areMotorsOn = (payloadByte(bytes, start, Offset.stateFlags) & motorsOnFlag) !== 0;
  for (let axis = 0; axis < 3; axis += 1) {
    out.imuAngles[axis] = payloadInt16(bytes, start, Offset.imuAngle + 2 * axis);
    out.rotorAngles[axis] = payloadInt16(bytes, start, Offset.rotorAngle + 2 * axis);
  }
  return true;
}

/** // hot path */
export function takeAngles(bytes: Uint8Array, start: number, out: BoardState): boolean {
  if (payloadSize(bytes, start) !== anglesBytes) return false;
  for (let axis = 0; axis < 3; axis += 1) {
    out.imuAngles[axis] = payloadInt16(bytes, start, axis * anglesStride);
  }
  return true;
}

/** Bits of SYSTEM_ERROR (Serial API specification, CMD_REALTIME_DATA). */
const errorNames = [
  [0x0001, "no IMU sensor"],
  [0x0002, "accelerometer not calibrated"],
  [0x0004, "motor power not set"],
  [0x0008, "motor poles not calibrated"],
  [0x0010, "protection"],
  [0x0020, "serial error"],
  [0x0080, "battery too low"],
  [0x0200, "motor steps missed"],
  [0x0400, "system error"],
  [0x0800, "emergency stop"],
] as const;

/** Errors that stop the gimbal, as text; empty if none. A low battery that only beeps is none. */
export function boardErrorText(systemError: number): string {
  const names = errorNames.filter(([bit]) => (systemError & bit) !== 0).map(([, name]) => name);
  if (names.length === 0) return "";
  return `${names.join(", ")} (system error 0x${systemError.toString(16).padStart(4, "0")})`;
}
