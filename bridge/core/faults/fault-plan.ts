import { seededRandom, streamSeed, uniform, type Random } from "../seeded-random.ts";
import { faultPlaces, type Fault, type FaultPlace } from "./fault.ts";

/** What crosses a thread to make the same plan there. */
export interface FaultPlanData {
  readonly faults: readonly Fault[];
  readonly seed: number;
  /** One float64: monotonic ms from which the faults' starts count; infinity before the run begins. */
  readonly origin: SharedArrayBuffer;
}

/**
 * The faults of one run, by place, with a random stream each: which sample is lost depends on the
 * seed and on how many samples that place has seen, not on what the other places do.
 */
export class FaultPlan {
  readonly data: FaultPlanData;
  readonly #origin: Float64Array;
  readonly #lines: ReadonlyMap<FaultPlace, FaultLine>;

  constructor(data: FaultPlanData) {
    this.data = data;
    this.#origin = new Float64Array(data.origin);
    this.#lines = new Map(
      faultPlaces.map((place, index) => {
        const faults = data.faults.filter((fault) => fault.place === place);
        const random = seededRandom(streamSeed(data.seed, index));
        return [place, new FaultLine(faults, this.#origin, random)];
      }),
    );
  }

  /** A plan whose run has not begun. */
  static create(options: { readonly faults: readonly Fault[]; readonly seed: number }): FaultPlan {
    const origin = new SharedArrayBuffer(8);
    new Float64Array(origin)[0] = Number.POSITIVE_INFINITY;
    return new FaultPlan({ ...options, origin });
  }

  get originMs(): number {
    return this.#origin[0] ?? Number.POSITIVE_INFINITY;
  }

  /** The run begins, in every thread that has this plan: no fault is on before. */
  begin(nowMs: number): void {
    this.#origin[0] = nowMs;
  }

  /** The faults of one place. */
  at(place: FaultPlace): FaultLine {
    const line = this.#lines.get(place);
    if (line === undefined) throw new Error(`no line for ${place}`);
    return line;
  }

  has(place: FaultPlace): boolean {
    return this.at(place).faults.length > 0;
  }

  /** How often each kind has struck so far, e.g. `joints.loss: 12`. */
  counts(): Readonly<Record<string, number>> {
    const all: Record<string, number> = {};
    for (const [place, line] of this.#lines) {
      for (const [kind, count] of line.counts) all[`${place}.${kind}`] = count;
    }
    return all;
  }
}

/** The faults of one place: which are on at a given time, and the place's own dice. */
export class FaultLine {
  readonly faults: readonly Fault[];
  readonly counts = new Map<string, number>();
  readonly #origin: Float64Array;
  readonly #random: Random;
  readonly #done = new Set<Fault>();

  constructor(faults: readonly Fault[], origin: Float64Array, random: Random) {
    this.faults = faults;
    this.#origin = origin;
    this.#random = random;
  }

  /** The first fault of this kind that is on at `nowMs`, for all axes or for `axis`. */
  active(kind: string, nowMs: number, axis?: string): Fault | undefined {
    for (const fault of this.faults) {
      if (fault.kind !== kind || (fault.axis !== undefined && fault.axis !== axis)) continue;
      const sinceMs = nowMs - (this.#origin[0] ?? 0) - fault.startMs;
      if (sinceMs >= 0 && sinceMs < fault.durationMs) return fault;
    }
    return undefined;
  }

  /** As `active`, and counts that it struck. */
  strike(kind: string, nowMs: number, axis?: string): Fault | undefined {
    const fault = this.active(kind, nowMs, axis);
    if (fault !== undefined) this.count(kind);
    return fault;
  }

  /** A fault that happens once, the first time it is asked for after its start. */
  strikeOnce(kind: string, nowMs: number): Fault | undefined {
    for (const fault of this.faults) {
      if (fault.kind !== kind || this.#done.has(fault)) continue;
      if (nowMs - (this.#origin[0] ?? 0) < fault.startMs) continue;
      this.#done.add(fault);
      this.count(kind);
      return fault;
    }
    return undefined;
  }

  /** Whether chance wants a fault whose value is a share. */
  strikeByChance(kind: string, nowMs: number): boolean {
    const fault = this.active(kind, nowMs);
    if (fault === undefined || this.#random() >= fault.value) return false;
    this.count(kind);
    return true;
  }

  /** The value within its spread. */
  draw(fault: Fault): number {
    return fault.value + (fault.spread === 0 ? 0 : uniform(this.#random, -1, 1) * fault.spread);
  }

  /** Delay of something that sets out at `nowMs`: `delay` with its spread, plus `jitter`. */
  delayMs(nowMs: number): number {
    const delay = this.strike("delay", nowMs);
    const jitter = this.strike("jitter", nowMs);
    const fixedMs = delay === undefined ? 0 : this.draw(delay);
    return Math.max(0, fixedMs) + (jitter === undefined ? 0 : this.#random() * jitter.value);
  }

  count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}
