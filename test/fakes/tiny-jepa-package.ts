import { onnxModel, type OnnxGraph } from "./onnx-writer.ts";
import {
  listFiles,
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
 * A jepa-window package: pictures of 2x2 gray pixels are two tokens of two numbers; the predictor
 * reads three latents, the three actions that follow them, and three rows of proprio:
 *
 *   z' = layernorm(mean of latents + mean of actions + 0.1 mean of proprio)
 *
 * where the last two are one number each. Joints follow their command by half the distance a step.
 */
const window = 3;
const gain = 0.5;
const eps = 1e-5;

export interface JepaHistory {
  readonly latents: readonly number[][];
  /** The action that led to each latent's successor. */
  readonly actions: readonly number[][];
  readonly proprio: readonly number[][];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The last `window` rows; before there are so many, the oldest one repeated. */
const windowOf = (rows: readonly number[][]): number[][] =>
  Array.from({ length: window }, (_, i) => rows[Math.max(0, rows.length - window + i)]!);

function layerNorm(token: readonly number[]): number[] {
  const middle = mean(token);
  const variance = mean(token.map((value) => (value - middle) ** 2));
  return token.map((value) => (value - middle) / Math.sqrt(variance + eps));
}

/** Latents and joints (q, then qd) of every step. */
export function jepaRollout(
  history: JepaHistory,
  candidate: readonly number[][],
): { latents: number[][]; joints: number[][] } {
  const latents = [...history.latents];
  const actions = [...history.actions];
  const proprio = [...history.proprio];
  let q = proprio.at(-1)!.slice(0, 4);
  const joints = candidate.map((command) => {
    actions.push(command);
    const seen = windowOf(latents);
    const push = mean(windowOf(actions).flat()) + 0.1 * mean(windowOf(proprio).flat());
    const next = seen[0]!.map((_, i) => mean(seen.map((z) => z[i]!)) + push);
    latents.push([...layerNorm(next.slice(0, 2)), ...layerNorm(next.slice(2))]);
    const moved = q.map((value, i) => value + gain * (command[i]! - value));
    const row = [...moved, ...moved.map((value, i) => (value - q[i]!) / tinyStepS)];
    q = moved;
    proprio.push([...row, ...proprio.at(-1)!.slice(8)]);
    return row;
  });
  return { latents: latents.slice(-candidate.length), joints };
}

const encoder: OnnxGraph = {
  name: "encoder",
  inputs: [{ name: "image", shape: [1, 1, 2, 2] }],
  outputs: [{ name: "tokens", shape: [1, 2, 2] }],
  initializers: [{ name: "shape", shape: [3], data: [1n, 2n, 2n] }],
  nodes: [{ op: "Reshape", inputs: ["image", "shape"], outputs: ["tokens"] }],
};
const reduce = (
  from: string,
  to: string,
  axes: readonly number[],
  keepdims: 0 | 1,
): OnnxGraph["nodes"][number] => ({
  op: "ReduceMean",
  inputs: [from],
  outputs: [to],
  attributes: { axes, keepdims },
});
const predictor: OnnxGraph = {
  name: "predictor",
  inputs: [
    { name: "x", shape: ["B", window, 2, 2] },
    { name: "actions", shape: ["B", window, 4] },
    { name: "states", shape: ["B", window, 12] },
  ],
  outputs: [{ name: "next", shape: ["B", 2, 2] }],
  initializers: [{ name: "tenth", shape: [1], data: [0.1] }],
  nodes: [
    reduce("x", "middle", [1], 0),
    reduce("actions", "push", [1, 2], 1),
    reduce("states", "lean", [1, 2], 1),
    { op: "Mul", inputs: ["lean", "tenth"], outputs: ["leant"] },
    { op: "Add", inputs: ["push", "leant"], outputs: ["both"] },
    { op: "Add", inputs: ["middle", "both"], outputs: ["next"] },
  ],
};
const decoder: OnnxGraph = {
  name: "decoder",
  inputs: [{ name: "tokens", shape: ["B", 2, 2] }],
  outputs: [{ name: "image", shape: ["B", 1, 2, 2] }],
  initializers: [{ name: "shape", shape: [4], data: [-1n, 1n, 2n, 2n] }],
  nodes: [{ op: "Reshape", inputs: ["tokens", "shape"], outputs: ["image"] }],
};

/** Four pictures of 2x2, the numbers of each. */
export const jepaPictures = [0, 1, 2, 3].map((n) => [n / 4, 0.2, 0.9 - n / 8, 0.5]);

export function jepaObservation(t: number): { q: number[]; command: number[]; picture: number } {
  const q = tinyJoints.map((_, i) => 0.2 * i - 0.05 * t);
  return { q, command: q.map((value, i) => value - 0.04 * (i + 1)), picture: (3 * t) % 4 };
}

const proprioOf = (q: readonly number[]): number[] => [...q, ...Array<number>(8).fill(0.25)];

/** After observations 0..t. The command standing at t led to picture t: it follows picture t - 1. */
export function jepaHistoryAt(t: number): JepaHistory {
  const seen = Array.from({ length: t + 1 }, (_, k) => jepaObservation(k));
  return {
    latents: seen.map(({ picture }) => jepaPictures[picture]!),
    actions: seen.map(({ command }) => command),
    proprio: seen.map(({ q }) => proprioOf(q)),
  };
}

export interface JepaOptions {
  readonly manifest?: (manifest: Json) => Json;
}

export function jepaContents(options: JepaOptions = {}): Contents {
  const contents: Contents = {
    "encoder.onnx": onnxModel(encoder),
    "predictor.onnx": onnxModel(predictor),
    "decoder.onnx": onnxModel(decoder),
    "golden.json": Buffer.from(JSON.stringify(jepaGolden())),
    "golden-cam0.f32": Buffer.from(Float32Array.from(jepaPictures.flat()).buffer),
    "model-card.md": Buffer.from("# jepa\n"),
  };
  const manifest = jepaManifest(contents);
  return withManifest(contents, options.manifest?.(manifest) ?? manifest);
}

function jepaManifest(contents: Contents): Json {
  const base = without(tinyManifest(contents), "states", "graphs", "programs");
  return {
    ...base,
    id: "tiny-jepa",
    family: "jepa-window",
    files: listFiles(contents),
    conditioning: ["frames", "proprio", "actions", "goal"],
    streams: { cam0: { size: [2, 2], resize: "stretch", color: "gray", range: [0, 1] } },
    graphs: {
      encoder: {
        file: "encoder.onnx",
        in: { image: "stream:cam0" },
        out: { tokens: "latent.obs" },
      },
      predictor: {
        file: "predictor.onnx",
        in: { x: "ring:latents", actions: "ring:actions", states: "ring:proprio" },
        out: { next: "pred.latent.mean" },
      },
      decoder: {
        file: "decoder.onnx",
        in: { tokens: "pred.latent.mean" },
        out: { image: "preview.cam0" },
      },
    },
    states: [
      { name: "latents", kind: "ring", of: "latent.obs", window },
      { name: "actions", kind: "ring", of: "action.next", window },
      { name: "proprio", kind: "ring", of: "proprio.cur", window },
    ],
    latent: { postnorm: "layernorm", eps },
    transforms: { proprio: { kind: "command_lag", gain } },
    programs: {
      observe: [{ run: "encoder" }],
      predict: {
        repeat: "horizon",
        run: "predictor",
        branch_from: "observe",
        actions: "candidate",
      },
      preview: { run: "decoder" },
      goal: { run: "encoder" },
    },
    uncertainty: {
      kind: "table",
      outputs: [],
      calibration: {
        method: "table_per_horizon",
        std: {
          "pred.proprio": Array.from({ length: tinyMaxHorizon }, (_, k) =>
            Array.from({ length: 8 }, (__, i) => 0.01 * (k + 1) + 0.001 * i),
          ),
        },
      },
    },
    planner: { kind: "cem", samples: 400, iters: 10, topk: 10 },
  };
}

export const jepaStd = (step: number, column: number): number => 0.01 * step + 0.001 * column;

function jepaGolden(): Json {
  const count = 6;
  const actionsRad = Array.from({ length: 9 }, (_, k) => [0.4, -0.1 * k, 0.05, 0.2]);
  return {
    observations: Array.from({ length: count }, (_, t) => {
      const { q, command, picture } = jepaObservation(t);
      return { proprio: proprioOf(q), action: command, frames: { cam0: picture } };
    }),
    streams: { cam0: { file: "golden-cam0.f32", count: jepaPictures.length } },
    actionsRad,
    mean: jepaRollout(jepaHistoryAt(count - 1), actionsRad).joints,
    std: actionsRad.map((_, k) => Array.from({ length: 8 }, (__, i) => jepaStd(k + 1, i))),
  };
}
