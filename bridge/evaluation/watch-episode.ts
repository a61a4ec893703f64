import type { Program } from "../../models/programs/program.ts";
import { Column, pictureAgeS, pictureOf, rowOf, type Episode } from "./rows.ts";

/** What of an episode the model is shown. */
export interface Shown {
  /** First step that is observed; default 0. */
  readonly from?: number;
  /** Whether the step's picture is shown; default every one there is. */
  readonly hasPicture?: (step: number) => boolean;
  /** Whose pictures are shown; default the episode's own. */
  readonly pictures?: Episode;
}

/**
 * Shows an open program the steps of an episode, from an empty state on, and stops after each.
 * What follows from a step is asked for by the caller before the next.
 */
export async function* watch(
  program: Program,
  episode: Episode,
  until: number,
  shown: Shown = {},
): AsyncGenerator<number> {
  program.reset();
  for (let step = shown.from ?? 0; step <= until; step += 1) {
    await observeStep(program, episode, step, shown);
    yield step;
  }
}

/** Shows the program an episode up to and including a step. */
export async function watchUntil(
  program: Program,
  episode: Episode,
  until: number,
  shown: Shown = {},
): Promise<void> {
  const steps = watch(program, episode, until, shown);
  while ((await steps.next()).done !== true) continue;
}

async function observeStep(
  program: Program,
  episode: Episode,
  step: number,
  { hasPicture, pictures = episode }: Shown,
): Promise<void> {
  const row = rowOf(episode, step);
  const stream = program.streams[0];
  const picture = pictureOf(pictures, step);
  const frameAgeS = pictureAgeS(pictures, step);
  if (stream !== undefined && picture !== undefined && frameAgeS !== undefined) {
    if (hasPicture?.(step) ?? true) {
      (stream.tensor.data as Uint8Array).set(picture);
      stream.hasFrame = true;
      stream.frameAgeS = frameAgeS;
    }
  }
  await program.observe(row.subarray(0, Column.c), row.subarray(Column.c));
}

/**
 * The target's bearing as the encoder read it from the newest picture, rad: what a linear baseline may
 * know of it. The encoder ends its output with the tangents x/z and y/z and a logit of being in view.
 */
export function readBearing(program: Program): readonly [number, number] {
  const observed = program.snapshot().values.get("latent.obs");
  const at = (observed?.length ?? 3) - 3;
  return [Math.atan(observed?.[at] ?? 0), Math.atan(observed?.[at + 1] ?? 0)];
}
