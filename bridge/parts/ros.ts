import process from "node:process";
import { rosNetwork, type RosNetworkConfig } from "../../ros/environment.ts";
import { RosPublications } from "../../ros/publications.ts";
import { openRtpsTransport, type RtpsTransport } from "../../ros/rtps-transport.ts";
import type { RosSink } from "../bridge-service.ts";
import type { Config } from "../config.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { Heartbeats } from "../contract/heartbeats.ts";
import type { Log } from "../contract/log.ts";
import type { RosTransport } from "../contract/ros-transport.ts";
import type { WorldModel } from "../contract/world-model.ts";
import { RateLimit } from "../core/rate-limit.ts";
import { fixedFrames, robotDescription } from "./description.ts";
import { workerEntry } from "./package-files.ts";
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
): Promise<RtpsTransport | undefined> {
  const { transport, interfaces, nodeName, namespace } = config.ros;
  if (transport === "off") return undefined;
  const network = rosNetwork(process.env, rosNetworkConfig(config));
  return await openRtpsTransport({
    ...network,
    interfaces,
    workerEntry: workerEntry("ros/rtps-host-worker.js"),
    nodeName,
    namespace,
    heartbeats,
    log,
    reason: rosReason(transport),
  });
}

function rosReason(asked: "auto" | "rtps"): string {
  if (asked === "rtps") return "asked for by ros.transport";
  return process.env["AMENT_PREFIX_PATH"] === undefined
    ? "no ROS 2 environment is sourced"
    : "a ROS 2 environment is sourced, but this version has no rclnodejs host";
}

interface RosPartsOptions extends ServiceNodeOptions {
  readonly device: DeviceDescription;
  readonly model: WorldModel;
}

/** The service on the ROS graph: the node, and what the loop tells it in messages. */
export interface RosParts {
  readonly transport: RosTransport;
  readonly sink: RosSink;
  readonly serviceNode: ServiceNode;
}

export function rosParts(config: Config, options: RosPartsOptions): RosParts {
  const { device, model, settings } = options;
  const serviceNode = new ServiceNode(config, options);
  const { node, time } = serviceNode;
  const publications = new RosPublications({
    node,
    device,
    clock: time,
    model: () => model.description,
    ...(config.ros.publishFrames ? { fixedFrames: fixedFrames(device) } : {}),
    urdf: robotDescription(config.device.profile, "urdf"),
  });
  const predicts = (): boolean => serviceNode.isActive && settings.publishPredictions;
  const rate = new RateLimit();
  const sink: RosSink = {
    jointState: (observation) => {
      if (!serviceNode.isConfigured) return;
      if (!rate.allows(observation.stampMs, settings.maxJointStatesRateHz)) return;
      publications.jointState(observation);
      if (settings.publishFrames) publications.transforms(observation);
    },
    prediction: (prediction, lookaheadMs) => {
      if (predicts()) publications.prediction(prediction, lookaheadMs);
    },
    diagnostics: (entries) => {
      publications.diagnostics(entries);
    },
    wantsCamera: () => serviceNode.isConfigured && publications.matchedCount("cameraImage") > 0,
    camera: (frame, jpeg) => {
      publications.camera(jpeg, frame.stampMs);
    },
    wantsFrames: () =>
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
  return { transport: node, sink, serviceNode };
}
