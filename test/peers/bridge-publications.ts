import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { systemClock } from "../../bridge/contract/clock.ts";
import { ParameterStore } from "../../ros/node/parameter-store.ts";
import { RosNode } from "../../ros/node/ros-node.ts";
import { RosPublications } from "../../ros/publications.ts";
import { modelDescription } from "../unit/ros/model-description.ts";
import { prediction } from "../unit/ros/prediction.ts";
import { twoAxisDevice } from "../unit/ros/two-axis-device.ts";
import { openBridgeTransport } from "./open-bridge-transport.ts";

/**
 * Publishes fixed content on every topic of RosPublications, 20 times per second, until stopped.
 * `bridge-publications [--domain N] [--localhost]`; runs from dist/, inside a PeerNetwork.
 */
const life = { stopping: false };
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => {
    life.stopping = true;
  });
}
const { values } = parseArgs({
  options: { localhost: { type: "boolean" }, domain: { type: "string", default: "0" } },
});
const clock = systemClock();
await using transport = await openBridgeTransport({
  domainId: Number(values.domain),
  discoveryRange: values.localhost ? "LOCALHOST" : "SUBNET",
});
const node = new RosNode({
  transport,
  name: { name: "bridge", namespace: "/kairos" },
  remaps: [],
  parameters: new ParameterStore(),
});
const publications = new RosPublications({
  node,
  device: twoAxisDevice(),
  model: () => modelDescription,
  clock,
});
const jpeg = Uint8Array.from({ length: 150_000 }, (_, i) => i * 31 + (i >> 8));
process.stdout.write(`${JSON.stringify({ event: "ready" })}\n`);

while (!life.stopping) {
  const nowMs = clock.monotonicMs();
  const positions = [0, 0, 1, -1, 2, -2, 3, -3];
  // Steps of 10 s: a state 15 s ahead lies half-way between the first two, within the loop's jitter.
  const steps = { stampMs: nowMs, stepMs: 10_000, posRad: positions, velRadPerS: positions };
  publications.prediction(prediction(steps), 15_000);
  publications.jointState({
    stampMs: nowMs,
    jointPosRad: Float64Array.of(0.5, -0.25),
    jointVelRadPerS: Float64Array.of(1, 2),
    jointEffortNm: Float64Array.of(0.1, 0.2),
  });
  publications.camera(jpeg, nowMs);
  publications.predictedCamera(jpeg.subarray(0, 1000), nowMs + 200);
  publications.diagnostics([
    { name: "kairos: model", level: "warn", message: "late", values: { ageMs: 512 } },
  ]);
  await sleep(50);
}
