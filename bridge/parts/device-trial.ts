import process from "node:process";
import { rosNetwork } from "../../ros/environment.ts";
import { ParameterStore } from "../../ros/node/parameter-store.ts";
import { RosNode } from "../../ros/node/ros-node.ts";
import type { Config } from "../config.ts";
import { systemClock } from "../contract/clock.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import { Thread } from "../contract/heartbeats.ts";
import type { Log } from "../contract/log.ts";
import { closeAll, type Closer } from "../core/lifecycle.ts";
import { createSharedMemory, type SharedMemory } from "../shared-memory.ts";
import { runTrial, type TrialDialog } from "../trial/run-trial.ts";
import type { TrialReport } from "../trial/trial-report.ts";
import { chooseDriver, loadDevice, openMount } from "./device.ts";
import { openRosRobot } from "./ros-robot.ts";
import { rosNetworkConfig } from "./ros.ts";
import { openRosTransport, rosActions } from "./ros-transport.ts";
import { cameraRate, openSimulation } from "./simulation.ts";

const beatMs = 50;

interface DeviceTrialOptions {
  readonly dialog: TrialDialog;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * The guided trial of the configured device through its driver, with nothing else of the service: no
 * model, no server, no clients. Braked to rest and closed when it returns, however it ends.
 *
 * @throws BridgeError of what cannot be opened.
 */
export async function tryDevice(config: Config, options: DeviceTrialOptions): Promise<TrialReport> {
  const closers: Closer[] = [];
  try {
    return await openAndTry(config, options, closers);
  } finally {
    await closeAll(closers);
  }
}

async function openAndTry(
  config: Config,
  { dialog, signal, log }: DeviceTrialOptions,
  closers: Closer[],
): Promise<TrialReport> {
  const device = loadDevice(config.device.profile);
  const driver = chooseDriver(config, device);
  if (driver.name === "agent") {
    throw new BridgeError(
      ErrorCode.DeviceDriver,
      "an agent connects to the running service: start it with device.driver agent and use its page",
    );
  }
  dialog.say(`${device.profile}: ${driver.description}`);
  const memory = createSharedMemory(config, device);
  beat(memory, closers);
  if (driver.name === "simulator") {
    const simulation = await openSimulation(config, device, {
      driver: driver.name,
      memory,
      cameraOut: memory.camera,
      camera: cameraRate(config),
      log,
      onFault: (error) => {
        dialog.say(`the simulator has failed: ${error.message}`);
      },
    });
    closers.push(() => simulation[Symbol.asyncDispose]());
  }
  if (driver.name === "ros2") {
    const network = rosNetwork(process.env, rosNetworkConfig(config));
    const { heartbeats } = memory;
    const environment = process.env;
    const transport = await openRosTransport(config, { network, heartbeats, log, environment });
    closers.push(() => transport[Symbol.asyncDispose]());
    const name = { name: `${config.ros.nodeName}_trial`, namespace: config.ros.namespace };
    const node = new RosNode({
      transport,
      name,
      remaps: [],
      parameters: new ParameterStore(),
    });
    const clock = systemClock();
    const actions = rosActions(transport, { clock, log });
    const robot = openRosRobot(config, device, driver, {
      node,
      actions,
      memory,
      clock,
      log,
      isActive: () => true,
    });
    if (robot !== undefined) closers.push(() => robot[Symbol.asyncDispose]());
  }
  const actuation = await openMount(config, device, driver, { memory, faults: undefined });
  closers.push(() => actuation[Symbol.asyncDispose]());
  const { telemetry, setpoints } = memory;
  const target = { driverName: driver.name, actuation, telemetry, setpoints };
  return await runTrial(target, { dialog, signal });
}

function beat({ heartbeats }: SharedMemory, closers: Closer[]): void {
  const clock = systemClock();
  heartbeats.beat(Thread.Main, clock.monotonicMs());
  const timer = setInterval(() => {
    heartbeats.beat(Thread.Main, clock.monotonicMs());
  }, beatMs);
  closers.push(() => {
    clearInterval(timer);
    return Promise.resolve();
  });
}
