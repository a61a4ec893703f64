import type { RosActions } from "../../ros/actions/action-port.ts";
import { serviceActions } from "../../ros/actions/service-actions.ts";
import type { RosNetwork } from "../../ros/environment.ts";
import { binaryTrial } from "../../ros/rclnodejs/binary-trial.ts";
import {
  checkRclnodejs,
  type RclnodejsFound,
  refusalText,
} from "../../ros/rclnodejs/environment-check.ts";
import { hostEnvironment } from "../../ros/rclnodejs/host-environment.ts";
import {
  openRclnodejsTransport,
  RclnodejsTransport,
} from "../../ros/rclnodejs/rclnodejs-transport.ts";
import { openRtpsTransport, type RtpsTransport } from "../../ros/rtps-transport.ts";
import type { Config } from "../config.ts";
import type { Clock } from "../contract/clock.ts";
import { BridgeError, ErrorCode, textWithoutCode } from "../contract/errors.ts";
import type { Heartbeats } from "../contract/heartbeats.ts";
import type { Log } from "../contract/log.ts";
import { workerEntry } from "./package-files.ts";

export interface RosTransportParts {
  readonly network: RosNetwork;
  readonly heartbeats: Heartbeats;
  readonly log: Log;
  /** The service's own. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the package rclnodejs is searched from; default the bridge's own folder. */
  readonly searchFrom?: URL;
}

/**
 * The transport `ros.transport` asks for. `auto` takes rclnodejs where it can be had, else the embedded
 * participant, and says why; asked for by name, rclnodejs is had or the start fails.
 *
 * @throws BridgeError `ros/transport` where rclnodejs was asked for by name and cannot be had, and as
 * `openRtpsTransport`.
 */
export async function openRosTransport(
  { ros }: Config,
  parts: RosTransportParts,
): Promise<RtpsTransport | RclnodejsTransport> {
  if (ros.transport === "rtps") {
    return await openEmbedded({ ros }, parts, "asked for by ros.transport");
  }
  const opened = await tryRclnodejs({ ros }, parts);
  if (typeof opened !== "string") return opened;
  if (ros.transport === "rclnodejs") {
    throw new BridgeError(ErrorCode.RosTransport, `ros.transport is rclnodejs, but ${opened}`);
  }
  return await openEmbedded({ ros }, parts, opened);
}

type RosConfig = Pick<Config, "ros">;

async function openEmbedded(
  { ros }: RosConfig,
  { network, heartbeats, log }: RosTransportParts,
  reason: string,
): Promise<RtpsTransport> {
  return await openRtpsTransport({
    ...network,
    interfaces: ros.interfaces,
    workerEntry: workerEntry("ros/rtps-host-worker.js"),
    nodeName: ros.nodeName,
    namespace: ros.namespace,
    heartbeats,
    log,
    reason,
  });
}

/** The transport, or why there is none. */
async function tryRclnodejs(
  { ros }: RosConfig,
  { network, heartbeats, log, environment, searchFrom }: RosTransportParts,
): Promise<RclnodejsTransport | string> {
  const found = checkRclnodejs({
    environment,
    ...(searchFrom === undefined ? {} : { searchFrom }),
  });
  if (!found.usable) {
    const isSourced = (environment["AMENT_PREFIX_PATH"] ?? "") !== "";
    return isSourced || ros.transport === "rclnodejs" ? refusalText(found) : found.found;
  }
  const trouble = await binaryTrial(found.binary, hostEnvironment(environment, network));
  if (trouble !== undefined) return `rclnodejs's binary does not load: ${trouble}`;
  try {
    return await openRclnodejsTransport({
      network,
      nodeName: ros.nodeName,
      namespace: ros.namespace,
      hostEntry: workerEntry("ros/rclnodejs/host-child.js"),
      module: found.module,
      environment,
      heartbeats,
      log,
      reason: foundText(found),
    });
  } catch (error) {
    const text = textWithoutCode(error);
    log.warn({ error: text }, "rclnodejs did not start");
    return `rclnodejs ${found.version} did not start: ${text}`;
  }
}

function foundText({ distribution, middleware, version }: RclnodejsFound): string {
  return `ROS 2 ${distribution} is sourced (${middleware}, rclnodejs ${version})`;
}

/** Actions on this transport: rclnodejs has its own, the embedded participant builds them of services. */
export function rosActions(
  transport: RtpsTransport | RclnodejsTransport,
  options: { readonly clock: Clock; readonly log: Log },
): RosActions {
  return transport instanceof RclnodejsTransport
    ? transport.actions
    : serviceActions(transport, options);
}
