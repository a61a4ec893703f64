import { createHash } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readPackage, type ModelPackage } from "../../models/package/load-package.ts";
import { sealOf } from "../../models/package/manifest.ts";
import { memoryFiles } from "../../models/package/package-files.ts";
import { onnxModel, type OnnxGraph } from "./onnx-writer.ts";

/**
 * A complete package small enough to compute by hand: four joints that close 0.3 of the distance to
 * their setpoint each step, plus 0.05 of what the state remembers. It has the roles of the embedded
 * model, dynamic N and K, and a state of five floats: a fading sum of (setpoint - q), and a count.
 */
export const tinyJoints = ["deploy", "yaw", "roll", "pitch"] as const;
const jointCount = tinyJoints.length;
export const tinyStepS = 0.04;
export const tinyMaxHorizon = 32;

export interface TinyState {
  readonly q: number[];
  readonly remembered: number[];
}

/** The same arithmetic in TypeScript: what `observe` leaves behind. */
export function tinyObserve(
  state: TinyState | undefined,
  q: number[],
  command: number[],
): TinyState {
  const before = state?.remembered ?? q.map(() => 0);
  const remembered = q.map((value, i) => 0.9 * before[i]! + 0.1 * (command[i]! - value));
  return { q, remembered };
}

/** Mean (q, qd) and deviation of every step under `actions`. */
export function tinyRollout(
  state: TinyState,
  actions: number[][],
): { mean: number[][]; std: number[][] } {
  let q = state.q;
  const mean = actions.map((action) => {
    const next = q.map((v, i) => v + 0.3 * (action[i]! - v) + 0.05 * state.remembered[i]!);
    const row = [...next, ...next.map((v, i) => (v - q[i]!) / tinyStepS)];
    q = next;
    return row;
  });
  const std = actions.map((_, step) => Array<number>(2 * jointCount).fill(0.01 * (step + 1)));
  return { mean, std };
}

export const observeGraph: OnnxGraph = {
  name: "observe",
  inputs: [
    { name: "proprio", shape: [1, 12] },
    { name: "action", shape: [1, 4] },
    { name: "state_in", shape: [1, 5] },
  ],
  outputs: [{ name: "state_out", shape: [1, 5] }],
  initializers: [
    { name: "zero", shape: [1], data: [0n] },
    { name: "four", shape: [1], data: [4n] },
    { name: "axis1", shape: [1], data: [1n] },
    { name: "one", shape: [1, 1], data: [1] },
    { name: "decay", shape: [5], data: [0.9, 0.9, 0.9, 0.9, 1] },
    { name: "gain", shape: [5], data: [0.1, 0.1, 0.1, 0.1, 1] },
  ],
  nodes: [
    { op: "Slice", inputs: ["proprio", "zero", "four", "axis1"], outputs: ["q"] },
    { op: "Sub", inputs: ["action", "q"], outputs: ["ahead"] },
    { op: "Concat", inputs: ["ahead", "one"], outputs: ["news"], attributes: { axis: 1 } },
    { op: "Mul", inputs: ["news", "gain"], outputs: ["gained"] },
    { op: "Mul", inputs: ["state_in", "decay"], outputs: ["kept"] },
    { op: "Add", inputs: ["kept", "gained"], outputs: ["state_out"] },
  ],
};

/**
 * 1e-30 / (4 - count) added to the memory: infinite once four observations are in the count.
 */
export const spikingObserveGraph: OnnxGraph = {
  ...observeGraph,
  initializers: [
    ...observeGraph.initializers!,
    { name: "limit", shape: [1], data: [4] },
    { name: "five", shape: [1], data: [5n] },
    { name: "tiny", shape: [1], data: [1e-30] },
  ],
  nodes: [
    ...observeGraph.nodes.slice(0, -1),
    { op: "Add", inputs: ["kept", "gained"], outputs: ["sum"] },
    { op: "Slice", inputs: ["sum", "four", "five", "axis1"], outputs: ["count"] },
    { op: "Sub", inputs: ["limit", "count"], outputs: ["left"] },
    { op: "Div", inputs: ["tiny", "left"], outputs: ["spike"] },
    { op: "Add", inputs: ["sum", "spike"], outputs: ["state_out"] },
  ],
};

