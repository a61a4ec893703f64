const entryCount = 4096;
const maxLight = 8;

/** The tone curve and the sRGB transfer (IEC 61966-2-1) in one table: linear light to a byte. */
export class ToneCurve {
  readonly #bytes: Uint8Array;

  constructor(exposure: number) {
    // Indexed by the square root: as many entries for the darks, where sRGB is steep.
    this.#bytes = Uint8Array.from({ length: entryCount + 1 }, (_, i) => {
      const light = (i / entryCount) ** 2 * maxLight * exposure;
      return Math.round(255 * srgbFromLinear(compress(light)));
    });
  }

  /** // hot path */
  byteOf(light: number): number {
    const at = Math.sqrt(Math.max(0, Math.min(light, maxLight)) * (1 / maxLight)) * entryCount;
    return this.#bytes[(at + 0.5) | 0] ?? 0;
  }
}

/** Leaves the lower half of the range nearly straight and rolls highlights off towards white. */
function compress(light: number): number {
  const shoulder = 0.6;
  if (light <= shoulder) return light;
  const room = 1 - shoulder;
  return shoulder + room * (1 - Math.exp(-(light - shoulder) / room));
}

export function linearFromSrgb(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function srgbFromLinear(value: number): number {
  return value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055;
}
