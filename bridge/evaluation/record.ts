import {
  EpisodeRecorder,
  pictureBytes,
  rowWidth,
  truthRowWidth,
} from "../../models/training/episode.ts";
import { splits, type Split, type SplitName } from "../../models/training/splits.ts";
import type { Episode } from "./rows.ts";

/** Seeds of the evaluation: no split of the training has any of them. */
const firstHeldOutSeed = 20_000_000;

/**
 * Episodes as a split draws them, of seeds that no training ever used.
 *
 * @param set keeps seeds of sets drawn from one split apart.
 */
export function* heldOutEpisodes(
  recorder: EpisodeRecorder,
  name: SplitName,
  {
    count,
    set = 0,
    steps,
  }: { readonly count: number; readonly set?: number; readonly steps?: number },
): Generator<Episode> {
  const split = { ...splits[name], ...(steps === undefined ? {} : { steps }) };
  const order = Object.keys(splits).indexOf(name);
  const firstSeed = firstHeldOutSeed + 200_000 * order + 20_000 * set;
  for (let index = 0; index < count; index += 1) {
    yield recordEpisode(recorder, firstSeed + index, split);
  }
}

function recordEpisode(
  recorder: EpisodeRecorder,
  seed: number,
  split: Split,
  { branch = 0, hasPictures = split.hasPictures } = {},
): Episode {
  const { steps } = split;
  const rows = new Float32Array(steps * rowWidth);
  const truth = new Float32Array(steps * truthRowWidth);
  const pictures = hasPictures ? new Uint8Array(steps * pictureBytes) : undefined;
  const out = { rows, truth, ...(pictures === undefined ? {} : { pictures }) };
  recorder.record(seed, split, out, branch);
  return { steps, rows, truth, pictures };
}

/** One moment and what follows it under other commands: simulator and past equal to the bit. */
export interface Moment {
  /** The last step they share. */
  readonly step: number;
  readonly futures: readonly Episode[];
}

/** Without end: the caller takes the moments he can use. */
export function* heldOutMoments(recorder: EpisodeRecorder): Generator<Moment, never> {
  const split: Split = splits.branch;
  const { step, count } = splits.branch.branches;
  for (let seed = firstHeldOutSeed + 5_000_000; ; seed += 1) {
    // Pictures are drawn once: they are of what the futures share.
    const futures = Array.from({ length: count }, (_, branch) =>
      recordEpisode(recorder, seed, split, { branch, hasPictures: branch === 0 }),
    );
    yield { step, futures };
  }
}
