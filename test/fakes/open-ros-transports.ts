import process from "node:process";
import { Heartbeats } from "../../bridge/contract/heartbeats.ts";
import { type Log, silentLog } from "../../bridge/contract/log.ts";
import {
  openRclnodejsTransport,
  type RclnodejsTransport,
} from "../../ros/rclnodejs/rclnodejs-transport.ts";
import { openRtpsTransport, type RtpsTransport } from "../../ros/rtps-transport.ts";

/** This file is test/fakes/open-ros-transports.ts or, compiled, the same under dist. */
const toDist = import.meta.url.endsWith(".js") ? "../../" : "../../dist/";
export const inDist = (path: string): URL => new URL(`${toDist}${path}`, import.meta.url);
export const hostEntry = inDist("ros/rclnodejs/host-child.js");
export const standInModule = inDist("test/fakes/rclnodejs-stand-in.js");

/**
 * A domain for one test file. `offset` keeps the files of one process apart. Below 100 the ports of a
 * domain lie under Linux's ephemeral range.
 */
export const testDomain = (offset: number): number => 1 + ((process.pid * 7 + offset) % 95);

export interface TestTransportOptions {
  readonly domainId: number;
  readonly nodeName: string;
  readonly heartbeats?: Heartbeats;
  readonly log?: Log;
  readonly environment?: Readonly<Record<string, string>>;
  readonly module?: URL;
}

export async function openTestRtps(options: TestTransportOptions): Promise<RtpsTransport> {
  return await openRtpsTransport({
    workerEntry: inDist("ros/rtps-host-worker.js"),
    domainId: options.domainId,
    discoveryRange: "LOCALHOST",
    staticPeers: [],
    interfaces: [],
    nodeName: options.nodeName,
    namespace: "/",
    heartbeats: options.heartbeats ?? new Heartbeats(),
    log: options.log ?? silentLog,
  });
}

/** The rclnodejs host, with the stand-in for the package unless `module` says otherwise. */
export async function openTestRclnodejs(
  options: TestTransportOptions,
): Promise<RclnodejsTransport> {
  const { domainId } = options;
  return await openRclnodejsTransport({
    network: { domainId, discoveryRange: "LOCALHOST", staticPeers: [] },
    nodeName: options.nodeName,
    namespace: "/",
    hostEntry,
    module: options.module ?? standInModule,
    environment: {
      PATH: process.env["PATH"],
      AMENT_PREFIX_PATH: "/opt/ros/jazzy",
      ROS_DISTRO: "jazzy",
      ...options.environment,
    },
    heartbeats: options.heartbeats ?? new Heartbeats(),
    log: options.log ?? silentLog,
    reason: "a test",
  });
}
