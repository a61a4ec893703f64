import type { Scenario } from "../../sims/scenario/scenario.ts";
import { ActuationStatusField, actuationStatusWidth } from "../contract/actuation.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { WorldModel } from "../contract/world-model.ts";
import { FaultPlan } from "../core/faults/fault-plan.ts";
import { describeFault, parseFaults } from "../core/faults/parse-fault.ts";
import type { HorizonScore } from "../core/prediction-score.ts";
import { judge, type Judgement } from "./expectations.ts";
import type { Violation } from "./invariant-monitor.ts";
import { LockstepRig, modeNames, periodMs, type SimulatorFault } from "./lockstep-rig.ts";
import { ManualTime } from "./manual-time.ts";
import { RunTrace, type Trace } from "./run-trace.ts";
import { requireScene, type RunWorld } from "./run-world.ts";
import { TrackingError } from "./tracking-error.ts";

/** What a run needs and other runs may use after it: opening them takes longer than a run. */
export interface RunParts {
  readonly device: DeviceDescription;
  readonly world: RunWorld;
  readonly model: WorldModel | undefined;
}

export interface RunOptions {
  readonly scenario: Scenario;
  /** In place of the scenario's own. */
  readonly seed: number;
  /** Faults beside those of the scenario. */
  readonly faults?: readonly string[];
  /** Keep what the report draws. */
  readonly trace?: boolean;
}

export interface RunResult {
  readonly scenario: string;
  readonly seed: number;
  readonly simulatedS: number;
  readonly wallMs: number;
  readonly faults: readonly string[];
  readonly faultCounts: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  readonly violationCount: number;
  readonly expectations: readonly Judgement[];
  readonly mode: string;
  readonly owner: string | null;
  readonly trackingRmsRad: number;
  readonly trackingMaxRad: number;
  readonly posRad: readonly number[];
  readonly commands: {
    readonly forwarded: number;
    readonly refused: number;
    readonly applied: number;
    readonly expired: number;
    readonly limited: number;
  };
  readonly stops: number;
  readonly stallStops: number;
  readonly predictions: number;
  readonly held: Readonly<Record<string, number>>;
  readonly horizons: readonly HorizonScore[];
  /** The world broke or went away: the rest of the run had no joints. */
  readonly simulatorFault?: SimulatorFault;
  readonly actuationFailure?: string;
  /** Hash of every setpoint and joint position of the run: two equal runs have equal ones. */
  readonly digest: string;
  readonly trace?: Trace;
}

/** Monotonic time at which a run begins. */
const originMs = 10_000;
/** After everybody has gone the last brakes and the joints come to rest. Ticks: a suspend skips none. */
const tailTicks = 300;
const tailMs = tailTicks * periodMs;
const maxHorizonSteps = 24;

/**
 * One run of a scenario. What comes out follows from the scenario, the seed and the faults alone.
 *
 * @throws BridgeError `config/invalid` if the world cannot do what the scenario does to it; what the world
 *   throws when it cannot be brought to the start. A world that fails later is part of the result.
 */
export async function runScenario(parts: RunParts, options: RunOptions): Promise<RunResult> {
  const { device, world, model } = parts;
  const { scenario, seed } = options;
  if (world.scene === undefined) requireScene(scenario, world.name);
  const started = performance.now();
  const axisNames = device.axes.map((axis) => axis.name);
  const texts = [...scenario.faults, ...(options.faults ?? [])];
  const faults = parseFaults(texts, { axisNames, host: "lockstep" });
  const plan = FaultPlan.create({ faults, seed });
  plan.begin(originMs);
  const time = new ManualTime(originMs);
  await world.begin(scenario, seed);
  await model?.reset();
  const horizonSteps = Math.min(model?.description.maxHorizonSteps ?? 1, maxHorizonSteps);
  const { simulator, scene } = world;
  const rig = new LockstepRig({
    ...{ device, scenario, simulator, plan, time, model, horizonSteps },
    ...(scene === undefined ? {} : { scene }),
  });
  await rig.settle();

  const tracking = new TrackingError(axisNames.length);
  const trace = options.trace === true ? new RunTrace(rig, axisNames) : undefined;
  const setpointRow = new Float64Array(2 * axisNames.length);
  const endMs = originMs + scenario.durationS * 1000;
  let owner: string | null = null;
  let ticksLeft = Number.POSITIVE_INFINITY;
  for (; ticksLeft > 0; ticksLeft -= 1) {
    const pending = rig.tick();
    if (pending !== undefined) await pending;
    if (!Number.isNaN(rig.actuation.setpoints.latest(setpointRow))) {
      tracking.add(setpointRow, rig.joints.posRad);
      trace?.add(time.nowMs - originMs, setpointRow);
    }
    if (Number.isFinite(ticksLeft) || time.nowMs < endMs) continue;
    ticksLeft = tailTicks;
    owner = rig.control.owner;
    rig.control.sendAllAway("the scenario is over");
  }
  await rig.prediction?.loop.stop();
  return finish({ rig, parts, options, plan, tracking, owner, trace, started, time });
}

