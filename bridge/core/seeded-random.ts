/** Uniform numbers in [0, 1). */
export type Random = () => number;

/**
 * A small generator whose whole sequence follows from one integer: mulberry32 (Tommy Ettinger, public
 * domain), 2^32 period, enough for scenes, dynamics and faults; not for cryptography.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

export function uniform(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

/** Even in the logarithm, for scales whose ratio matters: gains, frictions. Both bounds above 0. */
export function logUniform(random: Random, low: number, high: number): number {
  return low * (high / low) ** random();
}

/** A seed for one of many independent streams of one run. */
export function streamSeed(seed: number, stream: number): number {
  return (Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(stream + 1, 0xc2b2_ae35)) >>> 0;
}
