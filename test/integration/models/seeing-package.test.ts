import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../../bridge/contract/engine.ts";
import { makeObservation, type Observation } from "../../../bridge/contract/observation.ts";
import type { Prediction } from "../../../bridge/contract/world-model.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { verifyPackage } from "../../../models/verify-package.ts";
import { OnnxWorldModel } from "../../../models/world-model.ts";
import { loadContents, type Json } from "../../fakes/tiny-package.ts";
import {
  mustSeeContents,
  seeingContents,
  seeingObservation,
  seeingPictures,
  seeingRollout,
  seeingStateAt,
  type SeeingOptions,
} from "../../fakes/tiny-seeing-package.ts";

const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;

/** What the camera shows: gray, so that the picture's numbers are its bytes over 255. */
function observationAt(t: number): Observation {
  const { q, command, picture } = seeingObservation(t);
  const observation = makeObservation(4);
  observation.stampMs = 40 * t;
  observation.jointPosRad.set(q);
  observation.commandPosRad.set(command);
  if (picture !== undefined) {
    const data = Uint8Array.from(seeingPictures[picture]!, (value) => Math.round(255 * value));
    observation.frame = {
      stampMs: 40 * t,
      widthPx: 2,
      heightPx: 2,
      encoding: "mono8",
      strideBytes: 2,
      data,
    };
  }
  return observation;
}

const actionsOf = (rows: number[][]): Float32Array => Float32Array.from(rows.flat());
const someActions = (from: number): number[][] =>
  Array.from({ length: 6 }, (_, k) => [0.1 * k + from, 0.2, -0.05 * k, from]);
/** Pictures come as bytes: half a step of 1/255, carried through at most a factor of 2. */
const byteStep = 1 / 255;

