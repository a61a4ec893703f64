import type { DeviceDescription } from "../contract/device.ts";
import { AimChain, forward, type AimJoint } from "./aim-chain.ts";
import {
  angleBetween,
  cross,
  dot,
  lastOfThree,
  pointWithTwo,
  rotationVector,
  turn,
  turnTowards,
  turnWithThree,
  unit,
  wrapRad,
} from "./axis-turns.ts";
import { dampedTurns, type TurnLeft } from "./damped-turns.ts";
import { conjugateXyzw, multiplyXyzw, rotate, type Vector3, type Xyzw } from "./kinematics.ts";

export interface JointSolution {
  /** Device order; joints that do not aim stay where they were. */
  readonly posRad: readonly number[];
  /** Angle between what was asked and what these positions give; about 0 where it can be reached. */
  readonly errorRad: number;
  /** Names of the joints that stand at a limit. */
  readonly atLimit: readonly string[];
}

/** Below this sine between the first axis and the last the first one turns the picture only: gimbal lock. */
const lockSine = 0.1;
/** Solutions this near to the best are told apart by how far the joints have to go. */
const sameErrorRad = 1e-3;
const spreadCount = 12;

/** Closed solutions, and how much the first joint counted in them: below 1 near the lock. */
interface Closed {
  readonly found: readonly (readonly number[])[];
  readonly weight: number;
}
const none: Closed = { found: [], weight: 1 };

/**
 * From where the camera shall look to joint positions, for any chain of revolute joints that ends at a
 * camera. Two and three joints are solved in closed form, more by damped least squares; both pick the
 * solution within the limits that is nearest to where the joints are. What cannot be reached gives the
 * nearest that can.
 *
 * Near gimbal lock (the last axis of three, or the view of two, within 0.1 rad of the first axis) the first joint
 * has no say in the direction and a hair of difference would turn it half round. There it is led
 * towards its solution in the measure it matters, down to standing still: nothing jumps, and up to
 * 0.1 rad of the direction, or the picture's turn about it, is given up while it passes. Where the second
 * joint ends there and the first has to come round after all, it sets off when more than that is at stake.
 */
export class InverseKinematics {
  readonly chain: AimChain;

  constructor(device: DeviceDescription) {
    this.chain = new AimChain(device);
  }

  /** Base-from-camera, the camera as a body: x forward, y left, z up. */
  orientation(jointPosRad: ArrayLike<number>): Xyzw {
    return this.chain.bodyXyzw(jointPosRad);
  }

  /** Where the camera looks, in the base frame. */
  direction(jointPosRad: ArrayLike<number>): Vector3 {
    return rotate(this.orientation(jointPosRad), forward);
  }

  /** The camera in the orientation `toXyzw` (base-from-camera, x forward, y left, z up). */
  orient(toXyzw: Xyzw, jointPosRad: readonly number[]): JointSolution {
    const { chain } = this;
    const left = (posRad: readonly number[]): TurnLeft => ({
      leftRad: rotationVector(multiplyXyzw(toXyzw, conjugateXyzw(chain.bodyXyzw(posRad)))),
    });
    const closed = chain.joints.length === 3 ? this.#orientThree(toXyzw, jointPosRad) : none;
    return this.#best(jointPosRad, closed, left);
  }

  /**
   * The camera looking along `to` (base frame). How the picture is turned about that direction is free: a
   * joint that does nothing else, such as a roll axis, goes home.
   */
  point(to: Vector3, jointPosRad: readonly number[]): JointSolution {
    const goal = unit(to);
    const left = (posRad: readonly number[]): TurnLeft => {
      const view = this.direction(posRad);
      const angle = angleBetween(view, goal);
      const axis = cross(view, goal);
      const sine = Math.hypot(...axis);
      // Straight behind: any way round is as short, and the first joint is as good as any.
      const about = sine < 1e-9 ? (chain0(this.chain, posRad) ?? axis) : unit(axis);
      return { leftRad: [about[0] * angle, about[1] * angle, about[2] * angle], freeAxis: view };
    };
    return this.#best(jointPosRad, this.#pointTwo(goal, jointPosRad), left);
  }

