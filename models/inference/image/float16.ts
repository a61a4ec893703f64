const bits = new Uint32Array(1);
const single = new Float32Array(bits.buffer);

/**
 * The IEEE 754 half-precision bits nearest to a number that is first rounded to single precision,
 * ties to even, as numpy's `astype(float32).astype(float16)`.
 */
export function float16Bits(value: number): number {
  single[0] = value;
  const word = bits[0] ?? 0;
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const fraction = word & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const unbiased = exponent - 127;
  if (unbiased > 15) return sign | 0x7c00;
  // Carries of the rounding run on into the exponent, up to infinity, as they should.
  if (unbiased >= -14) return sign | roundedShift(((unbiased + 15) << 23) | fraction, 13);
  if (unbiased < -25) return sign;
  return sign | roundedShift(fraction | 0x800000, -1 - unbiased);
}

/** `value >> shift`, to the nearest, ties to even. */
function roundedShift(value: number, shift: number): number {
  const half = 1 << (shift - 1);
  const rest = value & ((1 << shift) - 1);
  const floor = value >>> shift;
  if (rest > half || (rest === half && (floor & 1) === 1)) return floor + 1;
  return floor;
}
