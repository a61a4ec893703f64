import type { Program } from "../../models/programs/program.ts";
import { forecast, forecasts, type Rollout } from "./forecast.ts";
import { jointErrors } from "./joint-tables.ts";
import { bearingMaeRad } from "./target-tables.ts";
import { axisCount, Column, maxHorizon, rowOf, setpointsAfter, type Episode } from "./rows.ts";
import { watchUntil } from "./watch-episode.ts";

/** Steps ahead at which controls are compared. */
export const controlHorizons = [1, 8, 16, 32] as const;

/** What the model is told in place of the truth. A model that came out as good would not use it. */
export type Control =
  | "truth"
  | "holdLastCommand"
  | "otherEpisodesMoves"
  | "noContext"
  | "otherEpisodesPictures"
  | "randomWeights"
  | "dropped20";

export interface ControlRow {
  readonly qRmseRad: readonly number[];
  readonly qCoverage90: readonly number[];
  /** NaN for a model that says nothing of a target. */
  readonly bearingMaeRad: readonly number[];
}

export type ControlTable = ReadonlyMap<Control, ControlRow>;

/** Collects controls episode by episode; `other` lends its moves and pictures. */
export class Controls {
  readonly #rollouts = new Map<Control, Rollout[]>();
  readonly #program: Program;
  readonly #disturbed: Program;

  /** @param disturbed the same package with other weights. */
  constructor(program: Program, disturbed: Program) {
    this.#program = program;
    this.#disturbed = disturbed;
  }

  get table(): ControlTable {
    return new Map(
      Array.from(this.#rollouts, ([name, rollouts]) => [name, rowOfControl(rollouts)]),
    );
  }

  async add(episode: Episode, other: Episode, starts: readonly number[]): Promise<void> {
    const program = this.#program;
    for await (const { window, forecast: truth } of forecasts(program, episode, starts)) {
      this.#note("truth", { window, forecast: truth });
      const { step } = window;
      const held = heldSetpoints(episode, step);
      this.#note("holdLastCommand", { window, forecast: await forecast(program, held) });
      const moved = movedSetpoints(episode, other, step);
      this.#note("otherEpisodesMoves", { window, forecast: await forecast(program, moved) });
    }
    for (const step of starts) {
      await watchUntil(program, episode, step, { from: step });
      const actions = setpointsAfter(episode, step);
      const window = { episode, step, actions, bearings: new Float64Array() };
      this.#note("noContext", { window, forecast: await forecast(program, actions) });
    }
    await this.#shown("otherEpisodesPictures", program, episode, starts, { pictures: other });
    // One picture in five, spread over the episode without a pattern the model could learn.
    const hasPicture = (step: number): boolean => (step * 7 + (step >> 3)) % 5 !== 0;
    await this.#shown("dropped20", program, episode, starts, { hasPicture });
    await this.#shown("randomWeights", this.#disturbed, episode, starts, {});
  }

  async #shown(
    name: Control,
    program: Program,
    episode: Episode,
    starts: readonly number[],
    shown: Parameters<typeof forecasts>[3],
  ): Promise<void> {
    for await (const rollout of forecasts(program, episode, starts, shown))
      this.#note(name, rollout);
  }

  #note(name: Control, rollout: Rollout): void {
    const rollouts = this.#rollouts.get(name) ?? [];
    rollouts.push(rollout);
    this.#rollouts.set(name, rollouts);
  }
}

function rowOfControl(rollouts: readonly Rollout[]): ControlRow {
  const joints = controlHorizons.map((k) => jointErrors(rollouts, k));
  const hasBearing = rollouts[0]?.forecast.bearing !== undefined;
  return {
    qRmseRad: joints.map((each) => each.rmseRad),
    qCoverage90: joints.map((each) => each.coverage90),
    bearingMaeRad: controlHorizons.map((k) =>
      hasBearing ? bearingMaeRad(rollouts, k) : Number.NaN,
    ),
  };
}

const standing = (episode: Episode, step: number): Float32Array =>
  rowOf(episode, step).subarray(Column.c);

function heldSetpoints(episode: Episode, step: number): Float32Array {
  const now = standing(episode, step);
  return Float32Array.from({ length: maxHorizon * axisCount }, (_, i) => now[i % axisCount] ?? 0);
}

/** The other's moves from where this episode stands. */
function movedSetpoints(episode: Episode, other: Episode, step: number): Float32Array {
  const [now, lent] = [standing(episode, step), standing(other, step)];
  return setpointsAfter(other, step).map(
    (value, i) => (now[i % axisCount] ?? 0) + value - (lent[i % axisCount] ?? 0),
  );
}
