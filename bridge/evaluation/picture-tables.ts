import type { EngineSession } from "../contract/engine.ts";
import type { Program } from "../../models/programs/program.ts";
import type { Row } from "./joint-tables.ts";
import { meanSquareOf, psnrOf } from "./metrics.ts";
import { horizons, pictureOf, setpointsAfter, type Episode } from "./rows.ts";
import { watch } from "./watch-episode.ts";

/** dB of the mean square error over all rollouts. */
export interface PictureTables {
  readonly rolloutCount: number;
  readonly psnrDb: Readonly<Record<"model" | "copyLast" | "ceiling", Row>>;
}

/** A picture that was predicted beside the one that came. rgb8 [64][64][3]. */
export interface FilmFrame {
  readonly k: number;
  readonly predicted: Uint8Array;
  readonly actual: Uint8Array;
}

/** Sums over episodes, which need not be kept. */
export class PictureJudge {
  readonly #squares = { model: zeros(), copyLast: zeros(), ceiling: zeros() };
  #count = 0;

  /** Undefined where nothing was judged: the model has no decoder, or no episode had pictures. */
  get tables(): PictureTables | undefined {
    if (this.#count === 0) return undefined;
    const row = (sums: readonly number[]): Row => sums.map((sum) => psnrOf(sum / this.#count));
    const { model, copyLast, ceiling } = this.#squares;
    const psnrDb = { model: row(model), copyLast: row(copyLast), ceiling: row(ceiling) };
    return { rolloutCount: this.#count, psnrDb };
  }

  /** @param onFrame hears of every pair of pictures at the first start. */
  async judge(
    program: Program,
    episode: Episode,
    starts: readonly number[],
    onFrame?: (frame: FilmFrame) => void,
  ): Promise<void> {
    if (!program.hasDecoder || episode.pictures === undefined) return;
    for await (const step of watch(program, episode, Math.max(...starts))) {
      if (!starts.includes(step)) continue;
      this.#count += 1;
      const last = pictureOf(episode, step) ?? new Uint8Array();
      const squares = this.#squares;
      for (const [index, k] of horizons.entries()) {
        const actual = pictureOf(episode, step + k) ?? new Uint8Array();
        const drawn = await predictedPicture(program, episode, step, k);
        const rgb = interleaved(actual);
        squares.model[index] = (squares.model[index] ?? 0) + meanSquareOf(drawn, rgb);
        squares.copyLast[index] = (squares.copyLast[index] ?? 0) + meanSquareOf(last, actual);
        squares.ceiling[index] =
          (squares.ceiling[index] ?? 0) + meanSquareOf(await throughCode(program, actual), actual);
        if (step === starts[0]) onFrame?.({ k, predicted: drawn, actual: rgb });
      }
    }
  }
}

const zeros = (): number[] => horizons.map(() => 0);

/** rgb8, row-major. */
async function predictedPicture(
  program: Program,
  episode: Episode,
  step: number,
  k: number,
): Promise<Uint8Array> {
  const size = { candidateCount: 1, horizonSteps: k, previewStep: k };
  const { picture } = await program.predict(setpointsAfter(episode, step, k), size);
  return picture?.rgb.slice() ?? new Uint8Array();
}

/** What encoder and decoder make of a picture, [3][64][64]: no prediction can be better than that. */
async function throughCode(program: Program, picture: Uint8Array): Promise<Uint8Array> {
  const encoded = await runOnce(session(program, "encode"), picture);
  const decoder = session(program, "decode");
  const width = Number(decoder.inputs[0]?.shape.at(-1));
  return (await runOnce(decoder, (encoded as Float32Array).slice(0, width))) as Uint8Array;
}

function session(program: Program, name: string): EngineSession {
  const found = program.sessions.get(name);
  if (found === undefined) throw new RangeError(`the package has no graph ${name}`);
  return found;
}

/** One input, one output, batch 1. */
async function runOnce(
  graph: EngineSession,
  data: Uint8Array | Float32Array,
): Promise<Uint8Array | Float32Array> {
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  if (input === undefined || output === undefined) throw new RangeError("a graph has both");
  const shapeOf = (shape: readonly (number | string)[]): number[] =>
    shape.map((size) => (typeof size === "number" && size > 0 ? size : 1));
  const outShape = shapeOf(output.shape);
  const count = outShape.reduce((product, size) => product * size, 1);
  const result = output.type === "uint8" ? new Uint8Array(count) : new Float32Array(count);
  using binding = graph.bind(
    { [input.name]: { data, shape: shapeOf(input.shape) } },
    { [output.name]: { data: result, shape: outShape } },
  );
  await binding.run();
  return result;
}

/** [3][64][64] to rgb8 [64][64][3]. */
function interleaved(planes: Uint8Array): Uint8Array {
  const size = planes.length / 3;
  return planes.map((_, i) => planes[(i % 3) * size + Math.floor(i / 3)] ?? 0);
}
