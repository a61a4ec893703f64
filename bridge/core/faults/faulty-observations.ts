import type { Frame } from "../../contract/frame.ts";
import type { Observation, ObservationSource, ObserveOutcome } from "../../contract/observation.ts";
import type { FaultLine, FaultPlan } from "./fault-plan.ts";
import { FaultyFrames } from "./faulty-frames.ts";
import { JointFaults } from "./joint-faults.ts";

export interface FaultyObservationsOptions {
  readonly plan: FaultPlan;
  readonly monotonicMs: () => number;
  /** False when pictures were already spoiled on their way into the source. */
  readonly spoilsFrames?: boolean;
}

/**
 * An observation source with faults: `joints` between the sensors and it, `camera` between the camera
 * and it. A sample that would still be under way is `ahead`; one that was lost is `stale`.
 */
export class FaultyObservations implements ObservationSource {
  readonly axisNames: readonly string[];
  readonly #inner: ObservationSource;
  readonly #now: () => number;
  readonly #line: FaultLine;
  readonly #joints: JointFaults;
  readonly #frames: FaultyFrames | undefined;
  /** A step that was asked for twice is lost or not lost, once. */
  #lossOf = { timeMs: Number.NaN, isLost: false };

  constructor(inner: ObservationSource, options: FaultyObservationsOptions) {
    const { plan, monotonicMs, spoilsFrames = true } = options;
    this.axisNames = inner.axisNames;
    this.#inner = inner;
    this.#now = monotonicMs;
    this.#line = plan.at("joints");
    this.#joints = new JointFaults(this.#line, inner.axisNames);
    this.#frames = spoilsFrames ? new FaultyFrames(plan.at("camera")) : undefined;
  }

  observeAt(timeMs: number, out: Observation): ObserveOutcome {
    const nowMs = this.#now();
    if (this.#joints.isDead(timeMs)) {
      this.#line.count("dropout");
      return "stale";
    }
    const delay = this.#line.active("delay", nowMs);
    // A history is asked again until the time asked for has arrived: lateness, not other values.
    if (delay !== undefined && nowMs - timeMs < delay.value) {
      this.#line.count("delay");
      return "ahead";
    }
    if (timeMs !== this.#lossOf.timeMs) {
      this.#lossOf = { timeMs, isLost: this.#line.strikeByChance("loss", timeMs) };
    }
    if (this.#lossOf.isLost) return "stale";
    const outcome = this.#inner.observeAt(timeMs, out);
    if (outcome !== "ok") return outcome;
    const sample = {
      stampMs: timeMs,
      posRad: out.jointPosRad,
      velRadPerS: out.jointVelRadPerS,
      effortNm: out.jointEffortNm,
    };
    this.#joints.spoil(sample, timeMs);
    return "ok";
  }

  frameBorrowed(timeMs: number): Frame | undefined {
    if (this.#frames === undefined) return this.#inner.frameBorrowed(timeMs);
    const nowMs = this.#now();
    const newest = this.#inner.frameBorrowed(timeMs);
    if (newest !== undefined) this.#frames.offer(newest, nowMs);
    const frame = this.#frames.newest(nowMs);
    return frame !== undefined && frame.stampMs <= timeMs ? frame : undefined;
  }
}
