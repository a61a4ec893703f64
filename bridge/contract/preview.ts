/**
 * The setpoints the shaper will command, as the actuation worker publishes them in a `SharedRow`
 * every `previewPeriodMs`: what a prediction is conditioned on. It assumes no new command comes, so a
 * velocity runs to its expiry and brakes.
 *
 * ```
 * [0] stamp of sample 0, monotonic ms   [1] ms between samples   [2] samples   [3] axes
 * [4 ...] position setpoint, rad, [sample][axis]
 * ```
 */
export const previewHeaderWidth = 4;

export interface PreviewLayout {
  readonly sampleCount: number;
  readonly axisCount: number;
}

export const previewWidth = (layout: PreviewLayout): number =>
  previewHeaderWidth + layout.sampleCount * layout.axisCount;

/**
 * Setpoints at `timeMs` by linear interpolation of a preview row into `out[outOffset ...]`. Before
 * the first sample and beyond the last the nearest one holds. // hot path
 */
export function previewAt(
  row: Float64Array,
  timeMs: number,
  out: Float32Array,
  outOffset: number,
): void {
  const startMs = row[0] ?? 0;
  const stepMs = row[1] ?? 1;
  const sampleCount = row[2] ?? 0;
  const axisCount = row[3] ?? 0;
  const position = Math.min(Math.max((timeMs - startMs) / stepMs, 0), Math.max(0, sampleCount - 1));
  const low = Math.floor(position);
  const high = Math.min(low + 1, sampleCount - 1);
  const ratio = position - low;
  for (let axis = 0; axis < axisCount; axis += 1) {
    const from = row[previewHeaderWidth + low * axisCount + axis] ?? 0;
    const to = row[previewHeaderWidth + high * axisCount + axis] ?? 0;
    out[outOffset + axis] = from + (to - from) * ratio;
  }
}
