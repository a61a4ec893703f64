import type { DeviceDescription } from "../contract/device.ts";
import type { Engine } from "../contract/engine.ts";
import type { ModelPackage } from "../../models/package/load-package.ts";
import { openProgram } from "../../models/programs/open-program.ts";
import type { Program } from "../../models/programs/program.ts";
import { EpisodeRecorder } from "../../models/training/episode.ts";
import { ArxFit, type ArxMaps } from "./arx.ts";
import { Controls, type ControlTable } from "./controls.ts";
import { chooseAmongFutures, type ChoiceTable } from "./counterfactual.ts";
import { DenseRun, type DenseTable } from "./dense-run.ts";
import { disturbedWeights } from "./disturbed.ts";
import { forecasts, startsOf, type Rollout } from "./forecast.ts";
import { jointTables, type JointTables } from "./joint-tables.ts";
import { runLong, type LongTable } from "./long-run.ts";
import { areaUnderRoc } from "./metrics.ts";
import { PictureJudge, type FilmFrame, type PictureTables } from "./picture-tables.ts";
import { heldOutEpisodes, heldOutMoments } from "./record.ts";
import { setpointsAfter, Truth, truthOf, type Episode } from "./rows.ts";
import { countedBearing, targetTables, type TargetTables } from "./target-tables.ts";
import { farthestApart, farthestFromShort, openPlain, timeCalls, type Timing } from "./timing.ts";

/** How many episodes, moments and runs an evaluation takes. */
export interface EvaluationPlan {
  readonly test: number;
  readonly outside: number;
  /** Of the test episodes, those that controls and pictures are judged on as well. */
  readonly controls: number;
  readonly pictures: number;
  readonly dense: number;
  readonly moments: number;
  readonly long: number;
  readonly arxJoints: number;
  readonly arxSeeing: number;
  readonly timedRuns: number;
}

/** 720 rollouts in range; about twelve minutes on one core. */
export const fullPlan: EvaluationPlan = {
  test: 60,
  outside: 40,
  controls: 20,
  pictures: 20,
  dense: 12,
  moments: 60,
  long: 2,
  arxJoints: 900,
  arxSeeing: 160,
  timedRuns: 200,
};

/** 408 rollouts, for a continuous integration that reads the linear baseline from a file. */
export const quickPlan: EvaluationPlan = {
  ...fullPlan,
  test: 34,
  outside: 0,
  controls: 4,
  pictures: 3,
  dense: 0,
  moments: 12,
  long: 0,
  timedRuns: 20,
};

/** What is judged of one set of worlds. */
export interface SetTables {
  readonly rolloutCount: number;
  readonly joints: JointTables;
  readonly target: TargetTables | undefined;
  readonly pictures: PictureTables | undefined;
  readonly dense: DenseTable | undefined;
}

export interface Evaluation {
  /** What the model is compared with. */
  readonly arx: ArxMaps;
  readonly id: string;
  readonly revision: string;
  readonly sha256: string;
  readonly test: SetTables;
  /** Payload, and dry friction with latency, beyond what the model was trained on. */
  readonly heavy: SetTables | undefined;
  readonly worn: SetTables | undefined;
  /** Chance that the surprise score of an out-of-range world is above one in range. */
  readonly surpriseAuc: Readonly<Record<"heavy" | "worn", number | undefined>>;
  readonly controls: ControlTable;
  readonly choice: ChoiceTable | undefined;
  readonly long: LongTable | undefined;
  readonly timings: readonly Timing[];
  /** Native operators against plain ones, and long horizons against short ones. */
  readonly parity: { readonly nativeToPlain: number; readonly longToShort: number };
  readonly film: readonly FilmFrame[];
}

export interface EvaluationOptions {
  readonly engine: Engine;
  readonly pack: ModelPackage;
  readonly device: DeviceDescription;
  readonly plan: EvaluationPlan;
  /** Fitted before; default: fitted now. */
  readonly arx?: ArxMaps;
  readonly onProgress?: (text: string) => void;
}

