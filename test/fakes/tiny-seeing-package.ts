import { onnxModel, type OnnxGraph } from "./onnx-writer.ts";
import {
  listFiles,
  tinyContents,
  tinyJoints,
  tinyManifest,
  tinyMaxHorizon,
  tinyStepS,
  withManifest,
  without,
  type Contents,
  type Json,
} from "./tiny-package.ts";

/**
 * A package of the layout encode, step, decode: a camera of 2x2 gray pixels, one state, all heads.
 * The step reads an observation together with the command standing at its time, so that `observe`
 * itself predicts step 1. With m the state and s whether there was a picture:
 *
 *   m' = 0.5 m + s z,  z' = 0.9 z + 0.1 m',  q' = q + 0.3 (command - q),  ood = sum |m'|
 *
 * where z is the picture's four numbers; bearing is the first two of z', visibility is s.
 */
export interface SeeingState {
  readonly memory: number[];
  readonly latent: number[];
  readonly q: number[];
  readonly row: SeeingRow;
}
export interface SeeingRow {
  readonly mean: number[];
  readonly bearing: number[];
  readonly visibility: number;
  readonly ood: number;
}

/** The step in TypeScript. */
export function seeingStep(
  memory: number[],
  latent: number[],
  seen: 0 | 1,
  q: number[],
  command: number[],
): SeeingState {
  const kept = memory.map((m, i) => 0.5 * m + seen * latent[i]!);
  const next = latent.map((z, i) => 0.9 * z + 0.1 * kept[i]!);
  const moved = q.map((value, i) => value + 0.3 * (command[i]! - value));
  const row = {
    mean: [...moved, ...moved.map((value, i) => (value - q[i]!) / tinyStepS)],
    bearing: next.slice(0, 2),
    visibility: seen,
    ood: kept.reduce((sum, value) => sum + Math.abs(value), 0),
  };
  return { memory: kept, latent: next, q: moved, row };
}

/** Steps 1..K after an observation that left `state` behind, with its command standing. */
export function seeingRollout(state: SeeingState, actions: number[][]): SeeingRow[] {
  const rows = [state.row];
  let now = state;
  for (let k = 1; k < actions.length; k += 1) {
    now = seeingStep(now.memory, now.latent, 0, now.q, actions[k - 1]!);
    rows.push(now.row);
  }
  return rows;
}

const image = [1, 1, 2, 2] as const;
const encode: OnnxGraph = {
  name: "encode",
  inputs: [{ name: "image", shape: image }],
  outputs: [{ name: "z", shape: [1, 4] }],
  nodes: [{ op: "Flatten", inputs: ["image"], outputs: ["z"], attributes: { axis: 1 } }],
};
const decode: OnnxGraph = {
  name: "decode",
  inputs: [{ name: "z", shape: ["N", 4] }],
  outputs: [{ name: "image", shape: ["N", 1, 2, 2] }],
  initializers: [{ name: "shape", shape: [4], data: [-1n, 1n, 2n, 2n] }],
  nodes: [{ op: "Reshape", inputs: ["z", "shape"], outputs: ["image"] }],
};
const stepNodes: OnnxGraph["nodes"] = [
  { op: "Mul", inputs: ["m", "half"], outputs: ["m_half"] },
  { op: "Mul", inputs: ["z", "seen"], outputs: ["z_seen"] },
  { op: "Add", inputs: ["m_half", "z_seen"], outputs: ["m_out"] },
  { op: "Mul", inputs: ["z", "nine"], outputs: ["z_nine"] },
  { op: "Mul", inputs: ["m_out", "tenth"], outputs: ["m_tenth"] },
  { op: "Add", inputs: ["z_nine", "m_tenth"], outputs: ["z_out"] },
  { op: "Slice", inputs: ["proprio", "zero", "four", "axis1"], outputs: ["q"] },
  { op: "Sub", inputs: ["command", "q"], outputs: ["error"] },
  { op: "Mul", inputs: ["error", "rate"], outputs: ["pull"] },
  { op: "Add", inputs: ["q", "pull"], outputs: ["q_next"] },
  { op: "Sub", inputs: ["q_next", "q"], outputs: ["moved"] },
  { op: "Div", inputs: ["moved", "step_s"], outputs: ["qd"] },
  { op: "Concat", inputs: ["q_next", "qd"], outputs: ["mean"], attributes: { axis: 1 } },
  { op: "Mul", inputs: ["mean", "none"], outputs: ["mean_none"] },
  { op: "Add", inputs: ["mean_none", "centi"], outputs: ["std"] },
  { op: "Slice", inputs: ["z_out", "zero", "two", "axis1"], outputs: ["bearing"] },
  { op: "Mul", inputs: ["bearing", "none"], outputs: ["bearing_none"] },
  { op: "Add", inputs: ["bearing_none", "tenth"], outputs: ["bearing_std"] },
  { op: "Identity", inputs: ["seen"], outputs: ["visible"] },
  { op: "Abs", inputs: ["m_out"], outputs: ["m_abs"] },
  { op: "ReduceSum", inputs: ["m_abs", "axis1"], outputs: ["ood"], attributes: { keepdims: 1 } },
];
const step: OnnxGraph = {
  name: "step",
  inputs: [
    { name: "z", shape: ["N", 4] },
    { name: "seen", shape: ["N", 1] },
    { name: "proprio", shape: ["N", 12] },
    { name: "command", shape: ["N", 4] },
    { name: "m", shape: ["N", 4] },
  ],
  outputs: [
    { name: "z_out", shape: ["N", 4] },
    { name: "mean", shape: ["N", 8] },
    { name: "std", shape: ["N", 8] },
    { name: "bearing", shape: ["N", 2] },
    { name: "bearing_std", shape: ["N", 2] },
    { name: "visible", shape: ["N", 1] },
    { name: "ood", shape: ["N", 1] },
    { name: "m_out", shape: ["N", 4] },
  ],
  initializers: [
    { name: "zero", shape: [1], data: [0n] },
    { name: "two", shape: [1], data: [2n] },
    { name: "four", shape: [1], data: [4n] },
    { name: "axis1", shape: [1], data: [1n] },
    { name: "half", shape: [1], data: [0.5] },
    { name: "nine", shape: [1], data: [0.9] },
    { name: "tenth", shape: [1], data: [0.1] },
    { name: "rate", shape: [1], data: [0.3] },
    { name: "step_s", shape: [1], data: [tinyStepS] },
    { name: "none", shape: [1], data: [0] },
    { name: "centi", shape: [1], data: [0.01] },
  ],
  nodes: stepNodes,
};

