import type { SceneGeom } from "./scene-geom.ts";
import { fixture, texture } from "./scene-room.ts";

/** Along the body's own x. */
const alongX = [0, Math.SQRT1_2, 0, Math.SQRT1_2] as const;

/** A plant, a monitor and a lamp: in the way of the view, not to be moved. */
export const clutter: readonly SceneGeom[] = [
  fixture({
    name: "plant_pot",
    shape: "cylinder",
    sizeM: [0.06, 0.055, 0],
    colorRgb: [0.68, 0.36, 0.24],
    positionM: [1.3, 0.66, 0.055],
  }),
  ...[
    [1.3, 0.66, 0.21, 0.075],
    [1.25, 0.6, 0.18, 0.05],
    [1.34, 0.72, 0.17, 0.05],
    [1.28, 0.72, 0.26, 0.045],
  ].map(([x = 0, y = 0, z = 0, radiusM = 0], index) =>
    fixture({
      name: `plant_leaf_${index}`,
      shape: "sphere",
      sizeM: [radiusM, 0, 0],
      colorRgb: [0.2, 0.42 + 0.04 * index, 0.2],
      finish: "matt",
      positionM: [x, y, z],
    }),
  ),
  fixture({
    name: "monitor_foot",
    sizeM: [0.08, 0.11, 0.006],
    colorRgb: [0.15, 0.15, 0.17],
    positionM: [1.36, -0.42, 0.006],
  }),
  fixture({
    name: "monitor_post",
    shape: "cylinder",
    sizeM: [0.015, 0.09, 0],
    colorRgb: [0.15, 0.15, 0.17],
    positionM: [1.38, -0.42, 0.1],
  }),
  fixture({
    name: "monitor",
    sizeM: [0.012, 0.26, 0.155],
    colorRgb: [0.1, 0.1, 0.12],
    positionM: [1.36, -0.42, 0.31],
  }),
  fixture({
    name: "monitor_screen",
    sizeM: [0.002, 0.245, 0.14],
    colorRgb: [0.22, 0.4, 0.62],
    texture: texture("checker", [0.28, 0.5, 0.72], 0.07),
    glowRatio: 0.7,
    finish: "glossy",
    positionM: [1.347, -0.42, 0.31],
  }),
  fixture({
    name: "lamp_foot",
    shape: "cylinder",
    sizeM: [0.06, 0.01, 0],
    colorRgb: [0.75, 0.75, 0.78],
    positionM: [0.72, 0.66, 0.01],
  }),
  fixture({
    name: "lamp_post",
    shape: "cylinder",
    sizeM: [0.008, 0.2, 0],
    colorRgb: [0.75, 0.75, 0.78],
    positionM: [0.72, 0.66, 0.22],
  }),
  fixture({
    name: "lamp_shade",
    shape: "cylinder",
    sizeM: [0.065, 0.05, 0],
    colorRgb: [0.95, 0.86, 0.62],
    glowRatio: 0.5,
    finish: "matt",
    positionM: [0.72, 0.66, 0.45],
  }),
  fixture({
    name: "pad",
    sizeM: [0.12, 0.09, 0.003],
    colorRgb: [0.94, 0.94, 0.9],
    texture: texture("tiles", [0.6, 0.68, 0.8], 0.02),
    finish: "matt",
    positionM: [0.5, 0.1, 0.003],
  }),
  fixture({
    name: "pencil",
    shape: "cylinder",
    sizeM: [0.004, 0.08, 0],
    colorRgb: [0.9, 0.66, 0.12],
    rotationXyzw: alongX,
    positionM: [0.5, 0.14, 0.01],
  }),
];
