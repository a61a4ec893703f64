import { onnxModel, type OnnxGraph } from "./onnx-writer.ts";
import {
  listFiles,
  tinyContents,
  tinyManifest,
  tinyMaxHorizon,
  tinyStepS,
  withManifest,
  without,
  type Contents,
  type Json,
} from "./tiny-package.ts";

/**
 * The tiny package with its rollout taken apart: a step graph that reads the action a step ends under
 * and is run once per step. It gives the logarithm of the variance of 0.01, and a table makes of it
 * the growing deviation of the whole one, so that both packages predict the same.
 */
const step: OnnxGraph = {
  name: "step",
  inputs: [
    { name: "state", shape: ["N", 5] },
    { name: "proprio", shape: ["N", 12] },
    { name: "setpoint", shape: ["N", 4] },
  ],
  outputs: [
    { name: "mean", shape: ["N", 8] },
    { name: "logvar", shape: ["N", 8] },
    { name: "state_out", shape: ["N", 5] },
  ],
  initializers: [
    { name: "zero", shape: [1], data: [0n] },
    { name: "four", shape: [1], data: [4n] },
    { name: "axis1", shape: [1], data: [1n] },
    { name: "rate", shape: [1], data: [0.3] },
    { name: "memory", shape: [1], data: [0.05] },
    { name: "step_s", shape: [1], data: [tinyStepS] },
    { name: "none", shape: [1], data: [0] },
    { name: "log_variance", shape: [1], data: [2 * Math.log(0.01)] },
  ],
  nodes: [
    { op: "Slice", inputs: ["proprio", "zero", "four", "axis1"], outputs: ["q"] },
    { op: "Slice", inputs: ["state", "zero", "four", "axis1"], outputs: ["remembered"] },
    { op: "Mul", inputs: ["remembered", "memory"], outputs: ["drift"] },
    { op: "Sub", inputs: ["setpoint", "q"], outputs: ["error"] },
    { op: "Mul", inputs: ["error", "rate"], outputs: ["pull"] },
    { op: "Add", inputs: ["q", "pull"], outputs: ["pulled"] },
    { op: "Add", inputs: ["pulled", "drift"], outputs: ["q_next"] },
    { op: "Sub", inputs: ["q_next", "q"], outputs: ["moved"] },
    { op: "Div", inputs: ["moved", "step_s"], outputs: ["qd"] },
    { op: "Concat", inputs: ["q_next", "qd"], outputs: ["mean"], attributes: { axis: 1 } },
    { op: "Mul", inputs: ["mean", "none"], outputs: ["flat"] },
    { op: "Add", inputs: ["flat", "log_variance"], outputs: ["logvar"] },
    { op: "Identity", inputs: ["state"], outputs: ["state_out"] },
  ],
};

export function repeatContents(change: (manifest: Json) => Json = (json) => json): Contents {
  const others = without(tinyContents(), "manifest.json", "graphs/rollout.onnx");
  const contents: Contents = { ...others, "graphs/step.onnx": onnxModel(step) };
  const { graphs, ...base } = tinyManifest(contents);
  const { observe } = graphs as Json;
  const manifest = {
    ...base,
    files: listFiles(contents),
    graphs: {
      observe,
      step: {
        file: "graphs/step.onnx",
        in: { state: "state:core", proprio: "proprio.cur", setpoint: "action.next" },
        out: {
          mean: "pred.proprio.mean",
          logvar: "pred.proprio.logvar",
          state_out: "state:core",
        },
      },
    },
    programs: {
      observe: [{ run: "observe" }],
      predict: {
        repeat: "horizon",
        run: "step",
        branch_from: "observe",
        actions: "candidate",
        feed: { "proprio.cur": "pred.proprio.mean" },
      },
    },
    uncertainty: {
      kind: "gaussian_logvar",
      outputs: ["pred.proprio.logvar"],
      calibration: {
        method: "temperature_per_horizon",
        scale: { "pred.proprio": Array.from({ length: tinyMaxHorizon }, (_, k) => k + 1) },
      },
    },
  };
  return withManifest(contents, change(manifest));
}
