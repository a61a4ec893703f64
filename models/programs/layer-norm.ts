/**
 * Brings every block of `width` numbers to mean 0 and variance 1, in place: layer normalisation
 * without gain and bias (Ba et al. 2016, arXiv 1607.06450, eq. 3). // hot path
 */
export function normalizeLayers(values: Float32Array, width: number, eps: number): void {
  for (let start = 0; start < values.length; start += width) {
    let sum = 0;
    for (let i = start; i < start + width; i += 1) sum += values[i] ?? 0;
    const mean = sum / width;
    let squares = 0;
    for (let i = start; i < start + width; i += 1) squares += ((values[i] ?? 0) - mean) ** 2;
    const scale = 1 / Math.sqrt(squares / width + eps);
    for (let i = start; i < start + width; i += 1) values[i] = ((values[i] ?? 0) - mean) * scale;
  }
}
