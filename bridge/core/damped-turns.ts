import type { AimChain } from "./aim-chain.ts";
import { dot } from "./axis-turns.ts";
import type { Vector3 } from "./kinematics.ts";

/** What is left to turn in the base frame: axis times angle, rad, and a direction about which turning is free. */
export interface TurnLeft {
  readonly leftRad: Vector3;
  readonly freeAxis?: Vector3;
}

const maxIterations = 80;
const goodRad = 1e-9;
/** Longest step of one joint: the straight line stays near the arc. */
const maxStepRad = 0.5;

/**
 * Joint positions nearest to what is wanted, within the limits, from where it starts: Levenberg's damped
 * least squares, with joints at a limit left out while they push against it. Near a singular pose the damping
 * keeps joints from racing; what it gives up shows in the error.
 *
 * @param posRad device order; changed in place, only at the chain's joints.
 */
export function dampedTurns(
  chain: AimChain,
  posRad: number[],
  left: (posRad: readonly number[]) => TurnLeft,
): void {
  let damping = 1e-3;
  let now = left(posRad);
  let error = Math.hypot(...now.leftRad);
  for (let i = 0; i < maxIterations && error > goodRad; i += 1) {
    const tried = stepped(chain, posRad, now, damping);
    const next = left(tried);
    const nextError = Math.hypot(...next.leftRad);
    if (nextError < error) {
      const isSlow = error - nextError < 1e-12;
      for (const { axisIndex } of chain.joints) posRad[axisIndex] = tried[axisIndex] ?? 0;
      now = next;
      error = nextError;
      damping = Math.max(damping / 4, 1e-9);
      if (isSlow) return;
    } else {
      damping *= 4;
      if (damping > 1e4) return;
    }
  }
}

function stepped(chain: AimChain, posRad: readonly number[], now: TurnLeft, damping: number) {
  const columns = chain.axes(posRad).map((axis) => withoutFree(axis, now.freeAxis));
  const pulls = columns.map((column) => dot(column, now.leftRad));
  const isFree = chain.joints.map(({ axisIndex, lowerRad, upperRad }, index) => {
    const at = posRad[axisIndex] ?? 0;
    const pull = pulls[index] ?? 0;
    return !((at <= lowerRad && pull < 0) || (at >= upperRad && pull > 0));
  });
  const free = columns.filter((_, index) => isFree[index]);
  const matrix = free.map((a, i) => free.map((b, j) => dot(a, b) + (i === j ? damping : 0)));
  const steps = solve(
    matrix,
    pulls.filter((_, index) => isFree[index]),
  );
  const longest = Math.max(maxStepRad, ...steps.map(Math.abs));
  const tried = [...posRad];
  let next = 0;
  chain.joints.forEach(({ axisIndex, lowerRad, upperRad }, index) => {
    if (isFree[index] !== true) return;
    const to = (posRad[axisIndex] ?? 0) + ((steps[next] ?? 0) * maxStepRad) / longest;
    tried[axisIndex] = Math.min(Math.max(to, lowerRad), upperRad);
    next += 1;
  });
  return tried;
}

function withoutFree(axis: Vector3, free: Vector3 | undefined): Vector3 {
  if (free === undefined) return axis;
  const along = dot(axis, free);
  return [axis[0] - along * free[0], axis[1] - along * free[1], axis[2] - along * free[2]];
}

/** Gauss without pivoting: the matrix is symmetric and, with its damping, positive definite. */
function solve(matrix: number[][], right: number[]): number[] {
  const size = right.length;
  const at = (row: number, column: number): number => matrix[row]?.[column] ?? 0;
  for (let pivot = 0; pivot < size; pivot += 1) {
    for (let row = pivot + 1; row < size; row += 1) {
      const factor = at(row, pivot) / at(pivot, pivot);
      const cells = matrix[row];
      if (cells === undefined) continue;
      for (let column = pivot; column < size; column += 1) {
        cells[column] = at(row, column) - factor * at(pivot, column);
      }
      right[row] = (right[row] ?? 0) - factor * (right[pivot] ?? 0);
    }
  }
  const result = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = right[row] ?? 0;
    for (let column = row + 1; column < size; column += 1) {
      sum -= at(row, column) * (result[column] ?? 0);
    }
    result[row] = sum / at(row, row);
  }
  return result;
}
