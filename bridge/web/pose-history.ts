import type { Xyzw } from "./projection.ts";

const keepMs = 2000;

/** Where the camera looked lately, so that a picture that is a little old is drawn upon rightly. */
export class PoseHistory {
  readonly #poses: { readonly stampMs: number; readonly baseFromOptical: Xyzw }[] = [];

  add(stampMs: number, baseFromOptical: Xyzw): void {
    const last = this.#poses.at(-1);
    if (last !== undefined && stampMs < last.stampMs) this.#poses.length = 0;
    this.#poses.push({ stampMs, baseFromOptical });
    while ((this.#poses[0]?.stampMs ?? stampMs) < stampMs - keepMs) this.#poses.shift();
  }

  /** The pose nearest in time; undefined before the first. */
  at(stampMs: number): Xyzw | undefined {
    let best = this.#poses.at(-1);
    for (const pose of this.#poses) {
      const distance = Math.abs(pose.stampMs - stampMs);
      if (best === undefined || distance < Math.abs(best.stampMs - stampMs)) best = pose;
    }
    return best?.baseFromOptical;
  }
}
