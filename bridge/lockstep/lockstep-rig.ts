import { SharedMemoryDriver } from "../../devices/drivers/shared-memory/shared-memory-driver.ts";
import type { Scenario } from "../../sims/scenario/scenario.ts";
import { ActuationMode } from "../contract/actuation.ts";
import type { Telemetry } from "../contract/actuator-driver.ts";
import type { DeviceDescription } from "../contract/device.ts";
import { errorText } from "../contract/errors.ts";
import { Heartbeats, Thread } from "../contract/heartbeats.ts";
import { SampleRing } from "../contract/sample-ring.ts";
import { SharedRow } from "../contract/shared-row.ts";
import type { SceneControl, Simulator } from "../contract/simulator.ts";
import type { WorldModel } from "../contract/world-model.ts";
import type { FaultPlan } from "../core/faults/fault-plan.ts";
import { FaultyDriver } from "../core/faults/faulty-driver.ts";
import { FaultySimulator } from "../core/faults/faulty-simulator.ts";
import { InvariantMonitor } from "./invariant-monitor.ts";
import { MonitoredDriver } from "./monitored-driver.ts";
import { LockstepActuation } from "./lockstep-actuation.ts";
import { LockstepControl } from "./lockstep-control.ts";
import { LockstepPrediction } from "./lockstep-prediction.ts";
import type { ManualTime } from "./manual-time.ts";

export const periodMs = 5;
const heartbeatPeriodMs = 50;
/** The joints sag into their loaded place before the run begins. */
const settleSteps = 300;

export interface LockstepRigOptions {
  readonly device: DeviceDescription;
  readonly scenario: Scenario;
  /** Freshly reset. Stays the caller's. */
  readonly simulator: Simulator;
  /** Of the same world. A scenario that does something to a scene needs one. */
  readonly scene?: SceneControl;
  readonly plan: FaultPlan;
  /** Stands at the plan's origin. */
  readonly time: ManualTime;
  /** Reset between runs by the caller. */
  readonly model: WorldModel | undefined;
  readonly horizonSteps: number;
}

export interface SimulatorFault {
  /** Starts with the error's code. */
  readonly text: string;
  /** Since the run began. */
  readonly atMs: number;
}

/**
 * The whole loop in one thread, as fast as it will go: simulator → observations → model → score, and
 * clients → authority → actuation → driver → simulator, with the classes the service runs. Threads
 * take turns in place of running side by side; which of main and actuation goes first is up to the seed.
 */
export class LockstepRig {
  readonly monitor: InvariantMonitor;
  readonly actuation: LockstepActuation;
  readonly control: LockstepControl;
  readonly prediction: LockstepPrediction | undefined;
  /** The simulator's own fault, after which it stands still. */
  simulatorFault: SimulatorFault | undefined;
  /** The joints as they truly are. */
  readonly joints: Telemetry;
  readonly #options: LockstepRigOptions;
  readonly #simulator: FaultySimulator;
  readonly #heartbeats = new Heartbeats();
  readonly #telemetry: SampleRing;
  readonly #simSetpoint: SharedRow;
  readonly #simSetpointRow: Float64Array;
  readonly #targets: Float64Array;
  readonly #reported: Telemetry;
  readonly #row: Float64Array;
  readonly #events: readonly { readonly atS: number; readonly run: () => void }[];
  #nextEvent = 0;
  #nextBeatMs = 0;

  constructor(options: LockstepRigOptions) {
    const { device, simulator, scene, plan, time, scenario } = options;
    const axisCount = device.axes.length;
    const { monotonicMs } = time;
    this.#options = options;
    this.#telemetry = SampleRing.create({ capacity: 512, width: 3 * axisCount });
    this.#simSetpoint = SharedRow.create(1 + 2 * axisCount);
    this.#simSetpointRow = new Float64Array(1 + 2 * axisCount);
    this.#targets = new Float64Array(axisCount);
    this.joints = makeTelemetry(axisCount);
    this.#reported = makeTelemetry(axisCount);
    this.#row = new Float64Array(3 * axisCount);
    this.monitor = new InvariantMonitor(device, periodMs, time.nowMs);
    this.#simulator = new FaultySimulator(simulator, { plan, monotonicMs });
    const mount = new SharedMemoryDriver({
      name: "simulator",
      device,
      setpoint: this.#simSetpoint,
      telemetry: this.#telemetry,
    });
    const axisNames = device.axes.map((axis) => axis.name);
    const link = new FaultyDriver(mount, { plan, axisNames, monotonicMs });
    this.actuation = new LockstepActuation({
      device,
      driver: new MonitoredDriver(link, this.monitor, monotonicMs),
      heartbeats: this.#heartbeats,
      time,
      monitor: this.monitor,
      periodMs,
      previewSampleCount: options.model === undefined ? 2 : options.horizonSteps * 5 + 20,
    });
    this.control = new LockstepControl({
      actuation: this.actuation,
      clients: scenario.clients,
      plan,
      time,
      monitor: this.monitor,
    });
    this.prediction = this.#openPrediction(axisNames);
    this.#events = scene === undefined ? [] : sceneEvents(scenario, scene);
  }