/** Whether nothing was violated, everything expected held, and the world was there to the end. */
export function isGood(result: RunResult): boolean {
  const { violationCount, expectations, simulatorFault } = result;
  return (
    violationCount === 0 && simulatorFault === undefined && expectations.every(({ holds }) => holds)
  );
}

/** Whether something stood between setpoints and joints while they should have come to rest. */
function isCutOff(plan: FaultPlan, elapsedMs: number): boolean {
  return plan.data.faults.some(
    ({ place, startMs, durationMs }) =>
      (place === "sim" || place === "driver") && startMs + durationMs > elapsedMs - tailMs,
  );
}

interface Finished {
  readonly rig: LockstepRig;
  readonly parts: RunParts;
  readonly options: RunOptions;
  readonly plan: FaultPlan;
  readonly tracking: TrackingError;
  readonly owner: string | null;
  readonly trace: RunTrace | undefined;
  readonly started: number;
  readonly time: ManualTime;
}

function finish(run: Finished): RunResult {
  const { rig, options, plan, tracking, owner, trace, time } = run;
  const { scenario, seed } = options;
  const endedMs = time.nowMs;
  // Limp or slowed joints, a device that heard nothing, or a broken world come to rest in their own time.
  const isWorldWhole = rig.simulatorFault === undefined && !isCutOff(plan, endedMs - originMs);
  const mustStop = scenario.expect.stopped;
  if (mustStop) rig.monitor.ended(isWorldWhole ? rig.joints.velRadPerS : undefined, endedMs);
  const status = new Float64Array(actuationStatusWidth);
  rig.actuation.readStatus(status);
  const field = (name: keyof typeof ActuationStatusField): number =>
    status[ActuationStatusField[name]] ?? 0;
  const score = rig.prediction?.score.snapshot();
  const result = {
    scenario: scenario.name,
    seed,
    simulatedS: (endedMs - originMs) / 1000,
    wallMs: performance.now() - run.started,
    faults: plan.data.faults.map(describeFault),
    faultCounts: plan.counts(),
    violations: rig.monitor.violations,
    violationCount: rig.monitor.violationCount,
    mode: modeNames[rig.actuation.mode],
    owner,
    trackingRmsRad: tracking.rmsRad,
    trackingMaxRad: tracking.maxRad,
    posRad: Array.from(rig.joints.posRad),
    commands: {
      ...rig.control.counts,
      applied: field("commandCount"),
      expired: field("expiredCount"),
      limited: field("limitedCount"),
    },
    stops: rig.control.counts.stops,
    stallStops: field("stallStopCount"),
    predictions: rig.prediction?.loop.stats.predictedCount ?? 0,
    held: { ...rig.prediction?.held },
    horizons: score?.horizons ?? [],
    ...(rig.simulatorFault === undefined ? {} : { simulatorFault: rig.simulatorFault }),
    ...(rig.actuation.failure === undefined ? {} : { actuationFailure: rig.actuation.failure }),
    digest: tracking.digest,
    ...(trace === undefined ? {} : { trace: trace.finish() }),
  };
  const axisNames = run.parts.device.axes.map((axis) => axis.name);
  return { ...result, expectations: judge(scenario.expect, result, axisNames) };
}
