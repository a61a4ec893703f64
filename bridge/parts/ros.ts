import process from "node:process";
import type { RosActions } from "../../ros/actions/action-port.ts";
import { rosNetwork, type RosNetworkConfig } from "../../ros/environment.ts";
import { RosPublications } from "../../ros/publications.ts";
import type { RclnodejsTransport } from "../../ros/rclnodejs/rclnodejs-transport.ts";
import type { RtpsTransport } from "../../ros/rtps-transport.ts";
import type { RosSink } from "../bridge-service.ts";
import type { Config } from "../config.ts";
import type { DeviceDescription } from "../contract/device.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import type { Heartbeats } from "../contract/heartbeats.ts";
import type { Log } from "../contract/log.ts";
import type { RosTransport } from "../contract/ros-transport.ts";
import { RateLimit } from "../core/rate-limit.ts";
import type { SharedMemory } from "../shared-memory.ts";
import { fixedFrames, robotDescription } from "./description.ts";
import { RosInputs } from "./ros-inputs.ts";
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
  { heartbeats, log }: { readonly heartbeats: Heartbeats; readonly log: Log },
): Promise<RtpsTransport | RclnodejsTransport | undefined> {
  if (config.ros.transport === "off") {
    if (config.observation.source === "device") return undefined;
    throw new BridgeError(
      ErrorCode.ConfigInvalid,
      "observation.source is ros and ros.transport is off, expected a transport",
    );
  }
  const network = rosNetwork(process.env, rosNetworkConfig(config));
  return await openRosTransport(config, { network, heartbeats, log, environment: process.env });
}

interface RosPartsOptions extends ServiceNodeOptions {
  readonly device: DeviceDescription;
  readonly memory: SharedMemory;
  readonly actions?: RosActions;
}

/** The service on the ROS graph: the node, and what the loop tells it in messages. */
export interface RosParts {
  readonly transport: RosTransport;
  readonly sink: RosSink;
  readonly serviceNode: ServiceNode;
  readonly inputs: RosInputs;
}

export function rosParts(config: Config, options: RosPartsOptions): RosParts {
  const { device, settings } = options;
  const serviceNode = new ServiceNode(config, options);
  const { node, time } = serviceNode;
  const { clock, memory, tee } = options;
  const { actions } = options;
  const inputs = new RosInputs(config, device, {
    node,
    memory,
    clock,
    time,
    log: tee.log,
    actions,
  });
  const publications = new RosPublications({
    node,
    device,
    clock: time,
    ...(config.ros.publishFrames ? { fixedFrames: fixedFrames(device) } : {}),
    urdf: robotDescription(config.device.profile, "urdf"),
  });
  const predicts = (): boolean => serviceNode.isActive && settings.publishPredictions;
  const rate = new RateLimit();
  // What came from ROS is on ROS already.
  const isOurs = config.observation.source === "device";
  const sink: RosSink = {
    jointState: (observation) => {
      if (!isOurs || !serviceNode.isConfigured) return;
      if (!rate.allows(observation.stampMs, settings.maxJointStatesRateHz)) return;
      publications.jointState(observation);
      if (settings.publishFrames) publications.transforms(observation);
    },
    prediction: (prediction, lookaheadMs) => {
      if (predicts()) publications.prediction(prediction, lookaheadMs);
    },
    diagnostics: (entries) => {
      publications.diagnostics([...entries, ...inputs.diagnostics()]);
    },
    wantsCamera: () =>
      isOurs && serviceNode.isConfigured && publications.matchedCount("cameraImage") > 0,
    camera: (frame, jpeg) => {
      publications.camera(jpeg, frame.stampMs);
    },
    wantsFrames: () =>
      isOurs &&
      serviceNode.isConfigured &&
      publications.matchedCount("cameraRaw") + publications.matchedCount("cameraInfo") > 0,
    frame: (frame) => {
      publications.cameraRaw(frame);
    },
    wantsPredicted: () => predicts() && publications.matchedCount("predictedImage") > 0,
    predicted: (frame, jpeg) => {
      publications.predictedCamera(jpeg, frame.stampMs);
    },
  };
  return { transport: node, sink, serviceNode, inputs };
}
