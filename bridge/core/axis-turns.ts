import { conjugateXyzw, multiplyXyzw, rotate, type Vector3, type Xyzw } from "./kinematics.ts";

/**
 * Closed forms for turns about two or three fixed axes, in any directions that differ: a chain of
 * joints is `turn(w1, q1) turn(w2, q2) turn(w3, q3) R0`, the axes taken where they are with all angles 0.
 * Source: Murray, Li and Sastry, A Mathematical Introduction to Robotic Manipulation, 3.2 (the
 * subproblems of Paden and Kahan).
 */

export const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

export function unit(v: Vector3): Vector3 {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
}

/** Angle between two directions, rad, exact also where they are nearly the same. */
export const angleBetween = (a: Vector3, b: Vector3): number =>
  Math.atan2(Math.hypot(...cross(a, b)), dot(a, b));

/** As a turn of at most half a circle: its axis times its angle, rad. */
export function rotationVector(q: Xyzw): Vector3 {
  const sign = q[3] < 0 ? -1 : 1;
  const length = Math.hypot(q[0], q[1], q[2]);
  if (length < 1e-12) return [0, 0, 0];
  const scale = (2 * sign * Math.atan2(length, Math.abs(q[3]))) / length;
  return [q[0] * scale, q[1] * scale, q[2] * scale];
}

export const turn = (axis: Vector3, angleRad: number): Xyzw => {
  const sine = Math.sin(angleRad / 2);
  return [axis[0] * sine, axis[1] * sine, axis[2] * sine, Math.cos(angleRad / 2)];
};

/** The turn about `axis` that brings `from` nearest to `to`; 0 where every turn is as good. */
export function turnTowards(axis: Vector3, from: Vector3, to: Vector3): number {
  const sine = dot(axis, cross(from, to));
  const cosine = dot(from, to) - dot(axis, from) * dot(axis, to);
  return Math.hypot(sine, cosine) < 1e-12 ? 0 : Math.atan2(sine, cosine);
}

/** The turn about `axis` that comes nearest to the turn `q`. */
export const turnNearest = (axis: Vector3, q: Xyzw): number =>
  wrapRad(2 * Math.atan2(dot(axis, [q[0], q[1], q[2]]), q[3]));

/** Into -pi .. pi. */
export const wrapRad = (rad: number): number => rad - 2 * Math.PI * Math.round(rad / (2 * Math.PI));

/**
 * Angles q with `dot(along, turn(axis, q) v) = value`; where none reaches it, the one that comes nearest.
 */
function turnsToHeight(axis: Vector3, v: Vector3, along: Vector3, value: number): number[] {
  const onAxis = dot(axis, v) * dot(axis, along);
  const cosine = dot(along, v) - onAxis;
  const sine = dot(along, cross(axis, v));
  const reach = Math.hypot(cosine, sine);
  if (reach < 1e-12) return [0];
  const middle = Math.atan2(sine, cosine);
  const half = Math.acos(Math.min(1, Math.max(-1, (value - onAxis) / reach)));
  return [wrapRad(middle + half), wrapRad(middle - half)];
}

/** Both ways to bring `v` to the direction `to` by `turn(w1, q1) turn(w2, q2)`. */
export function pointWithTwo(w1: Vector3, w2: Vector3, v: Vector3, to: Vector3): number[][] {
  return turnsToHeight(w2, v, w1, dot(w1, to)).map((q2) => [
    turnTowards(w1, rotate(turn(w2, q2), v), to),
    q2,
  ]);
}

/** Both ways to make the turn `to` out of three. */
export function turnWithThree(
  [w1, w2, w3]: readonly [Vector3, Vector3, Vector3],
  to: Xyzw,
): number[][] {
  const third = rotate(to, w3);
  return turnsToHeight(w2, w3, w1, dot(w1, third)).map((q2) => {
    const q1 = turnTowards(w1, rotate(turn(w2, q2), w3), third);
    return [q1, q2, lastOfThree([w1, w2, w3], q1, q2, to)];
  });
}

/** The third angle that comes nearest to the turn `to` after the first two. */
export function lastOfThree(
  [w1, w2, w3]: readonly [Vector3, Vector3, Vector3],
  q1: number,
  q2: number,
  to: Xyzw,
): number {
  const rest = multiplyXyzw(conjugateXyzw(multiplyXyzw(turn(w1, q1), turn(w2, q2))), to);
  return turnNearest(w3, rest);
}