  get originMs(): number {
    return this.#options.plan.originMs;
  }

  /** Steps the joints into rest before anything runs. */
  async settle(): Promise<void> {
    const pending = this.#options.simulator.step(settleSteps);
    if (pending !== undefined) await pending;
    this.#publishJoints();
  }

  /** One period of everything. Resolves at once unless a model or a remote simulator takes part. */
  tick(): Promise<void> | undefined {
    const { time, plan } = this.#options;
    const suspend = plan.at("clock").strikeOnce("suspend", time.nowMs);
    time.advance(periodMs + (suspend?.value ?? 0));
    const pending = this.#stepWorld();
    if (pending === undefined && this.prediction === undefined) {
      this.#takeTurns();
      return undefined;
    }
    return this.#finishTick(pending);
  }

  async #finishTick(pending: Promise<void> | undefined): Promise<void> {
    await pending;
    this.#takeTurns();
    await this.prediction?.settled();
  }

  #takeTurns(): void {
    const { plan } = this.#options;
    const mainFirst = (plan.data.seed & 1) === 0;
    if (mainFirst) this.#runMain();
    this.actuation.tick();
    if (!mainFirst) this.#runMain();
  }

  #runMain(): void {
    const { time, plan } = this.#options;
    const nowMs = time.nowMs;
    if (plan.at("main").strike("stall", nowMs) !== undefined) return;
    if (nowMs >= this.#nextBeatMs) {
      this.#nextBeatMs = nowMs + heartbeatPeriodMs;
      this.#heartbeats.beat(Thread.Main, nowMs);
      this.monitor.mainBeat(nowMs);
    }
    this.actuation.tellMain();
    this.control.run();
    time.runDue();
  }

  #stepWorld(): Promise<void> | undefined {
    if (this.simulatorFault !== undefined) return undefined;
    const { time, plan, simulator } = this.#options;
    const nowS = (time.nowMs - plan.originMs) / 1000;
    try {
      for (; (this.#events[this.#nextEvent]?.atS ?? Infinity) <= nowS; this.#nextEvent += 1) {
        this.#events[this.#nextEvent]?.run();
      }
      if (this.#simSetpoint.read(this.#simSetpointRow)) {
        this.#targets.set(this.#simSetpointRow.subarray(1, 1 + this.#targets.length));
        this.#simulator.setTargets(this.#targets);
      }
      const pending = this.#simulator.step(Math.round(periodMs / 1000 / simulator.stepS));
      if (pending === undefined) {
        this.#publishJoints();
        return undefined;
      }
      return pending.then(
        () => {
          this.#publishJoints();
        },
        (error: unknown) => {
          this.#simulatorFailed(error);
        },
      );
    } catch (error) {
      // Without samples the telemetry ages, which the actuation watches: as in the service.
      this.#simulatorFailed(error);
      return undefined;
    }
  }

  #simulatorFailed(error: unknown): void {
    const atMs = this.#options.time.nowMs - this.originMs;
    this.simulatorFault = { text: errorText(error), atMs };
  }

  #publishJoints(): void {
    const { time, plan, simulator } = this.#options;
    simulator.readState(this.joints);
    if (plan.at("sim").active("freeze", time.nowMs) !== undefined) return;
    this.#simulator.readState(this.#reported);
    const { posRad, velRadPerS, effortNm } = this.#reported;
    this.#row.set(posRad);
    this.#row.set(velRadPerS, posRad.length);
    this.#row.set(effortNm, 2 * posRad.length);
    this.#telemetry.push(time.nowMs, this.#row);
  }

  #openPrediction(axisNames: readonly string[]): LockstepPrediction | undefined {
    const { model, horizonSteps, time, plan } = this.#options;
    if (model === undefined) return undefined;
    const { setpoints, preview } = this.actuation;
    const telemetry = this.#telemetry;
    return new LockstepPrediction({
      model,
      plan,
      time,
      horizonSteps,
      axisNames,
      rings: { telemetry, setpoints },
      preview,
    });
  }
}

export const modeNames: Readonly<Record<ActuationMode, string>> = {
  [ActuationMode.Inactive]: "inactive",
  [ActuationMode.Active]: "active",
  [ActuationMode.Stopping]: "stopping",
  [ActuationMode.Latched]: "latched",
  [ActuationMode.Fault]: "fault",
};

function sceneEvents({ pushes, payload }: Scenario, scene: SceneControl) {
  return [
    ...pushes.map(({ atS, body, forceN, durationS }) => ({
      atS,
      run: () => {
        scene.push(body, forceN, durationS);
      },
    })),
    ...payload.map(({ atS, massKg }) => ({
      atS,
      run: () => {
        scene.setPayloadKg(massKg);
      },
    })),
  ].sort((a, b) => a.atS - b.atS);
}

function makeTelemetry(axisCount: number): Telemetry {
  return {
    stampMs: 0,
    posRad: new Float64Array(axisCount),
    velRadPerS: new Float64Array(axisCount),
    effortNm: new Float64Array(axisCount),
  };
}
