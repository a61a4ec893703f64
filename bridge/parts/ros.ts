import process from "node:process";
import type { RosActions } from "../../ros/actions/action-port.ts";
import { rosNetwork, type RosNetworkConfig } from "../../ros/environment.ts";
import { RosPublications } from "../../ros/publications.ts";
import type { RclnodejsTransport } from "../../ros/rclnodejs/rclnodejs-transport.ts";
import type { RtpsTransport } from "../../ros/rtps-transport.ts";
import type { RosSink } from "../bridge-service.ts";
import type { CheckedDriver } from "../../devices/drivers/driver-settings.ts";
import type { Config } from "../config.ts";
import type { DeviceDescription } from "../contract/device.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import type { Heartbeats } from "../contract/heartbeats.ts";
import type { Log } from "../contract/log.ts";
import type { RosTransport } from "../contract/ros-transport.ts";
import type { WorldModel } from "../contract/world-model.ts";
import { RateLimit } from "../core/rate-limit.ts";
import type { SharedMemory } from "../shared-memory.ts";
import { fixedFrames, robotDescription } from "./description.ts";
import { RosEvents } from "./ros-events.ts";
import { RosInputs } from "./ros-inputs.ts";
import { openRosRobot, type RosRobot } from "./ros-robot.ts";
import { openRosTransport } from "./ros-transport.ts";
import { ServiceNode, type ServiceNodeOptions } from "./service-node.ts";

/** What the configuration says of the ROS network; the rest is left to the environment. */
export function rosNetworkConfig({ ros }: Config): RosNetworkConfig {
  return {
    domainId: ros.domainId === -1 ? undefined : ros.domainId,
    discoveryRange: ros.discoveryRange === "" ? undefined : ros.discoveryRange,
    staticPeers: ros.staticPeers.length === 0 ? undefined : ros.staticPeers,
  };
}

/** Undefined where ROS is switched off. */
export async function openRos(
  config: Config,
  {
    driver,
    heartbeats,
    log,
  }: { readonly driver: string; readonly heartbeats: Heartbeats; readonly log: Log },
): Promise<RtpsTransport | RclnodejsTransport | undefined> {
  if (config.ros.transport === "off") {
    const observes = config.observation.source === "ros";
    if (!observes && driver !== "ros2") return undefined;
    throw new BridgeError(
      ErrorCode.ConfigInvalid,
      `${observes ? "observation.source is ros" : "the driver is ros2"} and ros.transport is off, expected a transport`,
    );
  }
  const network = rosNetwork(process.env, rosNetworkConfig(config));
  return await openRosTransport(config, { network, heartbeats, log, environment: process.env });
}

interface RosPartsOptions extends Omit<ServiceNodeOptions, "transport"> {
  readonly transport: ServiceNodeOptions["transport"] | undefined;
  readonly device: DeviceDescription;
  readonly driver: CheckedDriver;
  readonly model: WorldModel;
  readonly memory: SharedMemory;
  readonly actions: RosActions | undefined;
}

/** The service on the ROS graph: the node, and what the loop tells it in messages. */
export interface RosParts {
  /** The node itself: names given to it are remapped. */
  readonly transport: RosTransport;
  readonly sink: RosSink;
  readonly serviceNode: ServiceNode;
  readonly inputs: RosInputs;
  /** Where a robot on ROS is what is driven. */
  readonly robot: RosRobot | undefined;
}

/** Undefined where there is no transport. */
export function rosParts(
  config: Config,
  { transport, device, driver, model, memory, ...options }: RosPartsOptions,
): RosParts | undefined {
  if (transport === undefined) return undefined;
  const serviceNode = new ServiceNode(config, { transport, ...options });
  const { node, time } = serviceNode;
  const { clock, tee, actions } = options;
  const { log } = tee;
  const robot = openRosRobot(config, device, driver, {
    node,
    actions,
    memory,
    clock,
    log,
    isActive: () => serviceNode.isActive,
  });
  const inputs = new RosInputs(config, device, { node, memory, clock, time, log, actions });
  const events = new RosEvents({ transport, clock, log });
  const publications = new RosPublications({
    node,
    device,
    clock: time,
    model: () => model.description,
    ...(config.ros.publishFrames ? { fixedFrames: fixedFrames(device) } : {}),
    urdf: robotDescription(config.device.profile, "urdf"),
  });
  const { settings } = options;
  // What came from ROS is on ROS already.
  const isOurs = config.observation.source === "device";
  const measures = (): boolean => isOurs && serviceNode.isConfigured;
  const predicts = (): boolean => serviceNode.isActive && settings.publishPredictions;
  const count = (...names: Parameters<typeof publications.matchedCount>[0][]): number =>
    names.reduce((sum, name) => sum + publications.matchedCount(name), 0);
  // diagnostic_updater's way: every name begins with that of the node, whatever it is called.
  const named = (name: string): string => name.replace(/^kairos_bridge\b/, node.name.name);
  const rate = new RateLimit();
  const sink: RosSink = {
    jointState: (observation) => {
      if (!measures() || !rate.allows(observation.stampMs, settings.maxJointStatesRateHz)) return;
      publications.jointState(observation);
      if (settings.publishFrames) publications.transforms(observation);
    },
    prediction: (prediction, lookaheadMs) => {
      if (predicts()) publications.prediction(prediction, lookaheadMs);
    },
    diagnostics: (entries) => {
      const all = [
        ...entries,
        ...inputs.diagnostics(),
        ...(robot?.diagnostics() ?? []),
        serviceNode.diagnostics(),
        events.diagnostics(),
      ];
      publications.diagnostics(all.map((entry) => ({ ...entry, name: named(entry.name) })));
    },
    wantsCamera: () => measures() && count("cameraImage") > 0,
    camera: (frame, jpeg) => {
      publications.camera(jpeg, frame.stampMs);
    },
    wantsFrames: () => measures() && count("cameraRaw", "cameraInfo") > 0,
    frame: (frame) => {
      publications.cameraRaw(frame);
    },
    wantsPredicted: () => predicts() && count("predictedImage") > 0,
    predicted: (frame, jpeg) => {
      publications.predictedCamera(jpeg, frame.stampMs);
    },
  };
  return { transport: node, sink, serviceNode, inputs, robot };
}
