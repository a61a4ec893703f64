import { actuationStatusWidth } from "../../bridge/contract/actuation.ts";
import { monotonicMs, systemClock } from "../../bridge/contract/clock.ts";
import { Heartbeats, Thread } from "../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import { previewWidth } from "../../bridge/contract/preview.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import { openControlServer, type ControlServer } from "../../bridge/control/server.ts";
import { jointReader } from "../../bridge/joint-reader.ts";
import { openActuation } from "../../devices/actuation/actuation-client.ts";
import { phoneMount, projectRoot } from "./synthetic-actuation.ts";

export interface ActuationBackend extends AsyncDisposable {
  readonly server: ControlServer;
}

/** Control server and the real actuation thread over the loopback driver; states and made-up predictions stream. */
export async function openActuationBackend(): Promise<ActuationBackend> {
  const device = phoneMount();
  const axisCount = device.axes.length;
  const heartbeats = new Heartbeats();
  const telemetry = SampleRing.create({ capacity: 256, width: 3 * axisCount });
  const setpoints = SampleRing.create({ capacity: 256, width: 2 * axisCount });
  heartbeats.beat(Thread.Main, monotonicMs());
  const actuation = await openActuation({
    entry: new URL("dist/devices/actuation/actuation-worker.js", projectRoot),
    device,
    driver: { kind: "loopback" },
    telemetry,
    setpoints,
    preview: SharedRow.create(previewWidth({ sampleCount: 140, axisCount })),
    status: SharedRow.create(actuationStatusWidth),
    heartbeats,
  });
  const server = await openControlServer({
    port: 0,
    actuations: [actuation],
    readJoints: jointReader(telemetry),
    status: () => ({ status: "ok" }),
    metrics: () => "",
    clock: systemClock(),
    log: silentLog,
  });
  const row = new Float64Array(3 * axisCount);
  const horizonSteps = 8;
  const timer = setInterval(() => {
    heartbeats.beat(Thread.Main, monotonicMs());
    const stampMs = telemetry.latest(row);
    if (Number.isNaN(stampMs)) return;
    const posRad = [...row.subarray(0, axisCount)];
    const velRadPerS = [...row.subarray(axisCount, 2 * axisCount)];
    const head = { device: device.id, stampMs };
    server.stream.publish("state", { ...head, posRad, velRadPerS, setpointRad: posRad });
    const shape = [horizonSteps, axisCount];
    server.stream.publish("prediction", {
      ...head,
      stepMs: 40,
      horizonSteps,
      axisNames: device.axes.map(({ name }) => name),
      meanPosRad: { data: new Float32Array(horizonSteps * axisCount), shape },
      stdPosRad: { data: new Float32Array(horizonSteps * axisCount), shape },
      inferMs: 1,
      lookaheadMs: 120,
    });
  }, 20);
  return {
    server,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await server[Symbol.asyncDispose]();
      await actuation[Symbol.asyncDispose]();
    },
  };
}
