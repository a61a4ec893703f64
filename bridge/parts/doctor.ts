import { dirname } from "node:path";
import process from "node:process";
import { disableTelemetry } from "../../models/engine/telemetry.ts";
import { probeEngine } from "../../models/probe/engine.ts";
import { hostFiles } from "../../models/probe/host-files.ts";
import { probeModel } from "../../models/probe/model.ts";
import { probeNvidia } from "../../models/probe/nvidia.ts";
import { probeRosEnvironment } from "../../ros/probe/environment-probe.ts";
import { probeDdsNetwork } from "../../ros/probe/network-probe.ts";
import { probeRclnodejs } from "../../ros/probe/rclnodejs-probe.ts";
import type { Config } from "../config.ts";
import { BridgeError } from "../contract/errors.ts";
import type { Engine } from "../contract/engine.ts";
import type { Finding, FindingGroup } from "../contract/finding.ts";
import { probeDevice } from "./doctor-device.ts";
import { loadDevice } from "./device.ts";
import { modelFolder, whyFollower } from "./model.ts";
import { rosNetworkConfig } from "./ros.ts";

/**
 * What the side folders say of this machine, each of its own part, under the given configuration.
 * Opens the engine and the model, and sockets on loopback; starts no service and moves nothing.
 */
export async function probeParts(config: Config): Promise<readonly FindingGroup[]> {
  return [probeDevice(config), ...(await probeInference(config)), ...(await probeRos(config))];
}

async function probeInference(config: Config): Promise<FindingGroup[]> {
  disableTelemetry();
  const { engineLibrary } = config.model;
  const opened = await probeEngine(engineLibrary === "" ? {} : { libraryPath: engineLibrary });
  const engine: FindingGroup = { title: "ONNX Runtime", findings: opened.findings };
  if (opened.engine === undefined) return [engine];
  await using used = opened.engine;
  const nvidia = await probeNvidia({
    files: hostFiles(),
    engineFolder: dirname(used.info.library),
    providers: used.info.providers,
    environment: process.env,
  });
  const model = await probeServing(config, used);
  return [engine, { title: "GPU", findings: nvidia }, { title: "Model", findings: model }];
}

async function probeServing(config: Config, engine: Engine): Promise<readonly Finding[]> {
  const because = followerReason(config);
  if (because === undefined) return await probeModel(engine, modelFolder(config));
  const text = `setpoint-follower, learnt while it runs; no picture, no target: ${because}`;
  return [{ level: "note", subject: "model", text }];
}

/** A profile that cannot be read is the device's finding, and says nothing about the model. */
function followerReason(config: Config): string | undefined {
  try {
    return whyFollower(config, loadDevice(config.device.profile));
  } catch (error) {
    if (error instanceof BridgeError) return undefined;
    throw error;
  }
}

async function probeRos(config: Config): Promise<FindingGroup[]> {
  if (config.ros.transport === "off") {
    const text = "off by configuration (ros.transport)";
    return [{ title: "ROS 2", findings: [{ level: "note", subject: "transport", text }] }];
  }
  const { findings, network } = probeRosEnvironment(process.env, rosNetworkConfig(config));
  if (network === undefined) return [{ title: "ROS 2", findings }];
  const asked = config.ros.transport;
  const rclnodejs = await probeRclnodejs({ environment: process.env, network, asked });
  const sockets = await probeDdsNetwork(network);
  return [{ title: "ROS 2", findings: [...findings, rclnodejs, ...sockets] }];
}
