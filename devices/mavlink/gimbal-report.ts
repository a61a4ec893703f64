import type { AxisDescription, DeviceDescription } from "../../bridge/contract/device.ts";
import { GimbalCapability, ProtocolCapability } from "../drivers/mavlink/codec/constants.ts";
import type { Component } from "../drivers/mavlink/codec/frame-writer.ts";
import {
  emptyMessage,
  type Fields,
  type FieldSpec,
  type MessageLayout,
} from "../drivers/mavlink/codec/message-layout.ts";
import { messages } from "../drivers/mavlink/codec/messages.ts";
import {
  frdPitch,
  frdRoll,
  frdYaw,
  writeFrdQuaternion,
  writeFrdRates,
} from "../drivers/mavlink/gimbal-frames.ts";
import { gimbalJoints, type GimbalJoints } from "../drivers/mavlink/gimbal-joints.ts";

export interface ReportNow {
  readonly bootMs: number;
  readonly primary: Component | undefined;
  readonly secondary: Component | undefined;
  readonly flags: number;
  send<Specs extends readonly FieldSpec[]>(
    layout: MessageLayout<Specs>,
    message: Readonly<Fields<Specs>>,
  ): void;
}

export interface GimbalReportOptions {
  readonly device: DeviceDescription;
  readonly gimbalDeviceId: number;
  readonly readJoints: (row: Float64Array) => number;
  readonly version: string;
}

/** What a gimbal manager tells of itself and of its gimbal, by message id. */
export class GimbalReport {
  readonly #options: GimbalReportOptions;
  readonly #joints: GimbalJoints;
  readonly #row: Float64Array;
  readonly #writers: ReadonlyMap<number, (now: ReportNow) => void>;

  constructor(options: GimbalReportOptions) {
    this.#options = options;
    this.#joints = gimbalJoints(options.device, "ignored");
    this.#row = new Float64Array(3 * options.device.axes.length);
    this.#writers = new Map([
      [messages.gimbalManagerInformation.id, this.#information],
      [messages.gimbalManagerStatus.id, this.#status],
      [messages.gimbalDeviceInformation.id, this.#deviceInformation],
      [messages.gimbalDeviceAttitudeStatus.id, this.#attitude],
      [messages.componentInformationBasic.id, this.#component],
    ]);
  }

  has(id: number): boolean {
    return this.#writers.has(id);
  }

  write(id: number, now: ReportNow): void {
    this.#writers.get(id)?.(now);
  }

  readonly #information = (now: ReportNow): void => {
    const told = emptyMessage(messages.gimbalManagerInformation);
    told.time_boot_ms = now.bootMs;
    told.cap_flags = this.#capabilities();
    told.gimbal_device_id = this.#options.gimbalDeviceId;
    Object.assign(told, this.#ranges());
    now.send(messages.gimbalManagerInformation, told);
  };

  readonly #status = (now: ReportNow): void => {
    const told = emptyMessage(messages.gimbalManagerStatus);
    told.time_boot_ms = now.bootMs;
    told.flags = now.flags;
    told.gimbal_device_id = this.#options.gimbalDeviceId;
    told.primary_control_sysid = now.primary?.systemId ?? 0;
    told.primary_control_compid = now.primary?.componentId ?? 0;
    told.secondary_control_sysid = now.secondary?.systemId ?? 0;
    told.secondary_control_compid = now.secondary?.componentId ?? 0;
    now.send(messages.gimbalManagerStatus, told);
  };

  readonly #deviceInformation = (now: ReportNow): void => {
    const { device, gimbalDeviceId } = this.#options;
    const told = emptyMessage(messages.gimbalDeviceInformation);
    told.time_boot_ms = now.bootMs;
    told.vendor_name = "kairos-bridge";
    told.model_name = device.profile;
    told.custom_name = device.id;
    told.cap_flags = this.#capabilities();
    told.gimbal_device_id = gimbalDeviceId;
    Object.assign(told, this.#ranges());
    now.send(messages.gimbalDeviceInformation, told);
  };

  /** Nothing until there is telemetry. */
  readonly #attitude = (now: ReportNow): void => {
    const { device, gimbalDeviceId, readJoints } = this.#options;
    if (Number.isNaN(readJoints(this.#row))) return;
    const count = device.axes.length;
    const { yaw, roll, pitch, order } = this.#joints;
    const at = (axis: number, offset: number): number =>
      axis < 0 ? 0 : (this.#row[axis + offset] ?? 0);
    const angles = { yawRad: at(yaw, 0), rollRad: at(roll, 0), pitchRad: at(pitch, 0) };
    const rates = { yawRad: at(yaw, count), rollRad: at(roll, count), pitchRad: at(pitch, count) };
    const told = emptyMessage(messages.gimbalDeviceAttitudeStatus);
    const xyz = new Float64Array(3);
    writeFrdQuaternion(angles, order, told.q);
    writeFrdRates(angles, rates, order, xyz);
    told.angular_velocity_x = xyz[0] ?? 0;
    told.angular_velocity_y = xyz[1] ?? 0;
    told.angular_velocity_z = xyz[2] ?? 0;
    told.time_boot_ms = now.bootMs;
    told.flags = now.flags;
    // How the vehicle stands to north is not known here.
    told.delta_yaw = told.delta_yaw_velocity = Number.NaN;
    told.gimbal_device_id = gimbalDeviceId;
    now.send(messages.gimbalDeviceAttitudeStatus, told);
  };

  readonly #component = (now: ReportNow): void => {
    const told = emptyMessage(messages.componentInformationBasic);
    told.time_boot_ms = now.bootMs;
    told.capabilities = ProtocolCapability.mavlink2 | ProtocolCapability.gimbalManager;
    told.vendor_name = "kairos-bridge";
    told.model_name = this.#options.device.profile;
    told.software_version = this.#options.version;
    now.send(messages.componentInformationBasic, told);
  };

  #capabilities(): number {
    const { yaw, roll, pitch } = this.#joints;
    const { device } = this.#options;
    const c = GimbalCapability;
    const canStow = device.stowRad !== undefined || device.interlock !== undefined;
    const isEndless = device.axes[yaw]?.continuous === true;
    return (
      c.neutral |
      (canStow ? c.retract : 0) |
      (roll < 0 ? 0 : c.rollAxis | c.rollFollow) |
      (pitch < 0 ? 0 : c.pitchAxis | c.pitchFollow) |
      (yaw < 0 ? 0 : c.yawAxis | c.yawFollow) |
      (isEndless ? c.infiniteYaw : 0)
    );
  }

  #ranges() {
    const { device } = this.#options;
    const { yaw, roll, pitch } = this.#joints;
    const [yaw_min, yaw_max] = rangeOf(device.axes[yaw], frdYaw);
    const [roll_min, roll_max] = rangeOf(device.axes[roll], frdRoll);
    const [pitch_min, pitch_max] = rangeOf(device.axes[pitch], frdPitch);
    return { yaw_min, yaw_max, roll_min, roll_max, pitch_min, pitch_max };
  }
}

/** Turned round, the upper end is the lower. */
function rangeOf(
  axis: AxisDescription | undefined,
  turn: (value: number) => number,
): readonly [number, number] {
  if (axis === undefined) return [0, 0];
  const ends = [turn(axis.lowerRad), turn(axis.upperRad)];
  return [Math.min(...ends), Math.max(...ends)];
}