const float16 = 10;
/** The same graph with half precision at its borders and float32 inside. */
function asFloat16(graph: OnnxGraph): OnnxGraph {
  const half = (name: string): string => `${name}_f16`;
  const cast = (from: string, to: string, type: number): OnnxGraph["nodes"][number] => ({
    op: "Cast",
    inputs: [from],
    outputs: [to],
    attributes: { to: type },
  });
  return {
    ...graph,
    inputs: graph.inputs.map((v) => ({ ...v, name: half(v.name), elementType: float16 })),
    outputs: graph.outputs.map((v) => ({ ...v, name: half(v.name), elementType: float16 })),
    nodes: [
      ...graph.inputs.map(({ name }) => cast(half(name), name, 1)),
      ...graph.nodes,
      ...graph.outputs.map(({ name }) => cast(name, half(name), float16)),
    ],
  };
}

export interface SeeingOptions {
  /** Half precision at the borders of the step. */
  readonly halfStep?: boolean;
  readonly manifest?: (manifest: Json) => Json;
  readonly golden?: (golden: Json) => Json;
}

/** Four pictures of 2x2, the numbers of each. */
export const seeingPictures = [0, 1, 2, 3].map((n) => [0, 1, 2, 3].map((i) => (n + i) / 8));

/** Every file of the package, `manifest.json` among them. */
export function seeingContents(options: SeeingOptions = {}): Contents {
  const golden = seeingGolden();
  const contents: Contents = {
    "encode.onnx": onnxModel(encode),
    "step.onnx": onnxModel(options.halfStep === true ? asFloat16(step) : step),
    "decode.onnx": onnxModel(decode),
    "golden.json": Buffer.from(JSON.stringify(options.golden?.(golden) ?? golden)),
    "golden-cam0.f32": Buffer.from(Float32Array.from(seeingPictures.flat()).buffer),
    "model-card.md": Buffer.from("# seeing\n"),
  };
  const manifest = seeingManifest(contents, options.halfStep === true ? "_f16" : "");
  return withManifest(contents, options.manifest?.(manifest) ?? manifest);
}

