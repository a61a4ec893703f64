import type { FollowHistory } from "./follow-history.ts";
import { follow, type FollowLaw } from "./follow-law.ts";

/** Delays in steps and lags that are told apart: none up to ten steps; a stiff servo to a soft one. */
const delays = Array.from({ length: 41 }, (_, index) => index / 4);
const keeps = [0, 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9];
export const longestDelaySteps = 10;
/** A law is judged by where the axis is so many steps later. */
const judgedSteps = 4;
/** All that has to lie behind to judge one. */
const behindSteps = judgedSteps + longestDelaySteps + 1;
/** Memory in steps in which the axis moved, and in which it rested. */
const windowSteps = 150;
/** A setpoint that changes less than this over `behindSteps` stands. */
const stillRad = 0.004;

/** Finds out how one axis follows its setpoint, from what it did lately. */
export class FollowFit {
  readonly #axis: number;
  readonly #squares = new Float64Array(delays.length * keeps.length);
  readonly #path = new Float64Array(judgedSteps + 1);
  #movedCount = 0;
  #restedCount = 0;
  #law: FollowLaw = { delaySteps: 1, keepRatio: 0.4, restsOffRad: 0 };

  constructor(axis: number) {
    this.#axis = axis;
  }

  get law(): FollowLaw {
    return this.#law;
  }

  /** The newest step of the history has just been observed. */
  learn(history: FollowHistory): void {
    if (history.length <= behindSteps) return;
    if (this.#setpointStands(history)) this.#learnRest(history);
    else this.#learnMotion(history);
  }

  #setpointStands(history: FollowHistory): boolean {
    const now = history.setpointRad(this.#axis, 0);
    for (let back = 1; back <= behindSteps; back += 1) {
      if (Math.abs(history.setpointRad(this.#axis, back) - now) > stillRad / 2) return false;
    }
    return true;
  }

  #learnRest(history: FollowHistory): void {
    this.#restedCount += 1;
    const share = Math.max(1 / windowSteps, 1 / this.#restedCount);
    const off = history.posRad(this.#axis, 0) - history.setpointRad(this.#axis, 0);
    const restsOffRad = this.#law.restsOffRad + share * (off - this.#law.restsOffRad);
    this.#law = { ...this.#law, restsOffRad };
  }

  #learnMotion(history: FollowHistory): void {
    this.#movedCount += 1;
    const share = Math.max(1 / windowSteps, 1 / this.#movedCount);
    const axis = this.#axis;
    const [then, now] = [history.posRad(axis, judgedSteps), history.posRad(axis, 0)];
    const setpointRad = (steps: number): number => history.setpointRad(axis, judgedSteps - steps);
    let best = this.#law;
    let least = Infinity;
    delays.forEach((delaySteps, row) => {
      keeps.forEach((keepRatio, column) => {
        const law = { ...this.#law, delaySteps, keepRatio };
        follow(law, then, setpointRad, this.#path, judgedSteps);
        const at = row * keeps.length + column;
        const off = now - (this.#path[judgedSteps] ?? 0);
        const before = this.#squares[at] ?? 0;
        const square = before + share * (off * off - before);
        this.#squares[at] = square;
        if (square < least) [least, best] = [square, law];
      });
    });
    this.#law = best;
  }
}
