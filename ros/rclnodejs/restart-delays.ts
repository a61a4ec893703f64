const delaysMs = [250, 500, 1000, 2000, 5000, 10_000, 30_000] as const;
/** A host that lived this long was sound: the next failure starts from the shortest delay again. */
const soundMs = 60_000;

/** How long to wait before a host is started anew: longer each time it fails soon after its start. */
export class RestartDelays {
  #failureCount = 0;

  /** `livedMs`: how long the host ran; 0 when it did not start. */
  next(livedMs: number): number {
    if (livedMs >= soundMs) this.#failureCount = 0;
    const delayMs = delaysMs[Math.min(this.#failureCount, delaysMs.length - 1)] ?? soundMs;
    this.#failureCount += 1;
    return delayMs;
  }
}