function seeingManifest(contents: Contents, suffix: string): Json {
  const named = (roles: Json): Json =>
    Object.fromEntries(Object.entries(roles).map(([name, role]) => [name + suffix, role]));
  return {
    ...tinyManifest(contents),
    id: "tiny-seeing",
    files: listFiles(contents),
    conditioning: ["frames", "proprio", "actions"],
    streams: { cam0: { size: [2, 2], resize: "stretch", color: "gray", range: [0, 1] } },
    graphs: {
      encode: { file: "encode.onnx", in: { image: "stream:cam0" }, out: { z: "latent.obs" } },
      step: {
        file: "step.onnx",
        in: named({
          z: "latent.cur",
          seen: "has_frame:cam0",
          proprio: "proprio.cur",
          command: "action.cur",
          m: "state:memory",
        }),
        out: named({
          z_out: "pred.latent.mean",
          mean: "pred.proprio.mean",
          std: "pred.proprio.std",
          bearing: "pred.bearing.mean",
          bearing_std: "pred.bearing.std",
          visible: "pred.visibility.mean",
          ood: "pred.ood",
          m_out: "state:memory",
        }),
      },
      decode: {
        file: "decode.onnx",
        in: { z: "pred.latent.mean" },
        out: { image: "preview.cam0" },
      },
    },
    states: [{ name: "memory", dtype: suffix === "" ? "float32" : "float16", shape: [1, 4] }],
    programs: {
      observe: [{ run: "encode" }, { run: "step" }],
      predict: {
        repeat: "horizon",
        run: "step",
        branch_from: "observe",
        actions: "candidate",
        first: "observe",
        feed: {
          "latent.cur": "pred.latent.mean",
          "proprio.cur": "pred.proprio.mean",
          "has_frame:cam0": 0,
        },
      },
      preview: { run: "decode" },
    },
    uncertainty: {
      kind: "gaussian_std",
      outputs: ["pred.proprio.std", "pred.bearing.std"],
      calibration: {
        method: "temperature_per_horizon",
        scale: { "pred.proprio": Array.from({ length: tinyMaxHorizon }, (_, k) => k + 1) },
      },
      ood: { kind: "graph", threshold: 6 },
    },
    verify: {
      golden: "golden.json",
      atol: suffix === "" ? { cpu: 1e-4, default: 1e-2 } : { cpu: 2e-2, default: 2e-2 },
    },
    planner: { kind: "cem", samples: 64, iters: 3, topk: 8 },
  };
}

/** What is observed at step t: joints, command, and the picture shown (undefined: none). */
export function seeingObservation(t: number): {
  q: number[];
  command: number[];
  picture: number | undefined;
} {
  const q = tinyJoints.map((_, i) => 0.1 * i + 0.02 * t);
  return {
    q,
    command: q.map((v, i) => v + 0.03 * (i + 1)),
    picture: t % 3 === 2 ? undefined : t % 4,
  };
}

/** The package's state after observations 0..t. */
export function seeingStateAt(t: number): SeeingState {
  let state: SeeingState | undefined;
  for (let k = 0; k <= t; k += 1) {
    const { q, command, picture } = seeingObservation(k);
    const seen = picture === undefined ? 0 : 1;
    const latent = picture === undefined ? [0, 0, 0, 0] : seeingPictures[picture]!;
    state = seeingStep(state?.memory ?? [0, 0, 0, 0], latent, seen, q, command);
  }
  return state!;
}

function seeingGolden(): Json {
  const count = 8;
  const actionsRad = Array.from({ length: 10 }, (_, k) => [0.5, 0.02 * k, -0.1, 0.3]);
  const rows = seeingRollout(seeingStateAt(count - 1), actionsRad);
  return {
    observations: Array.from({ length: count }, (_, t) => {
      const { q, command, picture } = seeingObservation(t);
      const proprio = [...q, ...Array<number>(8).fill(0)];
      return {
        proprio,
        action: command,
        ...(picture === undefined ? {} : { frames: { cam0: picture } }),
      };
    }),
    streams: { cam0: { file: "golden-cam0.f32", count: seeingPictures.length } },
    actionsRad,
    mean: rows.map((row) => row.mean),
    std: rows.map((_, k) => Array<number>(8).fill(0.01 * (k + 1))),
    heads: {
      "pred.bearing.mean": rows.map((row) => row.bearing),
      "pred.bearing.std": rows.map(() => [0.1, 0.1]),
      "pred.visibility.mean": rows.map((row) => [row.visibility]),
    },
    ood: rows[0]!.ood,
  };
}

/** The tiny package with a camera that nothing else depends on, and no graph to tell it is dark. */
export function mustSeeContents(): Contents {
  const tiny = tinyContents();
  const golden = tiny["golden.json"];
  const others = without(tiny, "manifest.json", "golden.json");
  const recorded = JSON.parse(Buffer.from(golden!).toString()) as { observations: Json[] };
  recorded.observations = recorded.observations.map((row) => ({ ...row, frames: { cam0: 1 } }));
  const contents: Contents = {
    ...others,
    "golden.json": Buffer.from(
      JSON.stringify({ ...recorded, streams: { cam0: { file: "golden-cam0.f32", count: 4 } } }),
    ),
    "golden-cam0.f32": Buffer.from(Float32Array.from(seeingPictures.flat()).buffer),
    "encode.onnx": onnxModel(encode),
  };
  const base = tinyManifest(contents);
  return withManifest(contents, {
    ...base,
    streams: { cam0: { size: [2, 2], resize: "stretch", color: "gray", range: [0, 1] } },
    graphs: {
      ...(base["graphs"] as Json),
      encode: { file: "encode.onnx", in: { image: "stream:cam0" }, out: { z: "latent.obs" } },
    },
    programs: {
      ...(base["programs"] as Json),
      observe: [{ run: "encode" }, { run: "observe" }],
    },
  });
}