  #orientThree(toXyzw: Xyzw, from: readonly number[]): Closed {
    const { chain } = this;
    const { zero, axes } = this.#atZero(from, chain.joints);
    const [w1, w2, w3] = axes;
    if (w1 === undefined || w2 === undefined || w3 === undefined) return none;
    const three = [w1, w2, w3] as const;
    const rest = multiplyXyzw(toXyzw, conjugateXyzw(chain.bodyXyzw(zero)));
    // The same for both solutions: where the last axis comes to stand.
    const weight = lockWeight(Math.hypot(...cross(w1, rotate(rest, w3))));
    const found = turnWithThree(three, rest).map(([q1 = 0, q2 = 0, q3 = 0]) => {
      if (weight === 1) return place(from, chain.joints, [q1, q2, q3]);
      const first = this.#led(from, chain.joints[0], q1, weight);
      return place(from, chain.joints, [first, q2, lastOfThree(three, first, q2, rest)]);
    });
    return { found, weight };
  }

  /** With the two joints that turn the view; a third that turns the picture about it goes home. */
  #pointTwo(to: Vector3, from: readonly number[]): Closed {
    const { chain } = this;
    const home = [...from];
    for (const { axisIndex, homeRad } of chain.joints) home[axisIndex] = homeRad;
    const atHome = chain.axes(home).map((axis) => Math.abs(dot(axis, this.direction(home))));
    const pointing = chain.joints.filter(
      (_, index) => chain.joints.length < 3 || (atHome[index] ?? 0) < 0.9,
    );
    if (pointing.length !== 2) return none;
    const start = [...from];
    for (const { axisIndex, homeRad } of chain.joints) {
      if (!pointing.some((joint) => joint.axisIndex === axisIndex)) start[axisIndex] = homeRad;
    }
    const { zero, axes } = this.#atZero(start, pointing);
    const [w1, w2] = axes;
    if (w1 === undefined || w2 === undefined) return none;
    const view = this.direction(zero);
    const weight = lockWeight(Math.hypot(...cross(w1, to)));
    const found = pointWithTwo(w1, w2, view, to).map(([q1 = 0, q2 = 0]) => {
      if (weight === 1) return place(start, pointing, [q1, q2]);
      const first = this.#led(from, pointing[0], q1, weight);
      const second = turnTowards(w2, view, rotate(turn(w1, -first), to));
      return place(start, pointing, [first, second]);
    });
    return { found, weight };
  }

  /** Part of the way from where the joint is to where it should be, by the shorter way. */
  #led(from: readonly number[], joint: AimJoint | undefined, to: number, weight: number): number {
    const now = from[joint?.axisIndex ?? 0] ?? 0;
    return now + weight * wrapRad(to - now);
  }

  #atZero(from: readonly number[], joints: readonly AimJoint[]) {
    const zero = [...from];
    for (const { axisIndex } of joints) zero[axisIndex] = 0;
    const all = this.chain.axes(zero);
    const axes = all.filter((_, index) =>
      joints.some(({ axisIndex }) => axisIndex === this.chain.joints[index]?.axisIndex),
    );
    return { zero, axes };
  }

  /** Closed solutions that the limits allow; else whatever least squares find, from several starts. */
  #best(
    from: readonly number[],
    closed: Closed,
    left: (posRad: readonly number[]) => TurnLeft,
  ): JointSolution {
    const errorOf = (posRad: readonly number[]): number => Math.hypot(...left(posRad).leftRad);
    const limited = closed.found.map((posRad) => this.#intoLimits(posRad, from));
    const within = limited.filter(({ isWithin }) => closed.weight < 1 || isWithin);
    const found =
      within.length > 0 ? within.map(({ posRad }) => posRad) : this.#refined(from, closed, left);
    const leastRad = Math.min(...found.map(errorOf));
    const enoughRad = leastRad + sameErrorRad + lockSine * (1 - closed.weight);
    const travelOf = (posRad: readonly number[]): number =>
      Math.hypot(
        ...this.chain.joints.map(({ axisIndex, continuous }) => {
          const wayRad = (posRad[axisIndex] ?? 0) - (from[axisIndex] ?? 0);
          return continuous ? wrapRad(wayRad) : wayRad;
        }),
      );
    const posRad = found
      .filter((candidate) => errorOf(candidate) <= enoughRad)
      .reduce((best, next) => (travelOf(next) < travelOf(best) ? next : best));
    const atLimit = this.chain.joints.filter(({ axisIndex, lowerRad, upperRad }) => {
      const rad = posRad[axisIndex] ?? 0;
      return rad <= lowerRad || rad >= upperRad;
    });
    return { posRad, errorRad: errorOf(posRad), atLimit: atLimit.map(({ name }) => name) };
  }

  #refined(
    from: readonly number[],
    { found }: Closed,
    left: (posRad: readonly number[]) => TurnLeft,
  ): number[][] {
    const refine = (start: readonly number[]): number[] => {
      const { posRad } = this.#intoLimits(start, from);
      dampedTurns(this.chain, posRad, left);
      return this.#intoLimits(posRad, from).posRad;
    };
    const home = [...from];
    for (const { axisIndex, homeRad } of this.chain.joints) home[axisIndex] = homeRad;
    const refined = [from, home, ...found].map(refine);
    const isThere = refined.some((posRad) => Math.hypot(...left(posRad).leftRad) < sameErrorRad);
    // Least squares end in the valley they start in: look for others before it is called unreachable.
    return isThere ? refined : [...refined, ...this.#spread(from).map(refine)];
  }

  /** Poses all over the range of the joints, always the same: a lattice of the golden ratio's powers. */
  #spread(from: readonly number[]): number[][] {
    return Array.from({ length: spreadCount }, (_, count) => {
      const posRad = [...from];
      this.chain.joints.forEach(({ axisIndex, lowerRad, upperRad, continuous }, index) => {
        const ratio = (0.5 + (count + 1) / 1.3247 ** (index + 1)) % 1;
        const [lower, upper] = continuous ? [-Math.PI, Math.PI] : [lowerRad, upperRad];
        posRad[axisIndex] = lower + ratio * (upper - lower);
      });
      return posRad;
    });
  }

  /** Whole turns taken off or added towards where the joint is, then clamped. */
  #intoLimits(at: readonly number[], from: readonly number[]) {
    const posRad = [...at];
    let isWithin = true;
    for (const { axisIndex, lowerRad, upperRad, continuous } of this.chain.joints) {
      const rad = at[axisIndex] ?? 0;
      const now = from[axisIndex] ?? 0;
      const near = now + wrapRad(rad - now);
      const turns = [near, near - 2 * Math.PI, near + 2 * Math.PI];
      const fits = turns.find((value) => value >= lowerRad && value <= upperRad);
      isWithin &&= fits !== undefined;
      if (continuous) posRad[axisIndex] = wrapRad(near);
      else posRad[axisIndex] = fits ?? Math.min(Math.max(near, lowerRad), upperRad);
    }
    return { posRad, isWithin };
  }
}

const chain0 = (chain: AimChain, posRad: readonly number[]): Vector3 | undefined =>
  chain.axes(posRad)[0];

function place(from: readonly number[], joints: readonly AimJoint[], values: readonly number[]) {
  const posRad = [...from];
  joints.forEach(({ axisIndex }, index) => (posRad[axisIndex] = values[index] ?? 0));
  return posRad;
}

/** 1 away from the lock, 0 in it, smooth between. */
function lockWeight(sine: number): number {
  const ratio = Math.min(1, sine / lockSine);
  return ratio * ratio * (3 - 2 * ratio);
}
