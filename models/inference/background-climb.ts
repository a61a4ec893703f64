import { BridgeError, errorText } from "../../bridge/contract/errors.ts";
import type { Log } from "../../bridge/contract/log.ts";
import {
  refusalText,
  type ModelStatus,
  type RungRefusal,
} from "../../bridge/contract/model-status.ts";
import { siftPresent } from "../ladder/presence.ts";
import type { Rung } from "../ladder/rung.ts";
import type { MortalWorldModel, OpenModel } from "./candidate.ts";
import { betterRungs } from "./quick-rungs.ts";

export interface BackgroundClimbOptions {
  readonly open: OpenModel;
  readonly exists: (path: string) => boolean;
  readonly log: Log;
  /** Why a provider is not tried although it is there; undefined while it may be. */
  readonly refusalOf: (provider: string) => RungRefusal | undefined;
  /** Resolves when the model serves; throws when it cannot, or `signal` came first. */
  readonly install: (model: MortalWorldModel, signal: AbortSignal) => Promise<void>;
}

interface Climb {
  readonly stop: AbortController;
  readonly packagePath: string;
  readonly providers: readonly string[];
  readonly sinceMs: number;
}

/** Tries the better rungs, best first, while a quick one serves. One climb at a time. */
export class BackgroundClimb {
  readonly #options: BackgroundClimbOptions;
  #climb: Climb | undefined;
  #refusals: readonly RungRefusal[] = [];
  #abandonedCount = 0;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: BackgroundClimbOptions) {
    this.#options = options;
  }

  /** Of the last climb, with what kept the quick model from its own better rungs. */
  get refusals(): readonly RungRefusal[] {
    return this.#refusals;
  }

  /** Workers that hung in native code and could not be ended. */
  get abandonedCount(): number {
    return this.#abandonedCount;
  }

  get building(): ModelStatus["building"] {
    if (this.#climb === undefined) return undefined;
    const { packagePath, providers, sinceMs } = this.#climb;
    return { packagePath, providers, forMs: Math.round(performance.now() - sinceMs) };
  }

  /** Resolves when the newest climb is over. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Sorts out what this machine or library cannot have, at no cost, and climbs the rest. */
  start(packagePath: string, rungs: readonly Rung[], quick: MortalWorldModel): void {
    const { exists, log, refusalOf } = this.#options;
    const surroundings = { exists, builtIn: quick.builtInProviders };
    const sifted = siftPresent(betterRungs(rungs), surroundings);
    const blamed = sifted.present.flatMap((rung) => refusalOf(rung.request.name) ?? []);
    this.#refusals = [...sifted.refusals, ...blamed, ...quick.refusals];
    const asked = rungs.filter((rung) => rung.asked === "user").map((rung) => rung.request.name);
    for (const refusal of this.#refusals) {
      // That a laptop has no such hardware is worth a line, but a warning only where it was asked for.
      const isExpected = refusal.gate === "present" && !asked.includes(refusal.provider);
      log[isExpected ? "info" : "warn"]({ ...refusal }, "a provider is not used");
    }
    const left = sifted.present.filter((rung) => refusalOf(rung.request.name) === undefined);
    if (left.length > 0) this.#ended = this.#run(packagePath, left);
  }

  /** Ends the climb under way, if there is one; `ended` tells when it has. */
  stop(reason: BridgeError): void {
    this.#climb?.stop.abort(reason);
    this.#climb = undefined;
  }

  async #run(packagePath: string, rungs: readonly Rung[]): Promise<void> {
    const stop = new AbortController();
    const providers = rungs.map((rung) => rung.request.name);
    const climb = { stop, packagePath, providers, sinceMs: performance.now() };
    this.#climb = climb;
    this.#options.log.info({ providers }, "trying better providers while this one serves");
    for (const rung of rungs) {
      if (stop.signal.aborted || (await this.#tryRung(climb, rung))) break;
    }
    if (this.#climb === climb) this.#climb = undefined;
  }

  /** A worker per rung: one that hangs or dies costs its own rung only. True when it serves. */
  async #tryRung({ packagePath, stop: { signal } }: Climb, rung: Rung): Promise<boolean> {
    const { open, install } = this.#options;
    const order = { packagePath, rungs: [rung], signal, isLastResort: false } as const;
    let model: MortalWorldModel | undefined;
    try {
      model = await open({ ...order, place: "background" });
      await install(model, signal);
      return true;
    } catch (error) {
      await model?.[Symbol.asyncDispose]();
      if (isAbandonment(error)) this.#abandonedCount += 1;
      if (!signal.aborted) this.#refuse(refusalsOf(rung, error));
      return false;
    }
  }

  #refuse(refusals: readonly RungRefusal[]): void {
    this.#refusals = [...this.#refusals, ...refusals];
    for (const refusal of refusals) {
      this.#options.log.warn({ ...refusal, text: refusalText(refusal) }, "a provider is refused");
    }
  }
}

/** What its worker said of the rung; of one that hung or died, what became of it. */
function refusalsOf(rung: Rung, error: unknown): readonly RungRefusal[] {
  const said = error instanceof BridgeError ? error.details["refusals"] : undefined;
  if (said !== undefined) return said as readonly RungRefusal[];
  const expected = "a worker that gets ready";
  return [{ provider: rung.request.name, gate: "loads", found: errorText(error), expected }];
}

/** The worker hangs in native code and could not be ended. */
const isAbandonment = (error: unknown): boolean =>
  error instanceof BridgeError && error.details["abandoned"] === true;
