import type { CheckedDriver } from "../../devices/drivers/driver-settings.ts";
import type { Ros2Settings } from "../../devices/drivers/ros2/ros2-settings.ts";
import type { RosActions } from "../../ros/actions/action-port.ts";
import { JointStateInput } from "../../ros/inputs/joint-state-input.ts";
import { MeasuredStampMap } from "../../ros/inputs/measured-stamp-map.ts";
import { messageReader } from "../../ros/messages/codec.ts";
import type { RosNode } from "../../ros/node/ros-node.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../contract/clock.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { DiagnosticEntry } from "../contract/diagnostics.ts";
import { errorText } from "../contract/errors.ts";
import type { Log } from "../contract/log.ts";
import type { RosSubscription } from "../contract/ros-transport.ts";
import type { SharedMemory } from "../shared-memory.ts";
import { openOutlet } from "./ros-mount-outlets.ts";
import { RosMount } from "./ros-mount.ts";

interface RosRobotOptions {
  readonly node: RosNode;
  readonly actions: RosActions | undefined;
  readonly memory: SharedMemory;
  readonly clock: Clock;
  readonly log: Log;
  readonly isActive: () => boolean;
}

/** The robot on ROS that the driver `ros2` drives: its mount, its timer, its ears. */
export interface RosRobot extends AsyncDisposable {
  diagnostics(): readonly DiagnosticEntry[];
}

/** ROS joint names in axis order, as the driver's settings have them. */
export function jointNamesOf(device: DeviceDescription, { jointNames }: Ros2Settings): string[] {
  return device.axes.map(({ name }) => jointNames[name] ?? name);
}

/** Undefined where something else is driven. */
export function openRosRobot(
  config: Config,
  device: DeviceDescription,
  driver: CheckedDriver,
  { node, actions, memory, clock, log, isActive }: RosRobotOptions,
): RosRobot | undefined {
  if (driver.name !== "ros2") return undefined;
  const settings = driver.settings as Ros2Settings;
  const jointNames = jointNamesOf(device, settings);
  const outlet = openOutlet({ node, actions, settings, jointNames });
  const { far, preview } = memory;
  const mount = new RosMount({ device, settings, memory: far, preview, outlet, isActive, log });
  // With observations from ROS the joints come that way: one history has one writer.
  const ears =
    config.observation.source === "ros"
      ? undefined
      : listen(config, device, { node, memory, clock, log, settings, jointNames });
  const timer = setInterval(() => {
    mount.tick(clock.monotonicMs());
  }, 1000 / settings.rateHz);
  return {
    diagnostics: () => [mount.diagnostics()],
    [Symbol.asyncDispose]: () => {
      clearInterval(timer);
      mount.close();
      ears?.close();
      return Promise.resolve();
    },
  };
}

/** Joint states into the telemetry history. */
function listen(
  config: Config,
  device: DeviceDescription,
  {
    node,
    memory,
    clock,
    log,
    settings,
    jointNames,
  }: Pick<RosRobotOptions, "node" | "memory" | "clock" | "log"> & {
    readonly settings: Ros2Settings;
    readonly jointNames: readonly string[];
  },
): RosSubscription {
  const { maxStampAgeMs, maxStampAheadMs } = config.rosInputs;
  const type = "sensor_msgs/msg/JointState";
  const decode = messageReader(type);
  const input = new JointStateInput({
    axisNames: device.axes.map(({ name }) => name),
    jointNames,
    telemetry: memory.telemetry,
    stamps: new MeasuredStampMap({ maxAgeMs: maxStampAgeMs, maxAheadMs: maxStampAheadMs }),
    onRefused: (reason, text) => {
      log.warn({ reason, text }, "a joint state was not used");
    },
  });
  // rmw_qos_profile_sensor_data, which matches reliable and best-effort writers alike.
  const qos = { reliability: "best_effort", durability: "volatile", depth: 10 } as const;
  return node.subscribe({ name: settings.jointStatesTopic, type, qos }, (cdr) => {
    try {
      input.take(decode(cdr), clock.monotonicMs());
    } catch (error) {
      input.refusals.add("undecodable", errorText(error));
    }
  });
}
