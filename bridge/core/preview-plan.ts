import { previewAt } from "../contract/preview.ts";
import type { SharedRow } from "../contract/shared-row.ts";
import type { ActionPlan } from "./prediction-loop.ts";

/** The plan the actuation worker publishes in shared memory: contract/preview.ts. */
export class PreviewPlan implements ActionPlan {
  readonly #preview: SharedRow;
  readonly #row: Float64Array;

  constructor(preview: SharedRow) {
    this.#preview = preview;
    this.#row = new Float64Array(preview.width);
  }

  // hot path
  fill(startMs: number, stepMs: number, horizonSteps: number, out: Float32Array): boolean {
    if (!this.#preview.read(this.#row)) return false;
    const axisCount = this.#row[3] ?? 0;
    for (let step = 1; step <= horizonSteps; step += 1) {
      previewAt(this.#row, startMs + step * stepMs, out, (step - 1) * axisCount);
    }
    return true;
  }
}
