import { previewAt } from "../contract/preview.ts";
import type { SampleRing } from "../contract/sample-ring.ts";
import type { SharedRow } from "../contract/shared-row.ts";
import type { ActionPlan } from "./prediction-loop.ts";

/** The plan the actuation worker publishes in shared memory: contract/preview.ts. */
export class PreviewPlan implements ActionPlan {
  readonly #preview: SharedRow;
  readonly #setpoints: SampleRing | undefined;
  readonly #row: Float64Array;
  readonly #setpointRow: Float64Array;

  /**
   * @param setpoints rows of position, velocity: what was commanded before the preview begins, for
   *   predictions from observations that came late.
   */
  constructor(preview: SharedRow, setpoints?: SampleRing) {
    this.#preview = preview;
    this.#setpoints = setpoints;
    this.#row = new Float64Array(preview.width);
    this.#setpointRow = new Float64Array(setpoints?.width ?? 0);
  }

  // hot path
  fill(startMs: number, stepMs: number, horizonSteps: number, out: Float32Array): boolean {
    if (!this.#preview.read(this.#row)) return false;
    const beginsMs = this.#row[0] ?? 0;
    const axisCount = this.#row[3] ?? 0;
    for (let step = 1; step <= horizonSteps; step += 1) {
      const timeMs = startMs + step * stepMs;
      const offset = (step - 1) * axisCount;
      if (timeMs < beginsMs && this.#fillFromHistory(timeMs, axisCount, offset, out)) continue;
      previewAt(this.#row, timeMs, out, offset);
    }
    return true;
  }

  #fillFromHistory(timeMs: number, axisCount: number, offset: number, out: Float32Array): boolean {
    if (this.#setpoints?.sampleAt(timeMs, this.#setpointRow) !== "ok") return false;
    for (let axis = 0; axis < axisCount; axis += 1) {
      out[offset + axis] = this.#setpointRow[axis] ?? 0;
    }
    return true;
  }
}