const stepGraph: OnnxGraph = {
  name: "step",
  inputs: [
    { name: "q_now", shape: ["N", 4] },
    { name: "s_now", shape: ["N", 8] },
    { name: "setpoint", shape: ["N", 4] },
  ],
  outputs: [
    { name: "q_next", shape: ["N", 4] },
    { name: "s_next", shape: ["N", 8] },
    { name: "row", shape: ["N", 8] },
    { name: "deviation", shape: ["N", 8] },
  ],
  nodes: [
    { op: "Sub", inputs: ["setpoint", "q_now"], outputs: ["error"] },
    { op: "Mul", inputs: ["error", "rate"], outputs: ["pull"] },
    { op: "Add", inputs: ["q_now", "pull"], outputs: ["pulled"] },
    { op: "Add", inputs: ["pulled", "drift"], outputs: ["q_next"] },
    { op: "Sub", inputs: ["q_next", "q_now"], outputs: ["moved"] },
    { op: "Div", inputs: ["moved", "step_s"], outputs: ["qd"] },
    { op: "Concat", inputs: ["q_next", "qd"], outputs: ["row"], attributes: { axis: 1 } },
    { op: "Add", inputs: ["s_now", "growth"], outputs: ["s_next"] },
    { op: "Identity", inputs: ["s_next"], outputs: ["deviation"] },
  ],
};

export const rolloutGraph: OnnxGraph = {
  name: "rollout",
  inputs: [
    { name: "state", shape: ["N", 5] },
    { name: "proprio", shape: ["N", 12] },
    { name: "action", shape: ["N", 4] },
    { name: "actions", shape: ["N", "K", 4] },
  ],
  outputs: [
    { name: "mean", shape: ["N", "K", 8] },
    { name: "std", shape: ["N", "K", 8] },
  ],
  initializers: [
    { name: "zero", shape: [1], data: [0n] },
    { name: "four", shape: [1], data: [4n] },
    { name: "eight", shape: [1], data: [8n] },
    { name: "axis1", shape: [1], data: [1n] },
    { name: "rate", shape: [1], data: [0.3] },
    { name: "memory", shape: [1], data: [0.05] },
    { name: "step_s", shape: [1], data: [tinyStepS] },
    { name: "growth", shape: [1], data: [0.01] },
    { name: "none", shape: [1], data: [0] },
  ],
  nodes: [
    { op: "Slice", inputs: ["proprio", "zero", "four", "axis1"], outputs: ["q0"] },
    { op: "Slice", inputs: ["proprio", "zero", "eight", "axis1"], outputs: ["first8"] },
    { op: "Mul", inputs: ["first8", "none"], outputs: ["s0"] },
    { op: "Slice", inputs: ["state", "zero", "four", "axis1"], outputs: ["remembered"] },
    { op: "Mul", inputs: ["remembered", "memory"], outputs: ["drift"] },
    { op: "Transpose", inputs: ["actions"], outputs: ["by_step"], attributes: { perm: [1, 0, 2] } },
    {
      op: "Scan",
      inputs: ["q0", "s0", "by_step"],
      outputs: ["q_end", "s_end", "mean_by_step", "std_by_step"],
      attributes: { num_scan_inputs: 1, body: stepGraph },
    },
    {
      op: "Transpose",
      inputs: ["mean_by_step"],
      outputs: ["mean"],
      attributes: { perm: [1, 0, 2] },
    },
    { op: "Transpose", inputs: ["std_by_step"], outputs: ["std"], attributes: { perm: [1, 0, 2] } },
  ],
};

/** The recorded rollout of the package, computed here and not by ONNX Runtime. */
export function tinyGolden(): Record<string, unknown> {
  let state: TinyState | undefined;
  const observations = Array.from({ length: 20 }, (_, t) => {
    const q = [2 - 0.01 * t, 0.1 * Math.sin(t / 3), 0.02 * t, -0.3];
    const action = q.map((value, i) => value + 0.05 * (i + 1));
    state = tinyObserve(state, q, action);
    return { proprio: [...q, ...Array<number>(8).fill(0.1)], action };
  });
  const actionsRad = Array.from({ length: 16 }, (_, k) => [2, 0.02 * k, 0.1, -0.2]);
  return { observations, actionsRad, ...tinyRollout(state!, actionsRad) };
}

export interface TinyPackageChanges {
  /** Changes the manifest before it is written; hashes are already in. */
  readonly manifest?: (manifest: Json) => Json;
  readonly golden?: Json;
  readonly observe?: OnnxGraph;
  readonly rollout?: OnnxGraph;
}

