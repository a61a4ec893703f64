/**
 * A linear least-squares fit by normal equations with a tiny ridge on columns scaled to their
 * deviation: rows come one at a time, so the size of the data does not matter.
 */
export class LeastSquares {
  readonly #inputs: number;
  readonly #outputs: number;
  /** Upper triangle of X'X, row-major, and X'Y. */
  readonly #gram: Float64Array;
  readonly #moment: Float64Array;
  readonly #sum: Float64Array;
  #count = 0;

  constructor(inputs: number, outputs: number) {
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#gram = new Float64Array(inputs * inputs);
    this.#moment = new Float64Array(inputs * outputs);
    this.#sum = new Float64Array(inputs);
  }

  /** x [inputs], y [outputs]. */
  add(x: Float64Array, y: Float64Array): void {
    const [n, m] = [this.#inputs, this.#outputs];
    this.#count += 1;
    for (let i = 0; i < n; i += 1) {
      const xi = x[i] ?? 0;
      this.#sum[i] = (this.#sum[i] ?? 0) + xi;
      if (xi === 0) continue;
      for (let j = i; j < n; j += 1) addTo(this.#gram, i * n + j, xi * (x[j] ?? 0));
      for (let o = 0; o < m; o += 1) addTo(this.#moment, i * m + o, xi * (y[o] ?? 0));
    }
  }

  /**
   * Coefficients [inputs][outputs].
   *
   * @param ridge added to the diagonal of the scaled system, per row.
   */
  solve(ridge = 1e-7): Float64Array {
    const [n, m] = [this.#inputs, this.#outputs];
    const scale = this.#deviations();
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i += 1) {
      for (let j = i; j < n; j += 1) {
        const value = (this.#gram[i * n + j] ?? 0) / ((scale[i] ?? 1) * (scale[j] ?? 1));
        a[i * n + j] = value;
        a[j * n + i] = value;
      }
      addTo(a, i * n + i, ridge * this.#count);
    }
    const b = this.#moment.map((value, index) => value / (scale[Math.floor(index / m)] ?? 1));
    solveInPlace(a, b, n, m);
    return b.map((value, index) => value / (scale[Math.floor(index / m)] ?? 1));
  }

  #deviations(): Float64Array {
    const n = this.#inputs;
    return this.#sum.map((sum, i) => {
      const mean = sum / this.#count;
      const variance = (this.#gram[i * n + i] ?? 0) / this.#count - mean * mean;
      // A column that never changes is the constant: it keeps its size.
      return variance > 1e-12 * mean * mean ? Math.sqrt(variance) : Math.abs(mean) + 1e-12;
    });
  }
}

function addTo(values: Float64Array, at: number, value: number): void {
  values[at] = (values[at] ?? 0) + value;
}

/** Cholesky: a [n][n] symmetric positive definite, destroyed; b [n][m] becomes the solution. */
function solveInPlace(a: Float64Array, b: Float64Array, n: number, m: number): void {
  for (let j = 0; j < n; j += 1) {
    for (let i = j; i < n; i += 1) {
      let sum = a[i * n + j] ?? 0;
      for (let k = 0; k < j; k += 1) sum -= (a[i * n + k] ?? 0) * (a[j * n + k] ?? 0);
      if (i === j && !(sum > 0)) throw new RangeError(`column ${j} follows from those before it`);
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / (a[j * n + j] ?? 1);
    }
  }
  for (let o = 0; o < m; o += 1) {
    for (let i = 0; i < n; i += 1) {
      let sum = b[i * m + o] ?? 0;
      for (let k = 0; k < i; k += 1) sum -= (a[i * n + k] ?? 0) * (b[k * m + o] ?? 0);
      b[i * m + o] = sum / (a[i * n + i] ?? 1);
    }
    for (let i = n - 1; i >= 0; i -= 1) {
      let sum = b[i * m + o] ?? 0;
      for (let k = i + 1; k < n; k += 1) sum -= (a[k * n + i] ?? 0) * (b[k * m + o] ?? 0);
      b[i * m + o] = sum / (a[i * n + i] ?? 1);
    }
  }
}
