/** Half-width of a Gaussian's 90 % interval in deviations. */
export const z90 = 1.645;

export const rmseOf = (errors: Float64Array): number =>
  Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);

export const meanAbsOf = (errors: Float64Array): number =>
  errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length;

/** Share of errors inside their 90 % interval. */
export function coverageOf(errors: Float64Array, std: Float64Array): number {
  let inside = 0;
  for (const [i, error] of errors.entries()) {
    if (Math.abs(error) <= z90 * (std[i] ?? 0)) inside += 1;
  }
  return inside / errors.length;
}

/** Rank of every value, 0 for the smallest; equal values share the mean of their ranks. */
export function ranksOf(values: Float64Array): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    const value = values[order[from] ?? 0];
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === value) to += 1;
    for (let i = from; i < to; i += 1) ranks[order[i] ?? 0] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}

/** Spearman's rank correlation; NaN where one side is constant. */
export function spearmanOf(a: Float64Array, b: Float64Array): number {
  const [left, right] = [ranksOf(a), ranksOf(b)];
  const middle = (a.length - 1) / 2;
  let [product, leftSquares, rightSquares] = [0, 0, 0];
  for (const [i, rank] of left.entries()) {
    const [x, y] = [rank - middle, (right[i] ?? 0) - middle];
    product += x * y;
    leftSquares += x * x;
    rightSquares += y * y;
  }
  return product / Math.sqrt(leftSquares * rightSquares);
}

/** Chance that a value of `high` is above one of `low`, ties counted half: the area under the ROC curve. */
export function areaUnderRoc(high: Float64Array, low: Float64Array): number {
  const ranks = ranksOf(Float64Array.of(...high, ...low));
  const sum = ranks.subarray(0, high.length).reduce((total, rank) => total + rank, 0);
  return (sum - (high.length * (high.length - 1)) / 2) / (high.length * low.length);
}

/** Of the mean square error of 8-bit pictures, dB. */
export const psnrOf = (meanSquare: number): number => 10 * Math.log10(255 ** 2 / meanSquare);

/** Mean square difference of two pictures of the same layout. */
export function meanSquareOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return sum / a.length;
}

/** Largest absolute difference; NaN counts as infinitely far. */
export function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i += 1) {
    const away = Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    if (!(away <= most)) most = Number.isNaN(away) ? Infinity : away;
  }
  return most;
}
