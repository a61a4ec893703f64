import { layOut, type Fields, type MessageLayout } from "./message-layout.ts";

const manualFields = [
  ["flags", "uint32_t"],
  ["pitch", "float"],
  ["yaw", "float"],
  ["pitch_rate", "float"],
  ["yaw_rate", "float"],
  ["target_system", "uint8_t"],
  ["target_component", "uint8_t"],
  ["gimbal_device_id", "uint8_t"],
] as const;

/**
 * The messages spoken here, as minimal.xml, standard.xml and common.xml of mavlink/mavlink define them. Ids, names,
 * types and extensions; sizes, offsets and CRC_EXTRA follow from them.
 */
export const messages = {
  heartbeat: layOut(0, "HEARTBEAT", [
    ["custom_mode", "uint32_t"],
    ["type", "uint8_t"],
    ["autopilot", "uint8_t"],
    ["base_mode", "uint8_t"],
    ["system_status", "uint8_t"],
    ["mavlink_version", "uint8_t"],
  ]),
  commandLong: layOut(76, "COMMAND_LONG", [
    ["target_system", "uint8_t"],
    ["target_component", "uint8_t"],
    ["command", "uint16_t"],
    ["confirmation", "uint8_t"],
    ["param1", "float"],
    ["param2", "float"],
    ["param3", "float"],
    ["param4", "float"],
    ["param5", "float"],
    ["param6", "float"],
    ["param7", "float"],
  ]),
  commandAck: layOut(77, "COMMAND_ACK", [
    ["command", "uint16_t"],
    ["result", "uint8_t"],
    ["progress", "uint8_t", 0, "extension"],
    ["result_param2", "int32_t", 0, "extension"],
    ["target_system", "uint8_t", 0, "extension"],
    ["target_component", "uint8_t", 0, "extension"],
  ]),
  timesync: layOut(111, "TIMESYNC", [
    ["tc1", "int64_t"],
    ["ts1", "int64_t"],
    ["target_system", "uint8_t", 0, "extension"],
    ["target_component", "uint8_t", 0, "extension"],
  ]),
  statusText: layOut(253, "STATUSTEXT", [
    ["severity", "uint8_t"],
    ["text", "char", 50],
    ["id", "uint16_t", 0, "extension"],
    ["chunk_seq", "uint8_t", 0, "extension"],
  ]),
  gimbalManagerInformation: layOut(280, "GIMBAL_MANAGER_INFORMATION", [
    ["time_boot_ms", "uint32_t"],
    ["cap_flags", "uint32_t"],
    ["gimbal_device_id", "uint8_t"],
    ["roll_min", "float"],
    ["roll_max", "float"],
    ["pitch_min", "float"],
    ["pitch_max", "float"],
    ["yaw_min", "float"],
    ["yaw_max", "float"],
  ]),
  gimbalManagerStatus: layOut(281, "GIMBAL_MANAGER_STATUS", [
    ["time_boot_ms", "uint32_t"],
    ["flags", "uint32_t"],
    ["gimbal_device_id", "uint8_t"],
    ["primary_control_sysid", "uint8_t"],
    ["primary_control_compid", "uint8_t"],
    ["secondary_control_sysid", "uint8_t"],
    ["secondary_control_compid", "uint8_t"],
  ]),
  gimbalManagerSetAttitude: layOut(282, "GIMBAL_MANAGER_SET_ATTITUDE", [
    ["target_system", "uint8_t"],
    ["target_component", "uint8_t"],
    ["flags", "uint32_t"],
    ["gimbal_device_id", "uint8_t"],
    ["q", "float", 4],
    ["angular_velocity_x", "float"],
    ["angular_velocity_y", "float"],
    ["angular_velocity_z", "float"],
  ]),
  gimbalDeviceInformation: layOut(283, "GIMBAL_DEVICE_INFORMATION", [
    ["time_boot_ms", "uint32_t"],
    ["vendor_name", "char", 32],
    ["model_name", "char", 32],
    ["custom_name", "char", 32],
    ["firmware_version", "uint32_t"],
    ["hardware_version", "uint32_t"],
    ["uid", "uint64_t"],
    ["cap_flags", "uint16_t"],
    ["custom_cap_flags", "uint16_t"],
    ["roll_min", "float"],
    ["roll_max", "float"],
    ["pitch_min", "float"],
    ["pitch_max", "float"],
    ["yaw_min", "float"],
    ["yaw_max", "float"],
    ["gimbal_device_id", "uint8_t", 0, "extension"],
  ]),
  gimbalDeviceSetAttitude: layOut(284, "GIMBAL_DEVICE_SET_ATTITUDE", [
    ["target_system", "uint8_t"],
    ["target_component", "uint8_t"],
    ["flags", "uint16_t"],
    ["q", "float", 4],
    ["angular_velocity_x", "float"],
    ["angular_velocity_y", "float"],
    ["angular_velocity_z", "float"],
  ]),
  gimbalDeviceAttitudeStatus: layOut(285, "GIMBAL_DEVICE_ATTITUDE_STATUS", [
    ["target_system", "uint8_t"],
    ["target_component", "uint8_t"],
    ["time_boot_ms", "uint32_t"],
    ["flags", "uint16_t"],
    ["q", "float", 4],
    ["angular_velocity_x", "float"],
    ["angular_velocity_y", "float"],
    ["angular_velocity_z", "float"],
    ["failure_flags", "uint32_t"],
    ["delta_yaw", "float", 0, "extension"],
    ["delta_yaw_velocity", "float", 0, "extension"],
    ["gimbal_device_id", "uint8_t", 0, "extension"],
  ]),
  autopilotStateForGimbalDevice: layOut(286, "AUTOPILOT_STATE_FOR_GIMBAL_DEVICE", [
    ["target_system", "uint8_t"],
    ["target_component", "uint8_t"],
    ["time_boot_us", "uint64_t"],
    ["q", "float", 4],
    ["q_estimated_delay_us", "uint32_t"],
    ["vx", "float"],
    ["vy", "float"],
    ["vz", "float"],
    ["v_estimated_delay_us", "uint32_t"],
    ["feed_forward_angular_velocity_z", "float"],
    ["estimator_status", "uint16_t"],
    ["landed_state", "uint8_t"],
    ["angular_velocity_z", "float", 0, "extension"],
  ]),
  gimbalManagerSetPitchyaw: layOut(287, "GIMBAL_MANAGER_SET_PITCHYAW", manualFields),
  gimbalManagerSetManualControl: layOut(288, "GIMBAL_MANAGER_SET_MANUAL_CONTROL", manualFields),
  componentInformationBasic: layOut(396, "COMPONENT_INFORMATION_BASIC", [
    ["time_boot_ms", "uint32_t"],
    ["capabilities", "uint64_t"],
    ["time_manufacture_s", "uint32_t"],
    ["vendor_name", "char", 32],
    ["model_name", "char", 32],
    ["software_version", "char", 24],
    ["hardware_version", "char", 24],
    ["serial_number", "char", 32],
  ]),
} as const;

export type MessageName = keyof typeof messages;
/** A message with the fields of its definition: arrays are Float64Array, 64-bit numbers bigint, text string. */
export type Message<Name extends MessageName> = Fields<(typeof messages)[Name]["specs"]>;

const byId = new Map<number, MessageLayout>(
  Object.values(messages).map((layout) => [layout.id, layout]),
);

/** // hot path */
export const layoutOf = (id: number): MessageLayout | undefined => byId.get(id);
