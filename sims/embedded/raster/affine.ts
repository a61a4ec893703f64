/* eslint-disable @typescript-eslint/no-non-null-assertion -- fixed layouts of 12 numbers at an offset */

/**
 * Affine maps in the layout of a pose: offset (3), then a row-major 3 x 3 matrix. A pose is the map
 * parentFromLocal whose matrix is a rotation.
 */
export const affineWidth = 12;

/** out = a after b, so `cFromA = compose(cFromB, bFromA)`. `out` must not alias. // hot path */
export function compose(
  out: Float64Array,
  a: Float64Array,
  b: Float64Array,
  bOffset: number,
): void {
  for (let row = 0; row < 3; row += 1) {
    const m0 = a[3 + row * 3]!;
    const m1 = a[4 + row * 3]!;
    const m2 = a[5 + row * 3]!;
    out[row] = a[row]! + m0 * b[bOffset]! + m1 * b[bOffset + 1]! + m2 * b[bOffset + 2]!;
    for (let column = 0; column < 3; column += 1) {
      const at = bOffset + 3 + column;
      out[3 + row * 3 + column] = m0 * b[at]! + m1 * b[at + 3]! + m2 * b[at + 6]!;
    }
  }
}

/** out = the inverse of a pose (its matrix is a rotation). // hot path */
export function invertPose(out: Float64Array, pose: Float64Array, offset: number): void {
  for (let row = 0; row < 3; row += 1) {
    let moved = 0;
    for (let column = 0; column < 3; column += 1) {
      const element = pose[offset + 3 + column * 3 + row]!;
      out[3 + row * 3 + column] = element;
      moved -= element * pose[offset + column]!;
    }
    out[row] = moved;
  }
}

/** Maps packed points: out[i] = map(points[i]), both [point][xyz]. // hot path */
export function mapPoints(out: Float64Array, map: Float64Array, points: Float64Array): void {
  for (let i = 0; i < points.length; i += 3) {
    const x = points[i]!;
    const y = points[i + 1]!;
    const z = points[i + 2]!;
    out[i] = map[0]! + map[3]! * x + map[4]! * y + map[5]! * z;
    out[i + 1] = map[1]! + map[6]! * x + map[7]! * y + map[8]! * z;
    out[i + 2] = map[2]! + map[9]! * x + map[10]! * y + map[11]! * z;
  }
}
