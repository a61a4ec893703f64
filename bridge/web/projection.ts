/** A pinhole camera without distortion, its axis through the middle of the picture. Pixels of that picture. */
export interface Pinhole {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly focalPx: number;
}

/** A direction in an optical frame: right, down, forward (REP 103). */
export type Ray = readonly [number, number, number];
/** Unit quaternion, scalar last. */
export type Xyzw = readonly [number, number, number, number];

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Of directions near an optical axis: rad^2, to the right and down. */
export interface Covariance {
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
}

/** 90 % of a normal distribution of two variables lie within this many deviations: sqrt(-2 ln 0.1). */
export const ellipse90Sigmas = Math.sqrt(-2 * Math.log(0.1));

export function pinholeOf(
  size: { readonly widthPx: number; readonly heightPx: number },
  verticalFovRad: number,
): Pinhole {
  const { widthPx, heightPx } = size;
  return { widthPx, heightPx, focalPx: heightPx / (2 * Math.tan(verticalFovRad / 2)) };
}

/** Where the picture shows a direction; undefined behind the camera. */
export function pixelOf(camera: Pinhole, [right, down, forward]: Ray): Point | undefined {
  if (forward <= 1e-6) return undefined;
  const { widthPx, heightPx, focalPx } = camera;
  return {
    x: widthPx / 2 + (focalPx * right) / forward,
    y: heightPx / 2 + (focalPx * down) / forward,
  };
}

/** The direction a point of the picture lies in. */
export function rayOf(camera: Pinhole, { x, y }: Point): Ray {
  const { widthPx, heightPx, focalPx } = camera;
  return [(x - widthPx / 2) / focalPx, (y - heightPx / 2) / focalPx, 1];
}

/** A direction of one camera as another sees it; both given as base from optical frame. */
export function seenFrom(present: Xyzw, other: Xyzw, ray: Ray): Ray {
  const [x, y, z, w] = present;
  return rotate([-x, -y, -z, w], rotate(other, ray));
}

export function rotate(q: Xyzw, v: Ray): Ray {
  // v + 2w (u x v) + 2 u x (u x v), u the vector part.
  const x = 2 * (q[1] * v[2] - q[2] * v[1]);
  const y = 2 * (q[2] * v[0] - q[0] * v[2]);
  const z = 2 * (q[0] * v[1] - q[1] * v[0]);
  return [
    v[0] + q[3] * x + q[1] * z - q[2] * y,
    v[1] + q[3] * y + q[2] * x - q[0] * z,
    v[2] + q[3] * z + q[0] * y - q[1] * x,
  ];
}

/** Points around an ellipse, as offsets from its middle: the given number of deviations away. */
export function ellipseOffsets(
  { xx, xy, yy }: Covariance,
  sigmas: number,
  count: number,
): readonly Point[] {
  // The square root of a symmetric 2x2 matrix maps the unit circle onto the ellipse.
  const determinantRoot = Math.sqrt(Math.max(0, xx * yy - xy * xy));
  const trace = Math.sqrt(Math.max(0, xx + yy + 2 * determinantRoot));
  if (trace === 0) return Array.from({ length: count }, () => ({ x: 0, y: 0 }));
  const [a, b, d] = [(xx + determinantRoot) / trace, xy / trace, (yy + determinantRoot) / trace];
  return Array.from({ length: count }, (_, i) => {
    const angle = (i / count) * 2 * Math.PI;
    const [cos, sin] = [Math.cos(angle) * sigmas, Math.sin(angle) * sigmas];
    return { x: a * cos + b * sin, y: b * cos + d * sin };
  });
}
