import { bench, describe } from "vitest";
import { makeObservation } from "../../bridge/contract/observation.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import type { Telemetry } from "../../bridge/contract/actuator-driver.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import { FaultPlan } from "../../bridge/core/faults/fault-plan.ts";
import { FaultyDriver } from "../../bridge/core/faults/faulty-driver.ts";
import { FaultyObservations } from "../../bridge/core/faults/faulty-observations.ts";
import { parseFaults } from "../../bridge/core/faults/parse-fault.ts";
import { RingObservationSource } from "../../bridge/core/ring-observation-source.ts";
import { openRunParts } from "../../bridge/lockstep/open-run-parts.ts";
import { runScenario } from "../../bridge/lockstep/run-scenario.ts";
import { SharedMemoryDriver } from "../../devices/drivers/shared-memory/shared-memory-driver.ts";
import { randomScenario } from "../../sims/scenario/random-scenario.ts";
import { mount } from "../unit/devices/mount.ts";

const axisNames = mount.axes.map((axis) => axis.name);
let nowMs = 0;
const monotonicMs = (): number => nowMs;

function plan(texts: readonly string[]): FaultPlan {
  const faults = parseFaults(texts, { axisNames, host: "lockstep" });
  const made = FaultPlan.create({ faults, seed: 1 });
  made.begin(0);
  return made;
}

function rings() {
  const telemetry = SampleRing.create({ capacity: 2048, width: 12 });
  const setpoints = SampleRing.create({ capacity: 1024, width: 8 });
  for (let k = 0; k < 1000; k += 1) {
    telemetry.push(k, new Float64Array(12).fill(k));
    setpoints.push(k, new Float64Array(8).fill(k));
  }
  return { telemetry, setpoints };
}

/** One tick of the actuation at the driver: telemetry in, setpoint out. */
function tickOf(faults: readonly string[] | undefined): () => void {
  const { telemetry } = rings();
  const plain = new SharedMemoryDriver({
    name: "simulator",
    device: mount,
    setpoint: SharedRow.create(9),
    telemetry,
  });
  const driver =
    faults === undefined
      ? plain
      : new FaultyDriver(plain, { plan: plan(faults), axisNames, monotonicMs });
  const read: Telemetry = {
    stampMs: 0,
    posRad: new Float64Array(4),
    velRadPerS: new Float64Array(4),
    effortNm: new Float64Array(4),
  };
  const setpoint = { stampMs: 0, posRad: new Float64Array(4), velRadPerS: new Float64Array(4) };
  const row = new Float64Array(12);
  return () => {
    nowMs += 5;
    setpoint.stampMs = nowMs;
    telemetry.push(nowMs, row);
    driver.readTelemetry(read);
    driver.writeSetpoint(setpoint);
  };
}

describe("a tick at the driver", () => {
  bench("no fault layer", tickOf(undefined));
  bench("fault layer, nothing on", tickOf(["joints.delay=20ms@1s+0ms", "driver.loss=1%@1s+0ms"]));
  bench(
    "fault layer, delay, jitter and loss on",
    tickOf(["joints.delay=20ms", "driver.jitter=5ms", "driver.loss=5%"]),
  );
});

describe("an observation", () => {
  const out = makeObservation(4);
  const plain = new RingObservationSource({ axisNames, ...rings() });
  const idle = new FaultyObservations(plain, { plan: plan(["joints.nan@1s+0ms"]), monotonicMs });
  const busy = new FaultyObservations(plain, { plan: plan(["joints.saturate=1rad"]), monotonicMs });
  bench("no fault layer", () => void plain.observeAt(500.5, out));
  bench("fault layer, nothing on", () => void idle.observeAt(500.5, out));
  bench("fault layer, clipped sensors", () => void busy.observeAt(500.5, out));
});

describe("runs of 5.5 s in lockstep, one thread", async () => {
  const parts = await openRunParts({
    device: "phone-mount-4dof",
    scene: "targets",
    model: "none",
    seed: 0,
  });
  let seed = 0;
  bench(
    "a seeded faulted run",
    async () => {
      seed += 1;
      await runScenario(parts, { scenario: randomScenario(parts.device, seed), seed });
    },
    { time: 4000 },
  );
  bench(
    "the physics of it alone",
    async () => {
      const { simulator } = parts.world;
      await simulator.reset(1);
      for (let tick = 0; tick < 1100; tick += 1) void simulator.step(5);
    },
    { time: 2000 },
  );
});
