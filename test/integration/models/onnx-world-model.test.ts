import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../../bridge/contract/engine.ts";
import type { Frame } from "../../../bridge/contract/frame.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { loadPackage } from "../../../models/package/load-package.ts";
import { OnnxWorldModel, type Reproject } from "../../../models/world-model.ts";
import { observationAt } from "../../contract/models/world-model-contract.ts";
import type { OnnxGraph } from "../../fakes/onnx-writer.ts";
import {
  rolloutGraph,
  spikingObserveGraph,
  tinyGolden,
  writeTinyPackage,
  type TinyPackageChanges,
} from "../../fakes/tiny-package.ts";

const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;
type Json = Record<string, unknown>;

describe.each(["ort-ffi", "ort-node"] as const)("a package on %s", (kind) => {
  let engine: Engine;
  const folders: string[] = [];
  beforeAll(async () => {
    engine = await openEngine({ engine: kind });
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  async function open(
    changes: TinyPackageChanges = {},
    reproject?: Reproject,
  ): Promise<OnnxWorldModel> {
    const folder = await writeTinyPackage(changes);
    folders.push(folder);
    const pack = await loadPackage(folder);
    return await OnnxWorldModel.open({
      engine,
      pack,
      ...(reproject === undefined ? {} : { reproject }),
    });
  }

  test.each([
    ["mean", 3, 5],
    ["std", 15, 0],
  ])("whose golden %s differs at step index %i is refused there", async (part, step, column) => {
    const golden = structuredClone(tinyGolden());
    const rows = golden[part] as number[][];
    rows[step]![column]! += 0.01;
    const opening = open({ golden });
    await expect(opening).rejects.toThrow(code("model/golden"));
    await expect(opening).rejects.toThrow(`${part} at step ${step + 1}, column ${column} is`);
  });

  test("whose golden rollout differs within its tolerance is taken", async () => {
    const golden = structuredClone(tinyGolden());
    (golden["mean"] as number[][])[3]![5]! += 0.01;
    const manifest = (m: Json): Json => ({ ...m, verify: { golden: "golden.json", atol: 0.02 } });
    await using model = await open({ golden, manifest });
    expect(model.description.id).toBe("tiny");
  });

  test.each([
    ["observation", { observations: [{ proprio: [1, 2], action: [0, 0, 0, 0] }] }],
    ["action", { actionsRad: [[0, 0, 0]], mean: [[]], std: [[]] }],
    ["prediction", { mean: [[0, 0, 0]] }],
  ])("whose golden %s has another width is refused", async (_, changes) => {
    const opening = open({ golden: { ...tinyGolden(), ...changes } });
    await expect(opening).rejects.toThrow(code("model/golden"));
  });

  test("that needs a newer ONNX Runtime is refused before a session is made", async () => {
    const manifest = (m: Json): Json => ({
      ...m,
      requires: { ...(m["requires"] as Json), ort: ">=1.99" },
    });
    await expect(open({ manifest })).rejects.toThrow(code("model/unsupported"));
    await expect(open({ manifest })).rejects.toThrow(/needs ONNX Runtime >=1\.99, found 1\./);
  });

  test("whose graphs have other names than its manifest says is refused", async () => {
    const manifest = (m: Json): Json => {
      const graphs = structuredClone(m["graphs"]) as Record<string, { in: Json }>;
      graphs["observe"]!.in = {
        joints: "proprio.cur",
        action: "action.cur",
        state_in: "state:core",
      };
      return { ...m, graphs };
    };
    const opening = open({ manifest });
    await expect(opening).rejects.toThrow(code("model/shape"));
    await expect(opening).rejects.toThrow(/no input is named joints; it has proprio/);
  });

  test("whose state has another shape than its graph is refused", async () => {
    const states = [{ name: "core", dtype: "float32", shape: [1, 6], init: "zeros" }];
    await expect(open({ manifest: (m) => ({ ...m, states }) })).rejects.toThrow(
      code("model/shape"),
    );
  });

  test("that does not read actions refuses to compare candidates, and predicts one", async () => {
    await using model = await open({ manifest: (m) => ({ ...m, action_conditioned: false }) });
    expect(model.description.actionConditioned).toBe(false);
    await model.observe(observationAt(0));
    const one = { actionsRad: new Float32Array(8), candidateCount: 1, horizonSteps: 2 };
    expect((await model.predict(one)).horizonSteps).toBe(2);
    const two = { actionsRad: new Float32Array(16), candidateCount: 2, horizonSteps: 2 };
    await expect(model.predict(two)).rejects.toThrow(code("model/unsupported"));
  });

  test("scaled by the host predicts the same as scaled inside", async () => {
    // The same linear dynamics hold for (x - mean) / std of both sides when all joints share them.
    const mean = [...Array<number>(4).fill(0.5), ...Array<number>(8).fill(0)];
    const std = Array<number>(12).fill(2);
    const zscore = { kind: "zscore", mean: mean.slice(0, 4), std: std.slice(0, 4) };
    const normalization = { proprio: { kind: "zscore", mean, std }, action: zscore };
    const golden = structuredClone(tinyGolden());
    // The deviation is no linear function of its inputs in this package: it comes out times 2.
    golden["std"] = (golden["std"] as number[][]).map((row) => row.map((value) => 2 * value));
    await using scaled = await open({ manifest: (m) => ({ ...m, normalization }), golden });
    await using plain = await open();
    const actionsRad = Float32Array.from({ length: 24 }, (_, i) => 0.1 * i);
    const request = { actionsRad, candidateCount: 2, horizonSteps: 3 };
    for (const model of [scaled, plain]) {
      await model.observe(observationAt(0));
      await model.observe(observationAt(1));
    }
    const [found, expected] = [await scaled.predict(request), await plain.predict(request)];
    for (const [i, value] of expected.meanPosRad.entries()) {
      expect(found.meanPosRad[i]).toBeCloseTo(value, 5);
      expect(found.stdPosRad[i]).toBeCloseTo(2 * expected.stdPosRad[i]!, 5);
    }
    for (const [i, value] of expected.meanVelRadPerS.entries()) {
      expect(found.meanVelRadPerS[i]).toBeCloseTo(value, 3);
    }
  });

  test("whose state stops being finite keeps the last good one and says so", async () => {
    const golden = { ...tinyGolden() };
    golden["observations"] = (golden["observations"] as unknown[]).slice(0, 3);
    const manifest = (m: Json): Json => ({ ...m, verify: { golden: "golden.json", atol: 10 } });
    await using model = await open({ observe: spikingObserveGraph, golden, manifest });
    for (let t = 0; t < 3; t += 1) await model.observe(observationAt(t));
    const request = { actionsRad: new Float32Array(8), candidateCount: 1, horizonSteps: 2 };
    const before = await model.predict(request);
    await expect(model.observe(observationAt(3))).rejects.toThrow(code("model/output"));
    const after = await model.predict(request);
    expect(after.meanPosRad).toEqual(before.meanPosRad);
    expect(after.stampMs).toBe(before.stampMs);
  });

  test("of a fixed horizon answers that one and refuses others by shape", async () => {
    const rollout = fixedHorizon(rolloutGraph, 16);
    await using model = await open({ rollout });
    await model.observe(observationAt(0));
    const request = { actionsRad: new Float32Array(64), candidateCount: 1, horizonSteps: 16 };
    expect((await model.predict(request)).horizonSteps).toBe(16);
    const shorter = { ...request, actionsRad: new Float32Array(60), horizonSteps: 15 };
    await expect(model.predict(shorter)).rejects.toThrow(code("model/shape"));
    expect((await model.predict(request)).horizonSteps).toBe(16);
  });

  test("answers more sizes of request than it keeps bindings for", async () => {
    await using model = await open();
    await model.observe(observationAt(0));
    const first = { actionsRad: new Float32Array(4).fill(1), candidateCount: 1, horizonSteps: 1 };
    const before = await model.predict(first);
    for (let k = 2; k <= 12; k += 1) {
      const request = { actionsRad: new Float32Array(4 * k), candidateCount: 1, horizonSteps: k };
      expect((await model.predict(request)).horizonSteps).toBe(k);
    }
    expect((await model.predict(first)).meanPosRad).toEqual(before.meanPosRad);
  });

  test("counts the gaps that made it forget", async () => {
    await using model = await open();
    await model.observe(observationAt(0));
    await model.observe(observationAt(20));
    expect(model.resetCount).toBe(0);
    await model.observe(observationAt(60));
    await model.observe(observationAt(61));
    await model.observe(observationAt(0));
    expect(model.resetCount).toBe(2);
  });

  test("makes previews from where the camera was to where it will be", async () => {
    const calls: { from: number[]; to: number[] }[] = [];
    await using model = await open({}, (frame, fromPosRad, toPosRad) => {
      calls.push({ from: [...fromPosRad], to: [...toPosRad] });
      return { ...frame, sequence: frame.sequence + 1 };
    });
    expect(model.description.preview).toBe("reprojection");
    await model.observe(observationAt(0));
    await model.observe(observationAt(1));
    const halfway = 0.5 * (observationAt(0).stampMs + observationAt(1).stampMs);
    const frame: Frame = {
      stampMs: halfway,
      sequence: 7,
      widthPx: 2,
      heightPx: 1,
      rgb: new Uint8Array(6),
    };
    const actionsRad = new Float32Array(12).fill(0.2);
    const prediction = await model.predict({
      actionsRad,
      candidateCount: 1,
      horizonSteps: 3,
      preview: { step: 2, frame },
    });
    expect(prediction.preview?.sequence).toBe(8);
    const [q0, q1] = [observationAt(0).jointPosRad, observationAt(1).jointPosRad];
    for (const [axis, value] of calls[0]!.from.entries()) {
      expect(value).toBeCloseTo((q0[axis]! + q1[axis]!) / 2, 10);
    }
    expect(calls[0]!.to).toEqual([...prediction.meanPosRad.subarray(4, 8)]);
  });

  test("without a way to make previews leaves them out", async () => {
    await using model = await open();
    expect(model.description.preview).toBe("none");
    await model.observe(observationAt(0));
    const frame: Frame = {
      stampMs: 1000,
      sequence: 1,
      widthPx: 1,
      heightPx: 1,
      rgb: new Uint8Array(3),
    };
    const request = { actionsRad: new Float32Array(4), candidateCount: 1, horizonSteps: 1 };
    const prediction = await model.predict({ ...request, preview: { step: 1, frame } });
    expect(prediction.preview).toBeUndefined();
  });
});

/** The graph with its open horizon closed. */
function fixedHorizon(graph: OnnxGraph, steps: number): OnnxGraph {
  const close = (values: OnnxGraph["inputs"]): OnnxGraph["inputs"] =>
    values.map((value) => ({
      ...value,
      shape: value.shape.map((size) => (size === "K" ? steps : size)),
    }));
  return { ...graph, inputs: close(graph.inputs), outputs: close(graph.outputs) };
}
