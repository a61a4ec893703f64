import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../../bridge/contract/engine.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { openProgram } from "../../../models/programs/open-program.ts";
import type { Program } from "../../../models/programs/program.ts";
import { verifyPackage } from "../../../models/verify-package.ts";
import { OnnxWorldModel } from "../../../models/world-model.ts";
import {
  jepaContents,
  jepaHistoryAt,
  jepaObservation,
  jepaPictures,
  jepaRollout,
  jepaStd,
  type JepaOptions,
} from "../../fakes/tiny-jepa-package.ts";
import { loadContents, type Json } from "../../fakes/tiny-package.ts";

const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;
const actionsFrom = (from: number, steps: number): number[][] =>
  Array.from({ length: steps }, (_, k) => [from, 0.1 * k, from - 0.05 * k, 0.3]);

describe.each(["ort-ffi", "ort-node"] as const)("a jepa-window package on %s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ engine: kind });
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  });

  const open = async (options: JepaOptions = {}): Promise<Program> =>
    await openProgram(engine, await loadContents(jepaContents(options)));

  async function observed(program: Program, last: number): Promise<void> {
    for (let t = 0; t <= last; t += 1) {
      const { q, command, picture } = jepaObservation(t);
      const camera = program.streams[0]!;
      (camera.tensor.data as Float32Array).set(jepaPictures[picture]!);
      camera.hasFrame = true;
      await program.observe([...q, ...Array<number>(8).fill(0.25)], command);
    }
  }

  test.each([
    ["a full window", 5],
    ["a window that is not full yet", 1],
    ["one observation", 0],
  ])("predicts what the same arithmetic says after %s", async (_, last) => {
    await using program = await open();
    await observed(program, last);
    const candidates = [actionsFrom(0.2, 5), actionsFrom(-0.6, 5)];
    const size = { candidateCount: 2, horizonSteps: 5 };
    const { heads } = await program.predict(candidates.flat(2), size);
    const { mean, std } = heads.get("pred.proprio")!;
    const expected = candidates.flatMap((each) => jepaRollout(jepaHistoryAt(last), each).joints);
    for (const [i, value] of expected.flat().entries()) {
      expect(mean[i]).toBeCloseTo(value, 5);
      const step = (Math.floor(i / 8) % 5) + 1;
      expect(std![i]).toBeCloseTo(jepaStd(step, i % 8), 6);
    }
  });

  test.each([1, 3, 4])("gives the latent of step %i, normalised, to its decoder", async (step) => {
    await using program = await open();
    await observed(program, 4);
    const actions = actionsFrom(0.7, 4);
    const size = { candidateCount: 1, horizonSteps: 4, previewStep: step };
    const { picture } = await program.predict(actions.flat(), size);
    const latent = jepaRollout(jepaHistoryAt(4), actions).latents[step - 1]!;
    for (const [pixel, value] of latent.entries()) {
      const gray = Math.round(255 * Math.min(1, Math.max(0, value)));
      expect(Math.abs(picture!.rgb[3 * pixel]! - gray)).toBeLessThanOrEqual(1);
    }
  });

  test("answers the same again: a prediction appends to copies of the windows", async () => {
    await using program = await open();
    await observed(program, 4);
    const actions = actionsFrom(0.1, 4).flat();
    const size = { candidateCount: 1, horizonSteps: 4, previewStep: 4 };
    const before = await program.predict(actions, size);
    await program.predict(actionsFrom(1, 8).flat(), { candidateCount: 2, horizonSteps: 4 });
    expect(await program.predict(actions, size)).toEqual(before);
  });

  test("goes back to a snapshot, windows included", async () => {
    await using program = await open();
    await observed(program, 3);
    const actions = actionsFrom(0.1, 4).flat();
    const size = { candidateCount: 1, horizonSteps: 4, previewStep: 2 };
    const before = await program.predict(actions, size);
    const kept = program.snapshot();
    await observed(program, 5);
    expect(await program.predict(actions, size)).not.toEqual(before);
    program.restore(kept);
    expect(await program.predict(actions, size)).toEqual(before);
    await using other = await open();
    other.restore(kept);
    expect(await other.predict(actions, size)).toEqual(before);
  });

  test("is proved on its golden rollout and published with its hints for a planner", async () => {
    const pack = await loadContents(jepaContents());
    expect((await verifyPackage(engine, pack)).isWithin).toBe(true);
    await using model = await OnnxWorldModel.open({ engine, pack });
    expect(model.description).toMatchObject({
      family: "jepa-window",
      streams: ["cam0"],
      preview: "decoder",
      planner: { kind: "cem", samples: 400, iters: 10, topk: 10 },
    });
  });

  test.each([
    ["latents", 4],
    ["actions", 2],
  ])("whose window %s is not what its predictor reads is refused", async (name, length) => {
    const manifest = (json: Json): Json => ({
      ...json,
      states: (json["states"] as Json[]).map((ring) =>
        ring["name"] === name ? { ...ring, window: length } : ring,
      ),
    });
    await expect(open({ manifest })).rejects.toThrow(code("model/shape"));
  });
});
