import {
  EpisodeRecorder,
  pictureBytes,
  rowWidth,
  truthRowWidth,
} from "../../models/training/episode.ts";
import { splits, type Split, type SplitName } from "../../models/training/splits.ts";
import type { Episode } from "./rows.ts";

/** Seeds of the evaluation: no split of the training has any of them. */
const firstHeldOutSeed = 7_000_000;

/**
 * Episodes as a split draws them, of seeds that no training ever used.
 *
 * @param set keeps seeds of sets drawn from one split apart.
 */
export function* heldOutEpisodes(
  recorder: EpisodeRecorder,
  name: SplitName,
  { count, set = 0, steps }: { readonly count: number; readonly set?: number; readonly steps?: number },
): Generator<Episode> {
  const split = { ...splits[name], ...(steps === undefined ? {} : { steps }) };
  const order = Object.keys(splits).indexOf(name);
  const firstSeed = firstHeldOutSeed + 200_000 * order + 20_000 * set;
  for (let index = 0; index < count; index += 1) {
    yield recordEpisode(recorder, firstSeed + index, split);
  }
}

function recordEpisode(recorder: EpisodeRecorder, seed: number, split: Split): Episode {
  const { steps, hasPictures } = split;
  const rows = new Float32Array(steps * rowWidth);
  const truth = new Float32Array(steps * truthRowWidth);
  const pictures = hasPictures ? new Uint8Array(steps * pictureBytes) : undefined;
  recorder.record(seed, split, { rows, truth, ...(pictures === undefined ? {} : { pictures }) });
  return { steps, rows, truth, pictures };
}
