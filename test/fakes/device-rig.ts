import { WebSocket } from "ws";
import {
  connectDeviceAgent,
  type DeviceAgent,
  type DeviceAgentOptions,
} from "../../bridge/client/device-agent.ts";
import { SimulatedMount } from "../../bridge/client/simulated-mount.ts";
import { actuationStatusWidth } from "../../bridge/contract/actuation.ts";
import { monotonicMs, systemClock } from "../../bridge/contract/clock.ts";
import { createFarDevice } from "../../bridge/contract/far-device.ts";
import { Heartbeats, Thread } from "../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import { previewWidth } from "../../bridge/contract/preview.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import { DeviceDesk } from "../../bridge/control/device-desk.ts";
import { openControlServer, type ControlServer } from "../../bridge/control/server.ts";
import { openActuation, type ActuationClient } from "../../devices/actuation/actuation-client.ts";
import { phoneMount, projectRoot } from "./synthetic-actuation.ts";

const mount = phoneMount();

export interface DeviceRig extends AsyncDisposable {
  readonly server: ControlServer;
  readonly agents: DeviceDesk;
  readonly actuation: ActuationClient;
  readonly telemetry: SampleRing;
  /** Positions of the newest telemetry, axis order. */
  posRad(): number[];
}

/** Control server and actuation thread of a device that an agent moves; no model, no simulator. */
export async function openDeviceRig(): Promise<DeviceRig> {
  const axisCount = mount.axes.length;
  const heartbeats = new Heartbeats();
  const beat = (): void => {
    heartbeats.beat(Thread.Main, monotonicMs());
  };
  beat();
  const beating = setInterval(beat, 50);
  const telemetry = SampleRing.create({ capacity: 512, width: 3 * axisCount });
  const memory = createFarDevice(axisCount, telemetry);
  const actuation = await openActuation({
    entry: new URL("dist/devices/actuation/actuation-worker.js", projectRoot),
    device: mount,
    driver: {
      kind: "agent",
      far: {
        setpoint: memory.setpoint.buffer,
        order: memory.order.buffer,
        health: memory.health.buffer,
      },
    },
    telemetry,
    setpoints: SampleRing.create({ capacity: 256, width: 2 * axisCount }),
    preview: SharedRow.create(previewWidth({ sampleCount: 140, axisCount })),
    status: SharedRow.create(actuationStatusWidth),
    heartbeats,
  });
  const clock = systemClock();
  const agents = new DeviceDesk({
    clock,
    log: silentLog,
    links: [
      {
        device: mount,
        memory,
        tighten: (axes, reason) => {
          actuation.send({ kind: "limits", axes, reason });
        },
      },
    ],
  });
  const server = await openControlServer({
    port: 0,
    actuations: [actuation],
    agents,
    status: () => ({}),
    metrics: () => "",
    clock,
    log: silentLog,
  });
  const row = new Float64Array(3 * axisCount);
  return {
    server,
    agents,
    actuation,
    telemetry,
    posRad: () => {
      telemetry.latest(row);
      return [...row.subarray(0, axisCount)];
    },
    async [Symbol.asyncDispose]() {
      clearInterval(beating);
      agents[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
      await actuation[Symbol.asyncDispose]();
    },
  };
}

export interface SimulatedAgent {
  readonly agent: DeviceAgent;
  readonly simulated: SimulatedMount;
  readonly held: readonly string[];
  readonly losses: readonly string[];
}

/** An agent of this process with a simulated mount, and what it was told. */
export function openSimulatedAgent(
  url: string,
  options: Partial<DeviceAgentOptions> = {},
): SimulatedAgent {
  const simulated = new SimulatedMount(mount.axes, { startRad: mount.homeRad, lagMs: 20 });
  const held: string[] = [];
  const losses: string[] = [];
  const agent = connectDeviceAgent(url, {
    client: "test agent",
    WebSocket,
    read: () => simulated.step(performance.now()),
    onSetpoint: ({ posRad }) => {
      simulated.step(performance.now());
      simulated.follow(posRad);
    },
    onHold: (reason) => {
      held.push(reason);
      simulated.hold();
    },
    ...options,
  });
  agent.on("lost", ({ code }) => {
    losses.push(code);
  });
  return { agent, simulated, held, losses };
}
