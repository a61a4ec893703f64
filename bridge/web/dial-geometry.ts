import type { DeviceOffer } from "../client/index.ts";

type Axis = DeviceOffer["axes"][number];

/** How an axis turns on its dial: degrees clockwise from the top. */
export interface DialFace {
  readonly zeroDeg: number;
  readonly sense: 1 | -1;
}

/**
 * Each dial shows the axis as one sees it move: yaw from above (REP 103: positive is to the left), roll
 * from behind, pitch and the arm from the right side of the device.
 */
const faces: Readonly<Record<string, DialFace>> = {
  yaw: { zeroDeg: 0, sense: -1 },
  roll: { zeroDeg: 0, sense: 1 },
  pitch: { zeroDeg: 90, sense: 1 },
  deploy: { zeroDeg: 270, sense: 1 },
};
const otherFace: DialFace = { zeroDeg: 0, sense: -1 };

export function faceOf(axisName: string): DialFace {
  return faces[axisName] ?? otherFace;
}

/** Degrees clockwise from the top. */
export function dialDeg(face: DialFace, rad: number): number {
  return face.zeroDeg + face.sense * ((rad * 180) / Math.PI);
}

/** The ends of what an axis may do, and of what it is kept to. */
export function rangesOf(axis: Axis): {
  readonly hard: readonly [number, number];
  readonly soft: readonly [number, number];
} {
  const { lowerRad, upperRad, softMarginRad = 0, continuous = false } = axis;
  const margin = continuous ? 0 : softMarginRad;
  return { hard: [lowerRad, upperRad], soft: [lowerRad + margin, upperRad - margin] };
}

/** Is a position in the margin before a limit, or at the limit? */
export function limitSide(axis: Axis, rad: number): "none" | "lower" | "upper" {
  if (axis.continuous === true) return "none";
  const [lower, upper] = rangesOf(axis).soft;
  const slackRad = 0.005;
  if (rad <= lower + slackRad) return "lower";
  return rad >= upper - slackRad ? "upper" : "none";
}

export function pointAt(radius: number, deg: number): { readonly x: number; readonly y: number } {
  const angle = (deg * Math.PI) / 180;
  return { x: radius * Math.sin(angle), y: -radius * Math.cos(angle) };
}

/** SVG path of an arc about the origin between two angles, at most one turn. */
export function arcPath(radius: number, fromDeg: number, toDeg: number): string {
  const span = Math.min(Math.abs(toDeg - fromDeg), 359.99);
  const clockwise = toDeg >= fromDeg;
  const end = fromDeg + (clockwise ? span : -span);
  const [from, to] = [pointAt(radius, fromDeg), pointAt(radius, end)];
  const flags = `${span > 180 ? 1 : 0} ${clockwise ? 1 : 0}`;
  return `M${round(from.x)} ${round(from.y)}A${radius} ${radius} 0 ${flags} ${round(to.x)} ${round(to.y)}`;
}

/** SVG path of the part of a ring between two radii and two angles. */
export function wedgePath(
  radii: readonly [number, number],
  fromDeg: number,
  toDeg: number,
): string {
  const inner = arcPath(radii[0], toDeg, fromDeg).replace("M", "L");
  return `${arcPath(radii[1], fromDeg, toDeg)}${inner}Z`;
}

const round = (value: number): number => Math.round(value * 100) / 100;