export type Json = Record<string, unknown>;
export type Contents = Readonly<Record<string, Uint8Array>>;

/** Writes the package into a new folder under the temporary directory and returns its path. */
export async function writeTinyPackage(changes: TinyPackageChanges = {}): Promise<string> {
  return await writePackageFolder(tinyContents(changes));
}

/** Every file of the package, `manifest.json` among them. */
export function tinyContents(changes: TinyPackageChanges = {}): Contents {
  const contents = {
    "graphs/observe.onnx": onnxModel(changes.observe ?? observeGraph),
    "graphs/rollout.onnx": onnxModel(changes.rollout ?? rolloutGraph),
    "golden.json": Buffer.from(JSON.stringify(changes.golden ?? tinyGolden())),
    "model-card.md": Buffer.from("# tiny\n\nA package for tests.\n"),
  };
  const manifest = tinyManifest(contents);
  return withManifest(contents, changes.manifest?.(manifest) ?? manifest);
}

/** A copy without some of its entries. */
export const without = <T extends object>(from: T, ...keys: readonly string[]): T =>
  Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key))) as T;

export const withManifest = (contents: Contents, manifest: Json): Contents => ({
  ...contents,
  "manifest.json": Buffer.from(JSON.stringify(manifest, undefined, 2)),
});

/** The same files in a new folder under the temporary directory. */
export async function writePackageFolder(contents: Contents): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kairos-tiny-package-"));
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** The same files as a loaded package. */
export const loadContents = (contents: Contents): Promise<ModelPackage> =>
  readPackage(memoryFiles("memory", new Map(Object.entries(contents))));

export const listFiles = (contents: Contents): Json[] =>
  Object.entries(contents).map(([path, content]) => ({
    path,
    sha256: createHash("sha256").update(content).digest("hex"),
    bytes: content.byteLength,
  }));

export function tinyManifest(contents: Contents): Json {
  const proprio = ["q", "qd", "tau"].flatMap((kind) =>
    tinyJoints.map((joint) => `${kind}.${joint}`),
  );
  return {
    format: "wmp",
    version: "1.0",
    id: "tiny",
    revision: "1",
    family: "recurrent-latent",
    license: { spdx: "Apache-2.0" },
    provenance: {
      source: "test/fakes/tiny-package.ts",
      training_data: "none",
      exporter: "test/fakes/onnx-writer.ts",
      created: "2026-11-22",
    },
    requires: { ort: ">=1.21.0", opsets: { "ai.onnx": 17 }, features: [] },
    files: listFiles(contents),
    embodiment: {
      name: "phone-mount-4dof",
      joints: tinyJoints.map((name) => ({ name, unit: "rad" })),
      action: { space: "joint_position", order: tinyJoints },
      proprio: { order: proprio },
    },
    timing: {
      step_s: tinyStepS,
      max_obs_age_s: 0.12,
      state_ttl_s: 1,
      horizon: { max: tinyMaxHorizon, trained: 16 },
    },
    normalization: { proprio: { kind: "in-graph" }, action: { kind: "in-graph" } },
    graphs: {
      observe: {
        file: "graphs/observe.onnx",
        in: { proprio: "proprio.cur", action: "action.cur", state_in: "state:core" },
        out: { state_out: "state:core" },
      },
      rollout: {
        file: "graphs/rollout.onnx",
        in: {
          state: "state:core",
          proprio: "proprio.cur",
          action: "action.cur",
          actions: "actions",
        },
        out: { mean: "pred.proprio.mean", std: "pred.proprio.std" },
      },
    },
    states: [{ name: "core", dtype: "float32", shape: [1, 5], init: "zeros" }],
    programs: {
      observe: [{ run: "observe" }],
      predict: { run: "rollout", branch_from: "observe", actions: "candidate" },
    },
    uncertainty: {
      kind: "gaussian_std",
      outputs: ["pred.proprio.std"],
      calibration: { method: "none" },
    },
    verify: { golden: "golden.json", atol: 1e-4 },
    model_card: "model-card.md",
  };
}

/** The same files with the manifest's seal set. */
export function sealed(contents: Contents): Contents {
  const zeros = "0".repeat(64);
  const manifest = JSON.parse(Buffer.from(contents["manifest.json"]!).toString()) as Json;
  const text = JSON.stringify({ ...manifest, seal: zeros }, undefined, 2);
  return {
    ...contents,
    "manifest.json": Buffer.from(text.replace(zeros, sealOf(text, zeros))),
  };
}
