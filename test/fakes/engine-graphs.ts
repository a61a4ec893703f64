import type { OnnxGraph } from "./onnx-writer.ts";

/** `y = x + 1` over `[N, width]`: a state that counts. */
export const countingGraph = (width: number): OnnxGraph => ({
  name: "counting",
  inputs: [{ name: "x", shape: ["N", width] }],
  outputs: [{ name: "y", shape: ["N", width] }],
  initializers: [{ name: "one", shape: [1], data: [1] }],
  nodes: [{ op: "Add", inputs: ["x", "one"], outputs: ["y"] }],
});

/** `y = x + w`, whose weights of eight floats stand in `weights.bin`. */
export const externalWeights = {
  name: "w",
  shape: [8],
  data: [1, 2, 3, 4, 5, 6, 7, 8],
  externalFile: "weights.bin",
} as const;
export const externalGraph: OnnxGraph = {
  name: "external",
  inputs: [{ name: "x", shape: [8] }],
  outputs: [{ name: "y", shape: [8] }],
  initializers: [externalWeights],
  nodes: [{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }],
};

/** Passes one tensor of an element type through. */
export const passGraph = (elementType: number): OnnxGraph => ({
  name: "pass",
  inputs: [{ name: "x", shape: ["N"], elementType }],
  outputs: [{ name: "y", shape: ["N"], elementType }],
  nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
});

/** Casts one tensor from an element type to another. */
export const castGraph = (from: number, to: number): OnnxGraph => ({
  name: "cast",
  inputs: [{ name: "x", shape: ["N"], elementType: from }],
  outputs: [{ name: "y", shape: ["N"], elementType: to }],
  nodes: [{ op: "Cast", inputs: ["x"], outputs: ["y"], attributes: { to } }],
});

/** Multiplies `[64, 64]` by itself `turns` times: 10^5 turns take seconds, and every one can be stopped. */
export const longGraph: OnnxGraph = {
  name: "long",
  inputs: [
    { name: "turns", shape: [], elementType: 7 },
    { name: "x", shape: [64, 64] },
  ],
  outputs: [{ name: "y", shape: [64, 64] }],
  nodes: [
    {
      op: "Loop",
      inputs: ["turns", "", "x"],
      outputs: ["y"],
      attributes: {
        body: {
          name: "turn",
          inputs: [
            { name: "turn", shape: [], elementType: 7 },
            { name: "again_in", shape: [], elementType: 9 },
            { name: "m", shape: [64, 64] },
          ],
          outputs: [
            { name: "again", shape: [], elementType: 9 },
            { name: "next", shape: [64, 64] },
          ],
          nodes: [
            { op: "Identity", inputs: ["again_in"], outputs: ["again"] },
            { op: "MatMul", inputs: ["m", "m"], outputs: ["product"] },
            { op: "Tanh", inputs: ["product"], outputs: ["next"] },
          ],
        },
      },
    },
  ],
};
