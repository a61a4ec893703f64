import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../../bridge/contract/engine.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import type { ModelPackage } from "../../../models/package/load-package.ts";
import { openProgram } from "../../../models/programs/open-program.ts";
import type { Program, ProgramPrediction } from "../../../models/programs/program.ts";
import { jepaContents } from "../../fakes/tiny-jepa-package.ts";
import { loadContents, tinyContents } from "../../fakes/tiny-package.ts";
import { repeatContents } from "../../fakes/tiny-repeat-package.ts";
import { seeingContents } from "../../fakes/tiny-seeing-package.ts";

const seed = 20261122;
const angle = fc.double({ min: -1, max: 1, noNaN: true });
const joints = fc.array(angle, { minLength: 4, maxLength: 4 });
const observation = fc.record({
  kind: fc.constant("observe" as const),
  q: joints,
  command: joints,
  picture: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
});
const question = fc.record({
  kind: fc.constant("predict" as const),
  candidateCount: fc.integer({ min: 1, max: 5 }),
  horizonSteps: fc.integer({ min: 1, max: 7 }),
  level: angle,
});
const excursion = fc.record({
  kind: fc.constant("excursion" as const),
  observations: fc.array(observation, { maxLength: 3 }),
});
const events = fc.array(fc.oneof(observation, question, excursion), { maxLength: 14 });
type Valued<T> = T extends fc.Arbitrary<infer V> ? V : never;
type Event = Valued<typeof events>[number];
type Observed = Valued<typeof observation>;

async function observe(program: Program, { q, command, picture }: Observed): Promise<void> {
  for (const stream of program.streams) {
    (stream.tensor.data as Float32Array).set(picture);
    stream.hasFrame = true;
  }
  await program.observe([...q, ...Array<number>(8).fill(0.1)], command);
}

const ask = (program: Program): Promise<ProgramPrediction> =>
  program.predict(
    Float32Array.from({ length: 24 }, (_, i) => 0.03 * i),
    {
      candidateCount: 2,
      horizonSteps: 3,
    },
  );

/** Questions, and observations that are taken back, around the observations that count. */
async function play(program: Program, list: readonly Event[]): Promise<void> {
  for (const event of list) {
    if (event.kind === "observe") await observe(program, event);
    else if (event.kind === "predict") {
      const { candidateCount, horizonSteps, level } = event;
      const actions = new Float32Array(4 * candidateCount * horizonSteps).fill(level);
      await program.predict(actions, { candidateCount, horizonSteps });
    } else {
      const before = program.snapshot();
      for (const each of event.observations) await observe(program, each);
      program.restore(before);
    }
  }
}

describe.each([
  ["a rollout graph", tinyContents],
  ["a repeated step", repeatContents],
  ["encode, step and decode", seeingContents],
  ["windows", jepaContents],
] as const)("a program of %s", (_, contents) => {
  let engine: Engine;
  let pack: ModelPackage;
  beforeAll(async () => {
    engine = await openEngine();
    pack = await loadContents(contents());
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  });

  test("is where its observations left it, whatever was asked or taken back in between", async () => {
    await using program = await openProgram(engine, pack);
    await using plain = await openProgram(engine, pack);
    await fc.assert(
      fc.asyncProperty(observation, events, async (first, list) => {
        const observed = list.filter((event) => event.kind === "observe");
        for (const each of [program, plain]) each.reset();
        await play(program, [first, ...list]);
        for (const event of [first, ...observed]) await observe(plain, event);
        expect(program.snapshot()).toEqual(plain.snapshot());
        expect(await ask(program)).toEqual(await ask(plain));
      }),
      { numRuns: 60, seed },
    );
  });

  test("predicts a candidate the same alone and among others", async () => {
    await using program = await openProgram(engine, pack);
    await fc.assert(
      fc.asyncProperty(
        observation,
        fc.array(joints, { minLength: 2, maxLength: 6 }),
        async (seen, levels) => {
          program.reset();
          await observe(program, seen);
          const together = await program.predict(levels.flat(), {
            candidateCount: levels.length,
            horizonSteps: 1,
          });
          const all = together.heads.get("pred.proprio")!.mean;
          for (const [index, level] of levels.entries()) {
            const alone = await program.predict(level, { candidateCount: 1, horizonSteps: 1 });
            const expected = alone.heads.get("pred.proprio")!.mean;
            for (const [i, value] of expected.entries())
              expect(all[8 * index + i]).toBeCloseTo(value, 5);
          }
        },
      ),
      { numRuns: 40, seed },
    );
  });
});
