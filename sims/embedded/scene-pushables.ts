import { bodyGeoms, type PushableBody } from "./scene-bodies.ts";
import { texture } from "./scene-room.ts";

export const ball: PushableBody = {
  name: "ball",
  massKg: 0.06,
  positionM: [0.62, 0.34, 0.035],
  geoms: bodyGeoms("ball", "pushable", [
    { shape: "sphere", sizeM: [0.035, 0, 0], colorRgb: [0.2, 0.62, 0.34] },
  ]),
};

export const mug: PushableBody = {
  name: "mug",
  massKg: 0.25,
  positionM: [0.72, -0.34, 0.048],
  geoms: bodyGeoms("mug", "pushable", [
    { shape: "cylinder", sizeM: [0.038, 0.048, 0], colorRgb: [0.9, 0.88, 0.82] },
    {
      name: "coffee",
      isTouchable: false,
      shape: "cylinder",
      sizeM: [0.033, 0.001, 0],
      colorRgb: [0.2, 0.12, 0.07],
      positionM: [0, 0, 0.0485],
    },
    {
      name: "handle",
      shape: "box",
      sizeM: [0.012, 0.005, 0.024],
      colorRgb: [0.9, 0.88, 0.82],
      positionM: [0.048, 0, 0],
    },
  ]),
};

export const book: PushableBody = {
  name: "book",
  massKg: 0.4,
  positionM: [0.98, 0.12, 0.016],
  geoms: bodyGeoms("book", "pushable", [
    { shape: "box", sizeM: [0.075, 0.105, 0.016], colorRgb: [0.6, 0.16, 0.2] },
    {
      name: "pages",
      isTouchable: false,
      shape: "box",
      sizeM: [0.0755, 0.099, 0.0125],
      colorRgb: [0.93, 0.91, 0.84],
    },
  ]),
};

export const bottle: PushableBody = {
  name: "bottle",
  massKg: 0.3,
  positionM: [1.12, -0.22, 0.075],
  geoms: bodyGeoms("bottle", "pushable", [
    { shape: "cylinder", sizeM: [0.032, 0.075, 0], colorRgb: [0.25, 0.52, 0.42] },
    {
      name: "neck",
      shape: "cylinder",
      sizeM: [0.013, 0.03, 0],
      colorRgb: [0.25, 0.52, 0.42],
      positionM: [0, 0, 0.105],
    },
    {
      name: "cap",
      isTouchable: false,
      shape: "cylinder",
      sizeM: [0.015, 0.009, 0],
      colorRgb: [0.95, 0.95, 0.95],
      positionM: [0, 0, 0.144],
    },
  ]),
};

export const block: PushableBody = {
  name: "block",
  massKg: 0.12,
  positionM: [0.6, -0.08, 0.03],
  geoms: bodyGeoms("block", "pushable", [
    {
      shape: "box",
      sizeM: [0.03, 0.03, 0.03],
      colorRgb: [0.93, 0.6, 0.18],
      texture: texture("checker", [0.98, 0.8, 0.35], 0.03),
    },
  ]),
};

/** Things that look like the targets, smaller and still until pushed. */
export const decoys: readonly PushableBody[] = [
  {
    name: "apple",
    massKg: 0.15,
    positionM: [0.85, 0.5, 0.038],
    geoms: bodyGeoms("apple", "pushable", [
      { shape: "sphere", sizeM: [0.038, 0, 0], colorRgb: [0.78, 0.16, 0.14] },
      {
        name: "stalk",
        isTouchable: false,
        shape: "cylinder",
        sizeM: [0.002, 0.008, 0],
        colorRgb: [0.3, 0.2, 0.1],
        positionM: [0, 0, 0.044],
      },
    ]),
  },
  {
    name: "dice",
    massKg: 0.09,
    positionM: [0.88, -0.52, 0.026],
    geoms: bodyGeoms("dice", "pushable", [
      { shape: "box", sizeM: [0.026, 0.026, 0.026], colorRgb: [0.2, 0.36, 0.74] },
    ]),
  },
  {
    name: "can",
    massKg: 0.2,
    positionM: [1.2, 0.42, 0.055],
    geoms: bodyGeoms("can", "pushable", [
      { shape: "cylinder", sizeM: [0.03, 0.055, 0], colorRgb: [0.86, 0.7, 0.2] },
    ]),
  },
];