describe.each(["ort-ffi", "ort-node"] as const)(
  "a package of encode, step and decode on %s",
  (kind) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await openEngine({ engine: kind });
    });
    afterAll(async () => {
      await engine[Symbol.asyncDispose]();
    });

    const open = async (options: SeeingOptions = {}): Promise<OnnxWorldModel> =>
      await OnnxWorldModel.open({ engine, pack: await loadContents(seeingContents(options)) });

    async function observed(model: OnnxWorldModel, last: number): Promise<void> {
      for (let t = 0; t <= last; t += 1) await model.observe(observationAt(t));
    }

    test("says what it looks at and what it gives", async () => {
      await using model = await open();
      expect(model.description).toMatchObject({
        id: "tiny-seeing",
        streams: ["cam0"],
        preview: "decoder",
        oodThreshold: 6,
        planner: { kind: "cem", samples: 64, iters: 3, topk: 8 },
      });
    });

    test.each([
      ["one candidate", [someActions(0)]],
      ["three candidates", [someActions(0), someActions(0.7), someActions(-0.4)]],
      ["one step", [someActions(0.3).slice(0, 1)]],
      ["three candidates of one step", [0, 1, 2].map((from) => someActions(from).slice(0, 1))],
    ])("predicts joints, bearing and visibility for %s", async (_, candidates) => {
      await using model = await open();
      await observed(model, 7);
      const horizonSteps = candidates[0]!.length;
      const found = await model.predict({
        actionsRad: actionsOf(candidates.flat()),
        candidateCount: candidates.length,
        horizonSteps,
      });
      const expected = candidates.flatMap((actions) => seeingRollout(seeingStateAt(7), actions));
      for (const [row, { mean, bearing, visibility }] of expected.entries()) {
        const joints = (values: Float32Array, width: number): number[] =>
          Array.from(values.subarray(row * width, (row + 1) * width));
        for (const [i, value] of joints(found.meanPosRad, 4).entries())
          expect(value).toBeCloseTo(mean[i]!, 5);
        for (const [i, value] of joints(found.meanVelRadPerS, 4).entries())
          expect(value).toBeCloseTo(mean[4 + i]!, 4);
        for (const [i, value] of joints(found.bearing!.meanRad, 2).entries())
          expect(Math.abs(value - bearing[i]!)).toBeLessThan(byteStep);
        expect(found.visibility!.mean[row]).toBe(visibility);
        const step = row % horizonSteps;
        expect(found.stdPosRad[4 * row]).toBeCloseTo(0.01 * (step + 1), 6);
        expect(found.bearing!.stdRad![2 * row]).toBeCloseTo(0.1, 6);
      }
      expect(found.visibility).not.toHaveProperty("std");
      expect(Math.abs(found.oodScore! - seeingStateAt(7).row.ood)).toBeLessThan(4 * byteStep);
    });

    test.each([1, 2, 5])("decodes the picture predicted at step %i", async (step) => {
      await using model = await open();
      await observed(model, 4);
      const actions = someActions(0.2);
      const frame = { stampMs: 0, sequence: 9, widthPx: 1, heightPx: 1, rgb: new Uint8Array(3) };
      const { preview } = await model.predict({
        actionsRad: actionsOf([...actions, ...someActions(1)]),
        candidateCount: 2,
        horizonSteps: actions.length,
        preview: { step, frame },
      });
      let { memory, latent } = seeingStateAt(4);
      for (let k = 1; k < step; k += 1) {
        memory = memory.map((m) => 0.5 * m);
        latent = latent.map((z, i) => 0.9 * z + 0.1 * memory[i]!);
      }
      expect(preview).toMatchObject({
        widthPx: 2,
        heightPx: 2,
        sequence: 9,
        stampMs: 160 + 40 * step,
      });
      for (const [pixel, z] of latent.entries()) {
        const gray = Math.min(255, Math.max(0, 255 * z));
        for (let i = 0; i < 3; i += 1)
          expect(Math.abs(preview!.rgb[3 * pixel + i]! - gray)).toBeLessThan(3);
      }
    });

    test("predictions leave no trace in the state", async () => {
      await using model = await open();
      await using untouched = await open();
      const ask = (of: OnnxWorldModel, from: number, n = 1): Promise<Prediction> =>
        of.predict({
          actionsRad: actionsOf(Array.from({ length: n }, () => someActions(from)).flat()),
          candidateCount: n,
          horizonSteps: 6,
        });
      for (let t = 0; t < 6; t += 1) {
        await model.observe(observationAt(t));
        await untouched.observe(observationAt(t));
        await ask(model, t, 1 + (t % 3));
        await ask(model, -t);
      }
      const [found, expected] = [await ask(model, 1), await ask(untouched, 1)];
      expect(found.meanPosRad).toEqual(expected.meanPosRad);
      expect(found.bearing).toEqual(expected.bearing);
      expect(found.oodScore).toBe(expected.oodScore);
    });

    test("with half precision at its borders predicts the same to three digits", async () => {
      await using half = await open({ halfStep: true });
      await using full = await open();
      for (const model of [half, full]) await observed(model, 6);
      const request = {
        actionsRad: actionsOf(someActions(0.1)),
        candidateCount: 1,
        horizonSteps: 6,
      };
      const [found, expected] = [await half.predict(request), await full.predict(request)];
      for (const [i, value] of expected.meanPosRad.entries())
        expect(Math.abs(found.meanPosRad[i]! - value)).toBeLessThan(2e-3);
      expect(found.meanPosRad).not.toEqual(expected.meanPosRad);
    });

    test("is measured per role and step, on the provider it ran on", async () => {
      const report = await verifyPackage(engine, await loadContents(seeingContents()));
      expect(report).toMatchObject({ providers: ["cpu"], atol: 1e-4, isWithin: true });
      expect(report.roles.map((role) => role.role)).toEqual([
        "mean",
        "std",
        "pred.bearing.mean",
        "pred.bearing.std",
        "pred.visibility.mean",
        "ood",
      ]);
      expect(report.roles[0]!.perStep).toHaveLength(10);
    });

    test.each([
      ["a bearing", "pred.bearing.mean", 3],
      ["a visibility", "pred.visibility.mean", 0],
    ])("whose golden rollout has %s elsewhere is refused", async (_, role, step) => {
      const golden = (json: Json): Json => {
        const heads = structuredClone(json["heads"]) as Record<string, number[][]>;
        heads[role]![step]![0]! += 0.01;
        return { ...json, heads };
      };
      await expect(open({ golden })).rejects.toThrow(code("model/golden"));
      await expect(open({ golden })).rejects.toThrow(`${role} at step ${step + 1}, column 0`);
    });

    test.each([
      ["a picture that is not there", { observations: [{ ...row(), frames: { cam0: 4 } }] }],
      ["pictures of an unknown camera", { observations: [{ ...row(), frames: { cam9: 0 } }] }],
      ["fewer pictures in its file", { streams: { cam0: { file: "golden-cam0.f32", count: 5 } } }],
    ])("whose golden rollout asks for %s is refused", async (_, changes) => {
      const opening = open({ golden: (json) => ({ ...json, ...changes }) });
      await expect(opening).rejects.toThrow(code("model/golden"));
    });

    test("that encodes only when there is a picture predicts the same", async () => {
      const manifest = (json: Json): Json => {
        const programs = structuredClone(json["programs"]) as { observe: Json[] };
        programs.observe[0] = { run: "encode", when: "has_frame:cam0" };
        return { ...json, programs };
      };
      await using model = await open({ manifest });
      await using always = await open();
      for (const each of [model, always]) await observed(each, 5);
      const request = {
        actionsRad: actionsOf(someActions(0.1)),
        candidateCount: 1,
        horizonSteps: 6,
      };
      const [found, expected] = [await model.predict(request), await always.predict(request)];
      expect(found.bearing).toEqual(expected.bearing);
      expect(found.meanPosRad).toEqual(expected.meanPosRad);
    });

    test("that reads how old a picture is is told it in seconds", async () => {
      const aged = (json: Json): Json => {
        const changed = structuredClone(json) as unknown as SeeingJson;
        changed.streams.cam0["max_age_s"] = 2;
        changed.graphs.step.in["seen"] = "frame_age:cam0";
        changed.programs.observe[0] = { run: "encode", when: "has_frame:cam0" };
        const { feed } = changed.programs.predict;
        Reflect.deleteProperty(feed, "has_frame:cam0");
        feed["frame_age:cam0"] = 0;
        return changed as unknown as Json;
      };
      const golden = (json: Json): Json => {
        const observations = json["observations"] as Json[];
        const all = observations.map((each) => ({ ...each, frame_age_s: { cam0: 1 } }));
        return { ...json, observations: all };
      };
      await using model = await open({ manifest: aged, golden });
      await using flagged = await open();
      for (let t = 0; t < 5; t += 1) {
        const now = observationAt(t);
        await flagged.observe(now);
        // A second old: the number the other package reads as "there is one".
        const { frame } = now;
        const old = frame && { ...frame, stampMs: now.stampMs - 1000 };
        await model.observe({ ...now, frame: old });
      }
      const request = {
        actionsRad: actionsOf(someActions(0.1)),
        candidateCount: 1,
        horizonSteps: 6,
      };
      const [found, expected] = [await model.predict(request), await flagged.predict(request)];
      expect(found.bearing).toEqual(expected.bearing);
      expect(found.meanPosRad).toEqual(expected.meanPosRad);
    });

    test("that must see refuses an observation without a picture, and goes on", async () => {
      await using model = await OnnxWorldModel.open({
        engine,
        pack: await loadContents(mustSeeContents()),
      });
      await model.observe(observationAt(0));
      const request = { actionsRad: actionsOf(someActions(0)), candidateCount: 1, horizonSteps: 6 };
      const before = await model.predict(request);
      const blind = { ...observationAt(1), frame: undefined };
      await expect(model.observe(blind)).rejects.toThrow(code("model/not-ready"));
      const after = await model.predict(request);
      expect(after.meanPosRad).toEqual(before.meanPosRad);
      expect(after.stateSequence).toBe(1);
      await model.observe(observationAt(1));
      expect((await model.predict(request)).stateSequence).toBe(2);
    });
  },
);

interface SeeingJson {
  readonly streams: { readonly cam0: Json };
  readonly graphs: { readonly step: { readonly in: Json } };
  readonly programs: { readonly observe: Json[]; readonly predict: { readonly feed: Json } };
}

function row(): { proprio: number[]; action: number[] } {
  return { proprio: Array<number>(12).fill(0), action: Array<number>(4).fill(0) };
}
