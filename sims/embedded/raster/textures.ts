/** Textures give one number in 0..1 per point: how much of the second colour shows there. */
export type TextureKind = "solid" | "checker" | "wood" | "plaster" | "tiles";

/**
 * A checker of two squares per period, averaged over the footprint of a pixel: the exact integral of
 * the pattern over a box of that size, so it fades to grey with distance where point samples would
 * flicker. Coordinates and footprint in periods. // hot path
 */
export function checkerRatio(u: number, v: number, footprintU: number, footprintV: number): number {
  return 0.5 - 0.5 * squareWaveMean(u, footprintU) * squareWaveMean(v, footprintV);
}

/** Lines along the borders of unit squares, box filtered like the checker. // hot path */
export function tilesRatio(u: number, v: number, footprintU: number, footprintV: number): number {
  const lineU = lineMean(u, footprintU);
  const lineV = lineMean(v, footprintV);
  return lineU + lineV - lineU * lineV;
}

/** Mean of a square wave of period 1 and values ±1 over a window around `at`. // hot path */
function squareWaveMean(at: number, window: number): number {
  const width = Math.max(window, 1e-6);
  return (squareWaveIntegral(at + width / 2) - squareWaveIntegral(at - width / 2)) / width;
}

/** A triangle wave: rises while the square wave is +1 (first half period), falls after. */
function squareWaveIntegral(at: number): number {
  return 0.5 - Math.abs(at - Math.floor(at) - 0.5);
}

const lineWidthRatio = 0.04;

function lineMean(at: number, window: number): number {
  const width = Math.max(window, 1e-6);
  return (lineIntegral(at + width / 2) - lineIntegral(at - width / 2)) / width;
}

function lineIntegral(at: number): number {
  const whole = Math.floor(at);
  return whole * lineWidthRatio + Math.min(at - whole, lineWidthRatio);
}

const bakedSize = 256;
const levelCount = 9;

/** A tileable picture of one number per texel with its chain of halved copies, sampled trilinearly. */
export class BakedTexture {
  readonly #levels: readonly Float32Array[];

  /** @param value number in 0..1 at u, v in 0..1; must tile. */
  constructor(value: (u: number, v: number) => number) {
    const base = Float32Array.from({ length: bakedSize * bakedSize }, (_, i) =>
      value(((i % bakedSize) + 0.5) / bakedSize, (Math.floor(i / bakedSize) + 0.5) / bakedSize),
    );
    const levels: Float32Array[] = [base];
    for (let level = 1; level < levelCount; level += 1) {
      levels.push(halved(levels[level - 1] ?? base, bakedSize >> (level - 1)));
    }
    this.#levels = levels;
  }

  /** Coordinates in periods; footprint is the length in periods that one pixel covers. // hot path */
  sample(u: number, v: number, footprint: number): number {
    const lod = Math.max(0, Math.min(levelCount - 1.001, Math.log2(footprint * bakedSize)));
    const fine = Math.floor(lod);
    const mix = lod - fine;
    const near = this.#bilinear(fine, u, v);
    return mix < 0.02 ? near : near + (this.#bilinear(fine + 1, u, v) - near) * mix;
  }

  #bilinear(level: number, u: number, v: number): number {
    const texels = this.#levels[level];
    if (texels === undefined) return 0;
    const size = bakedSize >> level;
    const mask = size - 1;
    const x = u * size - 0.5;
    const y = v * size - 0.5;
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const fx = x - x0;
    const fy = y - y0;
    const row0 = (y0 & mask) * size;
    const row1 = ((y0 + 1) & mask) * size;
    const column0 = x0 & mask;
    const column1 = (x0 + 1) & mask;
    const top = (texels[row0 + column0] ?? 0) * (1 - fx) + (texels[row0 + column1] ?? 0) * fx;
    const low = (texels[row1 + column0] ?? 0) * (1 - fx) + (texels[row1 + column1] ?? 0) * fx;
    return top * (1 - fy) + low * fy;
  }
}

function halved(texels: Float32Array, size: number): Float32Array {
  const half = size >> 1;
  return Float32Array.from({ length: half * half }, (_, i) => {
    const at = Math.floor(i / half) * 2 * size + (i % half) * 2;
    const sum =
      (texels[at] ?? 0) +
      (texels[at + 1] ?? 0) +
      (texels[at + size] ?? 0) +
      (texels[at + size + 1] ?? 0);
    return sum / 4;
  });
}

/** Four planks per period, each with grain along u, its own shade and dark seams. */
export function woodTexture(): BakedTexture {
  const plankCount = 4;
  return new BakedTexture((u, v) => {
    const plank = Math.floor(v * plankCount);
    const across = v * plankCount - plank;
    const along = u + hash(plank, 7, 1);
    const warp = noise(along, v, 3, 6, 2) * 0.6;
    const rings = 0.5 + 0.5 * Math.sin((across * 3 + warp + hash(plank, 3, 9)) * 2 * Math.PI);
    const fibre = noise(along, v, 6, 128, 5);
    const shade = hash(plank, 1, 4);
    const edge = Math.min(across, 1 - across) * (1 / plankCount) * bakedSize;
    const end = Math.abs(along - Math.floor(along) - 0.5) * bakedSize;
    const seam = edge < 0.8 || end < 0.8 ? 0.6 : 0;
    return Math.min(1, 0.28 * rings + 0.3 * fibre + 0.32 * shade + seam);
  });
}

/** Faint blotches at several scales. */
export function plasterTexture(): BakedTexture {
  return new BakedTexture(
    (u, v) =>
      0.5 * noise(u, v, 4, 4, 11) + 0.3 * noise(u, v, 16, 16, 12) + 0.2 * noise(u, v, 64, 64, 13),
  );
}

/** Smooth noise in 0..1 on a lattice of `cellsU` x `cellsV`, tiling in both directions. */
function noise(u: number, v: number, cellsU: number, cellsV: number, seed: number): number {
  const x = u * cellsU;
  const y = v * cellsV;
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = smooth(x - x0);
  const fy = smooth(y - y0);
  const at = (dx: number, dy: number): number =>
    hash(modulo(x0 + dx, cellsU), modulo(y0 + dy, cellsV), seed);
  const top = at(0, 0) * (1 - fx) + at(1, 0) * fx;
  const low = at(0, 1) * (1 - fx) + at(1, 1) * fx;
  return top * (1 - fy) + low * fy;
}

const smooth = (t: number): number => t * t * (3 - 2 * t);
const modulo = (a: number, n: number): number => ((a % n) + n) % n;

/** A number in 0..1 that looks random and depends on nothing but its arguments. */
function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 0x1_0000_0000;
}
