/** Joint positions of one axis over time. */
export interface Trace {
  readonly timeMs: readonly number[];
  readonly posRad: readonly number[];
}

/** What a move says of the device behind it. Times from the command. NaN = it never came to that. */
export interface StepResponse {
  readonly fromRad: number;
  readonly toRad: number;
  /** Until the joint has left its place by more than its noise. */
  readonly latencyMs: number;
  /** From 10 % to 90 % of the way. */
  readonly riseMs: number;
  /** Until it stays within the tolerance of its end. */
  readonly settleMs: number;
  /** Beyond the target, as a share of the step. */
  readonly overshootRatio: number;
  /** Where it stands in the end, from the target. */
  readonly errorRad: number;
}

/** Of what moves: below this no sensor of a servo is believed. */
const leastNoiseRad = 0.002;
const settledRatio = 0.05;

/**
 * @param trace from before the command to well after the motion.
 * @param noiseRad largest deviation seen at rest.
 */
export function stepResponse(
  trace: Trace,
  step: { readonly commandMs: number; readonly targetRad: number; readonly noiseRad: number },
): StepResponse {
  const { commandMs, targetRad } = step;
  const samples = trace.timeMs.map((timeMs, index) => ({
    afterMs: timeMs - commandMs,
    posRad: trace.posRad[index] ?? Number.NaN,
  }));
  const fromRad = samples.findLast(({ afterMs }) => afterMs <= 0)?.posRad ?? Number.NaN;
  const span = targetRad - fromRad;
  const moved = (posRad: number): number => (posRad - fromRad) / span;
  const threshold = Math.max(3 * step.noiseRad, leastNoiseRad) / Math.abs(span);
  const after = samples.filter(({ afterMs }) => afterMs > 0);
  const firstAt = (ratio: number): number =>
    after.find(({ posRad }) => moved(posRad) >= ratio)?.afterMs ?? Number.NaN;
  const endRad = after.at(-1)?.posRad ?? Number.NaN;
  const lastOutside = after.findLast(
    ({ posRad }) => Math.abs(posRad - endRad) > settledRatio * Math.abs(span),
  );
  const peak = after.reduce((most, { posRad }) => Math.max(most, moved(posRad)), 0);
  return {
    fromRad,
    toRad: targetRad,
    latencyMs: firstAt(threshold),
    riseMs: firstAt(0.9) - firstAt(0.1),
    settleMs: lastOutside?.afterMs ?? Number.NaN,
    overshootRatio: Math.max(0, peak - Math.max(1, moved(endRad))),
    errorRad: endRad - targetRad,
  };
}