/** Judges a package on worlds whose seeds no training ever used, through the engine that serves it. */
export async function evaluateModel(options: EvaluationOptions): Promise<Evaluation> {
  const { engine, pack, device, plan, onProgress = () => undefined } = options;
  const recorder = await EpisodeRecorder.open(device);
  await using program = await openProgram(engine, pack);
  await using plain = await openPlain(engine, pack);
  await using disturbed = await openProgram(engine, disturbedWeights(pack));
  const arx = options.arx ?? (await fitArx(recorder, program, plan, onProgress));
  const run = { recorder, program, arx, plan, onProgress };
  const controls = new Controls(program, disturbed);
  const film: FilmFrame[] = [];
  const test = await judgeSet(run, "test", { controls, film });
  const heavy = plan.outside > 0 ? await judgeSet(run, "heavy") : undefined;
  const worn = plan.outside > 0 ? await judgeSet(run, "worn") : undefined;
  onProgress("choices among futures");
  const hasTarget = test.target !== undefined;
  const choice =
    hasTarget && plan.moments > 0
      ? await chooseAmongFutures(program, arx, heldOutMoments(recorder), plan.moments)
      : undefined;
  onProgress("long streams, forms, times");
  const streams = heldOutEpisodes(recorder, "long", { count: plan.long });
  const [sample] = heldOutEpisodes(recorder, "test", { count: 1, set: 1 });
  if (sample === undefined) throw new RangeError("one episode was asked for");
  return {
    id: pack.manifest.id,
    revision: pack.manifest.revision,
    sha256: pack.sha256,
    arx,
    test,
    heavy,
    worn,
    surpriseAuc: { heavy: auc(heavy, test), worn: auc(worn, test) },
    controls: controls.table,
    choice,
    long: plan.long > 0 ? await runLong(program, streams) : undefined,
    timings: [
      ...(await timeCalls(program, "native", sample, plan.timedRuns)),
      ...(await timeCalls(plain, "plain", sample, plan.timedRuns)),
    ],
    parity: {
      nativeToPlain: await farthestApart(program, plain, sample, 40),
      longToShort: await farthestFromShort(program, sample),
    },
    film,
  };
}

function auc(outside: SetTables | undefined, inside: SetTables): number | undefined {
  if (outside?.dense === undefined || inside.dense === undefined) return undefined;
  return areaUnderRoc(outside.dense.surprise, inside.dense.surprise);
}

interface Run {
  readonly recorder: EpisodeRecorder;
  readonly program: Program;
  readonly arx: ArxMaps;
  readonly plan: EvaluationPlan;
  readonly onProgress: (text: string) => void;
}

async function judgeSet(
  { recorder, program, arx, plan, onProgress }: Run,
  name: "test" | "heavy" | "worn",
  extra?: { readonly controls: Controls; readonly film: FilmFrame[] },
): Promise<SetTables> {
  const count = name === "test" ? plan.test : plan.outside;
  const rollouts: Rollout[] = [];
  const pictures = new PictureJudge();
  const dense = new DenseRun(undefined);
  let before: Episode | undefined;
  let index = 0;
  for (const episode of heldOutEpisodes(recorder, name, { count })) {
    onProgress(`${name}: episode ${index + 1} of ${count}`);
    const starts = startsOf(episode.steps);
    for await (const rollout of forecasts(program, episode, starts))
      rollouts.push(thinned(rollout));
    const some = starts.filter((_, i) => i % 3 === 0);
    if (extra !== undefined && before !== undefined && index <= plan.controls) {
      await extra.controls.add(episode, before, some);
    }
    if (index < plan.pictures) {
      const isFirst = extra?.film.length === 0 && showsTarget(episode, some[0]);
      const onFrame = (frame: FilmFrame): void => {
        extra?.film.push(frame);
      };
      await pictures.judge(program, episode, some, isFirst ? onFrame : undefined);
    }
    if (index < plan.dense) await dense.add(program, episode);
    before = episode;
    index += 1;
  }
  return {
    rolloutCount: rollouts.length,
    joints: jointTables(rollouts, arx),
    target: targetTables(rollouts, arx),
    pictures: pictures.tables,
    dense: plan.dense > 0 ? dense.table : undefined,
  };
}

/** Whether the film of a start has something to show. */
function showsTarget(episode: Episode, start = 0): boolean {
  return [0, 16, 32].every((k) => (truthOf(episode, start + k)[Truth.inView] ?? 0) > 0.5);
}

/** Without the pictures, of which hundreds of episodes would fill the memory. */
function thinned({ window, forecast }: Rollout): Rollout {
  const { steps, rows, truth } = window.episode;
  const episode: Episode = { steps, rows, truth, pictures: undefined };
  return { window: { ...window, episode }, forecast };
}

/** Fits the linear baseline on worlds as the model was trained on, of seeds of its own. */
export async function fitArx(
  recorder: EpisodeRecorder,
  program: Program,
  plan: Pick<EvaluationPlan, "arxJoints" | "arxSeeing">,
  onProgress: (text: string) => void = () => undefined,
): Promise<ArxMaps> {
  const fit = new ArxFit();
  const noBearings = new Float64Array();
  let index = 0;
  for (const episode of heldOutEpisodes(recorder, "joints", { count: plan.arxJoints })) {
    index += 1;
    if (index % 100 === 0) onProgress(`linear baseline: ${index} of ${plan.arxJoints} episodes`);
    for (const step of startsOf(episode.steps, 8)) {
      fit.addJoints({
        episode,
        step,
        actions: setpointsAfter(episode, step),
        bearings: noBearings,
      });
    }
  }
  index = 0;
  for (const episode of heldOutEpisodes(recorder, "train", { count: plan.arxSeeing })) {
    index += 1;
    if (index % 20 === 0)
      onProgress(`linear baseline: ${index} of ${plan.arxSeeing} with pictures`);
    for await (const { window } of forecasts(program, episode, startsOf(episode.steps, 8))) {
      fit.addJoints(window);
      fit.addBearing(window, (k) => countedBearing({ window }, k));
    }
  }
  return fit.solve();
}
