import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import type { DriverKind } from "../driver-kind.ts";
import { gimbalComponentIds } from "./codec/constants.ts";
import { gimbalJoints, isLoopback } from "./gimbal-joints.ts";
import { MavlinkSettings } from "./mavlink-schema.ts";

export const mavlinkKind: DriverKind<MavlinkSettings> = {
  schema: MavlinkSettings,
  problems,
  serialPorts: ({ port }) => (port === undefined ? [] : [port]),
  describe: ({ port, baudRate, bind, address, gimbalComponentId }) => {
    const way =
      port === undefined
        ? `UDP ${bind}${address === undefined ? "" : ` to ${address}`}`
        : `${port} at ${baudRate} baud`;
    return `MAVLink gimbal ${gimbalComponentId === 0 ? "" : `${gimbalComponentId} `}on ${way}`;
  },
};

function problems(settings: MavlinkSettings, device: DeviceDescription): readonly string[] {
  const { gimbalComponentId, componentId, bind, port, signingKeyFile } = settings;
  const found = gimbalJoints(device).problems.slice();
  if (gimbalComponentId !== 0 && !gimbalComponentIds.includes(gimbalComponentId))
    found.push(
      `gimbalComponentId is ${gimbalComponentId}, expected 0 or one of ${gimbalComponentIds.join(", ")}`,
    );
  if (gimbalComponentIds.includes(componentId))
    found.push(`componentId is ${componentId}, which is a gimbal's own, expected e.g. 191`);
  if (port === undefined && signingKeyFile === undefined && !isLoopback(bind))
    found.push(
      `bind is ${bind}, where anybody can speak for the gimbal, expected 127.0.0.1 or a signingKeyFile`,
    );
  return found;
}
