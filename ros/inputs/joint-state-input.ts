import type { SampleRing } from "../../bridge/contract/sample-ring.ts";
import type { JointState } from "../messages/message-types.ts";
import { JointColumns } from "./joint-columns.ts";
import { Refusals } from "./refusals.ts";
import { stampToMs, type StampMap } from "./stamp-map.ts";

/** Between states further apart than this no velocity is derived: the joint may have turned back. */
const maxDerivedGapMs = 500;

export interface JointStateInputOptions {
  /** In axis order: the order of every row. */
  readonly axisNames: readonly string[];
  /** ROS joint names, in axis order. */
  readonly jointNames: readonly string[];
  /** Rows of position, velocity, effort (width 3 * axes). */
  readonly telemetry: SampleRing;
  readonly stamps: StampMap;
  readonly onRefused?: (reason: string, text: string) => void;
}

/**
 * sensor_msgs/JointState into the telemetry history. Joints are found by name, in whatever order they
 * come; others are passed over. A publisher that measures no velocity leaves the sequence empty or
 * fills it with NaN, as ros2_control does: the velocity is then the difference of positions, and
 * effort that nobody measures is 0. A position has to be there.
 */
export class JointStateInput {
  readonly refusals: Refusals;
  takenCount = 0;
  /** Messages whose velocity had to be derived. */
  derivedCount = 0;
  /** Monotonic ms; NaN before the first. */
  lastStampMs = Number.NaN;
  readonly #options: JointStateInputOptions;
  readonly #columns: JointColumns;
  readonly #row: Float64Array;
  readonly #earlierPosRad: Float64Array;

  constructor(options: JointStateInputOptions) {
    const { axisNames, jointNames } = options;
    this.#options = options;
    this.refusals = new Refusals(options.onRefused);
    this.#columns = new JointColumns(jointNames);
    this.#row = new Float64Array(3 * axisNames.length);
    this.#earlierPosRad = new Float64Array(axisNames.length).fill(Number.NaN);
  }

  /** @param arrivalMs monotonic. // hot path */
  take(message: JointState, arrivalMs: number): void {
    const { stamps, telemetry, axisNames } = this.#options;
    const problem = this.#columns.find(message.name);
    if (problem !== undefined) {
      this.refusals.add("joints", `joint_states ${problem}`);
      return;
    }
    if (!this.#hasSizes(message)) return;
    const verdict = stamps.judge(stampToMs(message.header.stamp), arrivalMs);
    if (verdict !== "ok") {
      this.refusals.add(verdict, `joint_states: ${verdict}, ${stamps.ageMs.toFixed(0)} ms old`);
      return;
    }
    const stampMs = stamps.timeMs;
    if (stampMs <= this.lastStampMs) {
      this.refusals.add("not-newer", "joint_states: stamp is not later than the one before");
      return;
    }
    if (!this.#fill(message, stampMs)) return;
    telemetry.push(stampMs, this.#row);
    this.#earlierPosRad.set(this.#row.subarray(0, axisNames.length));
    this.lastStampMs = stampMs;
    this.takenCount += 1;
  }

  /** Every sequence is either empty or as long as the names. */
  #hasSizes({ name, position, velocity, effort }: JointState): boolean {
    const isFit = (values: Float64Array): boolean =>
      values.length === 0 || values.length === name.length;
    if (position.length === name.length && isFit(velocity) && isFit(effort)) return true;
    const found = `${position.length} positions, ${velocity.length} velocities, ${effort.length} efforts`;
    this.refusals.add("sizes", `joint_states has ${found} for ${name.length} names`);
    return false;
  }

  /** False, and nothing of the message is used, if a number that must be there is not finite. */
  #fill({ position, velocity, effort, name }: JointState, stampMs: number): boolean {
    const axisCount = this.#earlierPosRad.length;
    const gapMs = stampMs - this.lastStampMs;
    let isDerived = false;
    for (let axis = 0; axis < axisCount; axis += 1) {
      const column = this.#columns.index[axis] ?? 0;
      const posRad = position[column] ?? Number.NaN;
      if (!Number.isFinite(posRad)) {
        this.refusals.add("not-finite", `joint_states: position of ${name[column]} is ${posRad}`);
        return false;
      }
      let velRadPerS = velocity[column] ?? Number.NaN;
      if (!Number.isFinite(velRadPerS)) {
        velRadPerS = derived(posRad - (this.#earlierPosRad[axis] ?? Number.NaN), gapMs);
        isDerived = true;
      }
      const effortNm = effort[column] ?? 0;
      this.#row[axis] = posRad;
      this.#row[axisCount + axis] = velRadPerS;
      this.#row[2 * axisCount + axis] = Number.isFinite(effortNm) ? effortNm : 0;
    }
    if (isDerived) this.derivedCount += 1;
    return true;
  }
}

/** 0 where there is no earlier state to compare with. */
function derived(movedRad: number, gapMs: number): number {
  return gapMs <= maxDerivedGapMs ? (movedRad / gapMs) * 1000 : 0;
}
