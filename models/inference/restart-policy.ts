import type { RungRefusal } from "../../bridge/contract/model-status.ts";
import type { MortalWorldModel } from "./candidate.ts";

/** Deaths on one provider after which it is not tried again in this run of the service. */
const deathsPerProvider = 2;

export interface RestartLimits {
  /** Deaths in a row that are answered with a new worker; default 5. A prediction ends the row. */
  readonly maxRestarts?: number;
  /** Wait before the second restart in a row, the first is at once; doubles from then on. Default 250. */
  readonly backoffMs?: number;
}

export interface Restart {
  readonly waitMs: number;
  /** An observation the worker died of must not kill the next one too. */
  readonly forgetsHistory: boolean;
}

/** Counts deaths: when a worker is replaced, when no more, and which providers are to blame. */
export class RestartPolicy {
  readonly maxRestarts: number;
  readonly #backoffMs: number;
  readonly #deathsOn = new Map<string, number>();
  #deathsInARow = 0;

  constructor({ maxRestarts = 5, backoffMs = 250 }: RestartLimits) {
    this.maxRestarts = maxRestarts;
    this.#backoffMs = backoffMs;
  }

  get deathsInARow(): number {
    return this.#deathsInARow;
  }

  /**
   * What follows from a death; undefined when there were too many in a row.
   *
   * @param model that died; undefined when none could be opened.
   */
  afterDeath(model: MortalWorldModel | undefined): Restart | undefined {
    this.#deathsInARow += 1;
    if (model !== undefined) this.#blame(model);
    if (this.#deathsInARow > this.maxRestarts) return undefined;
    if (this.#deathsInARow === 1) return { waitMs: 0, forgetsHistory: false };
    return { waitMs: this.#backoffMs * 2 ** (this.#deathsInARow - 2), forgetsHistory: true };
  }

  /** A prediction came: whoever gave it is well. */
  endRow(): void {
    this.#deathsInARow = 0;
  }

  /** Another package deserves every provider again. */
  forgive(): void {
    this.#deathsOn.clear();
  }

  /** Why the provider is not tried again; undefined while it may be. */
  refusalOf(provider: string): RungRefusal | undefined {
    if ((this.#deathsOn.get(provider) ?? 0) < deathsPerProvider) return undefined;
    return {
      provider,
      gate: "serves",
      found: `its worker died ${deathsPerProvider} times or hung at work`,
      expected: "a worker that lives",
    };
  }

  /** A hang leaves a thread behind for good: once is enough. */
  #blame({ description, isAbandoned }: MortalWorldModel): void {
    const { provider } = description.engine;
    const deaths = isAbandoned ? deathsPerProvider : (this.#deathsOn.get(provider) ?? 0) + 1;
    this.#deathsOn.set(provider, deaths);
  }
}
