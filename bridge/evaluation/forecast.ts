import type { HeadName } from "../../models/package/uncertainty.ts";
import type { Program, ProgramPrediction } from "../../models/programs/program.ts";
import type { Window } from "./arx.ts";
import { lagCount, maxHorizon, setpointsAfter, type Episode } from "./rows.ts";
import { readBearing, watch, type Shown } from "./watch-episode.ts";

/** What a model said at one start, `maxHorizon` steps ahead; heads it lacks are undefined. */
export interface Forecast {
  /** q then qd, [K][8]. */
  readonly mean: Float32Array;
  readonly std: Float32Array;
  /** [K][2] rad */
  readonly bearing: Float32Array | undefined;
  readonly bearingStd: Float32Array | undefined;
  /** [K] */
  readonly visibility: Float32Array | undefined;
}

export interface Rollout {
  readonly window: Window;
  readonly forecast: Forecast;
}

/** Starts of one episode, 32 observed steps before the first and a whole horizon after the last. */
export function startsOf(steps: number, stride = 16): number[] {
  const count = Math.floor((steps - maxHorizon - 32) / stride);
  return Array.from({ length: count }, (_, index) => 31 + index * stride);
}

/**
 * Shows the episode to the model and asks it at every start what happens under the setpoints that
 * really followed.
 */
export async function* forecasts(
  program: Program,
  episode: Episode,
  starts: readonly number[],
  shown: Shown = {},
): AsyncGenerator<Rollout> {
  const known = new Array<readonly [number, number]>();
  const hasEyes = program.streams.length > 0;
  for await (const step of watch(program, episode, Math.max(...starts), shown)) {
    // Only the windows before a start need to know what was read.
    const isNeeded = starts.some((start) => step > start - lagCount && step <= start);
    known[step] = hasEyes && isNeeded ? readBearing(program) : [0, 0];
    if (!starts.includes(step)) continue;
    const actions = setpointsAfter(episode, step);
    const bearings = Float64Array.from(known.slice(step - lagCount + 1, step + 1).flat());
    const window: Window = { episode, step, actions, bearings };
    yield { window, forecast: await forecast(program, actions) };
  }
}

/** @param actions [K][4] */
export async function forecast(program: Program, actions: Float32Array): Promise<Forecast> {
  const size = { candidateCount: 1, horizonSteps: maxHorizon };
  return forecastOf(await program.predict(actions, size));
}

export function forecastOf({ heads }: ProgramPrediction): Forecast {
  const head = (name: HeadName, part: "mean" | "std"): Float32Array | undefined =>
    heads.get(name)?.[part];
  return {
    mean: head("pred.proprio", "mean") ?? new Float32Array(),
    std: head("pred.proprio", "std") ?? new Float32Array(),
    bearing: head("pred.bearing", "mean"),
    bearingStd: head("pred.bearing", "std"),
    visibility: head("pred.visibility", "mean"),
  };
}
