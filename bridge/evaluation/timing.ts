import type { Engine } from "../contract/engine.ts";
import type { ModelPackage } from "../../models/package/load-package.ts";
import { openProgram } from "../../models/programs/open-program.ts";
import { sessionOptions } from "../../models/programs/open-graphs.ts";
import type { Program } from "../../models/programs/program.ts";
import { forecast } from "./forecast.ts";
import { farthest } from "./metrics.ts";
import { axisCount, setpointsAfter, type Episode } from "./rows.ts";
import { watch, watchUntil } from "./watch-episode.ts";

/** ms per call on one thread, one row per call and form of the graphs. */
export interface Timing {
  readonly call: string;
  readonly form: "native" | "plain";
  readonly msP50: number;
  readonly msP99: number;
}

/** The package with the graphs' own files, whatever twins this ONNX Runtime could run. */
export async function openPlain(engine: Engine, pack: ModelPackage): Promise<Program> {
  const open = (graph: string) => engine.openSession(sessionOptions(pack, graph));
  return await openProgram(engine, pack, { open });
}

/** Times what a step of the loop and what a planner ask for. */
export async function timeCalls(
  program: Program,
  form: Timing["form"],
  episode: Episode,
  runs: number,
): Promise<Timing[]> {
  const step = 64;
  const timed = async (call: string, work: () => Promise<unknown>): Promise<Timing> => {
    const tookMs: number[] = [];
    for (let run = 0; run < runs + 5; run += 1) {
      const startMs = performance.now();
      await work();
      if (run >= 5) tookMs.push(performance.now() - startMs);
    }
    tookMs.sort((a, b) => a - b);
    const at = (share: number): number => tookMs[Math.floor(share * (tookMs.length - 1))] ?? 0;
    return { call, form, msP50: at(0.5), msP99: at(0.99) };
  };
  const plan = setpointsAfter(episode, step, 16);
  const many = Float32Array.from(
    { length: 64 * plan.length },
    (_, i) => plan[i % plan.length] ?? 0,
  );
  const blind = watch(program, episode, Infinity, { hasPicture: () => false });
  const seeing = watch(program, episode, Infinity);
  const rows: Timing[] = [];
  for (const [call, steps] of [
    ["observe, no picture", blind],
    ["observe with a picture", seeing],
  ] as const) {
    // An episode is not endless: it starts again.
    rows.push(await timed(call, () => steps.next()));
    await steps.return(undefined);
  }
  await watchUntil(program, episode, step);
  for (const [candidateCount, actions] of [
    [1, plan],
    [64, many],
  ] as const) {
    const size = { candidateCount, horizonSteps: 16 };
    rows.push(await timed(`K=16 N=${candidateCount}`, () => program.predict(actions, size)));
  }
  return rows;
}

/** Largest difference of two forms of one model over an episode, in the outputs' own units. */
export async function farthestApart(
  one: Program,
  other: Program,
  episode: Episode,
  steps: number,
): Promise<number> {
  let most = 0;
  const others = watch(other, episode, steps);
  for await (const step of watch(one, episode, steps)) {
    await others.next();
    if (step < 8) continue;
    const actions = setpointsAfter(episode, step);
    const [a, b] = [await forecast(one, actions), await forecast(other, actions)];
    for (const part of ["mean", "std", "bearing", "bearingStd", "visibility"] as const) {
      most = Math.max(most, farthest(a[part] ?? [], b[part] ?? []));
    }
  }
  return most;
}

/** A longer horizon must begin with what a shorter one says: the rollout is the step, iterated. */
export async function farthestFromShort(program: Program, episode: Episode): Promise<number> {
  const step = 64;
  await watchUntil(program, episode, step);
  const whole = await forecast(program, setpointsAfter(episode, step));
  let most = 0;
  for (const horizonSteps of [1, 2, 5, 16, 31]) {
    const actions = setpointsAfter(episode, step, horizonSteps);
    const { heads } = await program.predict(actions, { candidateCount: 1, horizonSteps });
    const mean = heads.get("pred.proprio")?.mean ?? [];
    most = Math.max(most, farthest(mean, whole.mean.subarray(0, horizonSteps * 2 * axisCount)));
  }
  return most;
}
