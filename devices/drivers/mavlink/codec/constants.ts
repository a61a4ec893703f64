/** Numbers of common.xml and minimal.xml (mavlink/mavlink) that are used here. */
export const MavType = { onboardController: 18, gimbal: 26, gcs: 6 } as const;
/** MAV_AUTOPILOT_INVALID: not an autopilot. */
export const noAutopilot = 8;
export const MavState = { active: 4, critical: 5 } as const;

export const MavCommand = {
  setMessageInterval: 511,
  requestMessage: 512,
  gimbalManagerPitchyaw: 1000,
  gimbalManagerConfigure: 1001,
} as const;

export const MavResult = {
  accepted: 0,
  temporarilyRejected: 1,
  denied: 2,
  unsupported: 3,
  failed: 4,
  inProgress: 5,
} as const;
export type MavResult = (typeof MavResult)[keyof typeof MavResult];

/** GIMBAL_DEVICE_FLAGS and GIMBAL_MANAGER_FLAGS: the same bits. */
export const GimbalFlag = {
  retract: 1,
  neutral: 2,
  rollLock: 4,
  pitchLock: 8,
  yawLock: 16,
  yawInVehicleFrame: 32,
  yawInEarthFrame: 64,
} as const;

/** GIMBAL_DEVICE_CAP_FLAGS and GIMBAL_MANAGER_CAP_FLAGS: the same bits. */
export const GimbalCapability = {
  retract: 1,
  neutral: 2,
  rollAxis: 4,
  rollFollow: 8,
  rollLock: 16,
  pitchAxis: 32,
  pitchFollow: 64,
  pitchLock: 128,
  yawAxis: 256,
  yawFollow: 512,
  yawLock: 1024,
  infiniteYaw: 2048,
} as const;

/** MAV_PROTOCOL_CAPABILITY_COMPONENT_IMPLEMENTS_GIMBAL_MANAGER and ..._MAVLINK2, ..._COMMAND_INT left out. */
export const ProtocolCapability = { mavlink2: 8192n, gimbalManager: 262_144n } as const;

/** MAV_COMP_ID_GIMBAL and MAV_COMP_ID_GIMBAL2..6. */
export const gimbalComponentIds: readonly number[] = [154, 171, 172, 173, 174, 175];

/** GIMBAL_DEVICE_ERROR_FLAGS that mean the device cannot be trusted to move, by bit. */
const errorNames = [
  [8, "encoder error"],
  [16, "power error"],
  [32, "motor error"],
  [64, "software error"],
  [128, "communication error"],
  [256, "calibration running"],
] as const;

/** Empty while the device reports none. Being at an end stop and having no manager are no faults. */
export function gimbalErrorText(failureFlags: number): string {
  const names = errorNames.filter(([bit]) => (failureFlags & bit) !== 0).map(([, name]) => name);
  return names.join(", ");
}
