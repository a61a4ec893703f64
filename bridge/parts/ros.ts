import process from "node:process";
import { rosNetwork, type RosNetworkConfig } from "../../ros/environment.ts";
import { RosPublications } from "../../ros/publications.ts";
import type { RclnodejsTransport } from "../../ros/rclnodejs/rclnodejs-transport.ts";
import type { RtpsTransport } from "../../ros/rtps-transport.ts";
import type { RosSink } from "../bridge-service.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../contract/clock.ts";
import type { DiagnosticEntry } from "../contract/diagnostics.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { Heartbeats } from "../contract/heartbeats.ts";
import type { Log } from "../contract/log.ts";
import type { RosTransport } from "../contract/ros-transport.ts";
import { openRosTransport } from "./ros-transport.ts";

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
  if (config.ros.transport === "off") return undefined;
  const network = rosNetwork(process.env, rosNetworkConfig(config));
  return await openRosTransport(config, { network, heartbeats, log, environment: process.env });
}

interface RosPartsOptions {
  readonly clock: Clock;
  /** What ROS itself has to say of its inputs, beside the service's own entries. */
  readonly diagnostics?: () => readonly DiagnosticEntry[];
}

/** What the service tells ROS, in messages. */
export function rosParts(
  config: Config,
  device: DeviceDescription,
  transport: RosTransport,
  { clock, diagnostics = () => [] }: RosPartsOptions,
): { readonly transport: RosTransport; readonly sink: RosSink } {
  const publications = new RosPublications({
    transport,
    namespace: config.ros.namespace,
    axisNames: device.axes.map((axis) => axis.name),
    frameIds: { base: device.baseFrameId, camera: device.camera.frameId },
    hardwareId: device.id,
    clock,
  });
  // What came from ROS is on ROS already.
  const isOurs = config.observation.source === "device";
  const sink: RosSink = {
    jointState: (observation) => {
      if (isOurs) publications.jointState(observation);
    },
    prediction: (prediction, lookaheadMs) => {
      publications.prediction(prediction, lookaheadMs);
    },
    diagnostics: (entries) => {
      publications.diagnostics([...entries, ...diagnostics()]);
    },
    wantsCamera: () => isOurs && publications.matchedCount("cameraImage") > 0,
    camera: (frame, jpeg) => {
      publications.camera(jpeg, frame.stampMs);
    },
    wantsPredicted: () => publications.matchedCount("predictedImage") > 0,
    predicted: (frame, jpeg) => {
      publications.predictedCamera(jpeg, frame.stampMs);
    },
  };
  return { transport, sink };
}
