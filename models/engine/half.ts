/**
 * Conversions between float32 and the two 16-bit floats, which travel as raw bits in a Uint16Array.
 * Both round to nearest, ties to even, as ONNX Runtime's Cast does.
 */
const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits; above 65504 + half a step: infinity. */
export function float16Bits(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and above round to infinity
  if (magnitude < 0x38800000) {
    // Below 2^-14 the result is a multiple of 2^-24; Math.round breaks ties upwards, not to even.
    const units = Math.abs(scratch[0]) * 2 ** 24;
    const whole = Math.floor(units);
    const rest = units - whole;
    const isUp = rest > 0.5 || (rest === 0.5 && (whole & 1) === 1);
    return sign | (isUp ? whole + 1 : whole);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

export function float16Value(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a float32: its range, 8 bits of precision. */
export function bfloat16Bits(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0] ?? 0;
  if ((bits & 0x7fffffff) > 0x7f800000) return ((bits >>> 16) & 0x8000) | 0x7fc0; // NaN
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

export function bfloat16Value(bits: number): number {
  scratchBits[0] = bits << 16;
  return scratch[0] ?? 0;
}

type HalfType = "float16" | "bfloat16";

/** Writes `from` into `to`, element by element. // hot path */
export function toHalf(type: HalfType, from: ArrayLike<number>, to: Uint16Array): void {
  const bitsOf = type === "float16" ? float16Bits : bfloat16Bits;
  for (let i = 0; i < to.length; i += 1) to[i] = bitsOf(from[i] ?? 0);
}

/** Reads `from` into `to`, element by element. // hot path */
export function fromHalf(type: HalfType, from: Uint16Array, to: Float32Array): void {
  const valueOf = type === "float16" ? float16Value : bfloat16Value;
  for (let i = 0; i < to.length; i += 1) to[i] = valueOf(from[i] ?? 0);
}
