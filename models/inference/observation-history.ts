import type { Observation } from "../../bridge/contract/observation.ts";

/**
 * The newest observations, copied, numbered from 0 since the start: what a fresh worker is fed so that
 * its state is as warm as the old one's. Bounded; the oldest fall out.
 */
export class ObservationHistory {
  readonly #capacity: number;
  readonly #kept: Observation[] = [];
  #nextIndex = 0;
  #epoch = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Number of the observation that comes next. */
  get nextIndex(): number {
    return this.#nextIndex;
  }

  get firstIndex(): number {
    return this.#nextIndex - this.#kept.length;
  }

  /** Rises when the history is forgotten: what was replayed before no longer holds. */
  get epoch(): number {
    return this.#epoch;
  }

  push(observation: Observation): void {
    if (this.#kept.length >= this.#capacity) this.#kept.shift();
    this.#kept.push(copyOf(observation));
    this.#nextIndex += 1;
  }

  /** Undefined when it has fallen out or not come yet. */
  at(index: number): Observation | undefined {
    return this.#kept[index - this.firstIndex];
  }

  clear(): void {
    this.#kept.length = 0;
    this.#epoch += 1;
  }
}

function copyOf(observation: Observation): Observation {
  // Without its picture: the camera's buffer is rewritten, and a copy per step would cost more than it gives.
  return {
    stampMs: observation.stampMs,
    jointPosRad: observation.jointPosRad.slice(),
    jointVelRadPerS: observation.jointVelRadPerS.slice(),
    jointEffortNm: observation.jointEffortNm.slice(),
    commandPosRad: observation.commandPosRad.slice(),
  };
}
