import type { DeviceDescription } from "../../bridge/contract/device.ts";
import {
  defaultDynamics,
  defaultRanges,
  randomDynamics,
  type DynamicsRanges,
  type MountDynamics,
} from "./mount-dynamics.ts";
import { defaultContactFriction } from "./mount-mjcf.ts";
import { renderLighting } from "./render-materials.ts";
import { perfectCamera, type CameraModel } from "./scene-camera.ts";
import type { SceneGeom } from "./scene-geom.ts";
import { defaultLook, type SceneLook, type Tint } from "./scene-look.ts";
import { logUniform, seededRandom, uniform, type Random } from "../../bridge/core/seeded-random.ts";
import { noSensorNoise, type SensorNoise } from "./sensor-noise.ts";

/** Lowest and highest value; equal = that value. */
type Range = readonly [low: number, high: number];

/**
 * Where `drawDomain` draws from: one world out of the many a model or a controller should cope with.
 * Ratios multiply the defaults, drawn evenly in their logarithm; the rest is drawn evenly. A part that
 * is left out stays at its default.
 */
export interface DomainSpec {
  /** Payload (kg), servo gains, friction, latency (ms), backlash (rad): see `DynamicsRanges`. */
  readonly dynamics?: DynamicsRanges;
  /** Sliding friction of the things on the desk. */
  readonly contactFriction?: Range;
  readonly lighting?: {
    /** Where the light comes from, about +z from +x, and above the horizon, rad. */
    readonly azimuthRad: Range;
    readonly elevationRad: Range;
    readonly directRatio: Range;
    readonly ambientRatio: Range;
    /** Red against blue of the direct light: above 1 is warmer. */
    readonly warmthRatio: Range;
  };
  /** Of each thing on its own. */
  readonly colours?: {
    readonly hueRad: Range;
    readonly saturationRatio: Range;
    readonly brightnessRatio: Range;
  };
  readonly camera?: {
    readonly fovRatio: Range;
    /** Of each direction, as a share of the picture's height. */
    readonly principalOffsetRatio: Range;
    readonly exposureRatio: Range;
    readonly shutterS: Range;
    readonly readNoiseRatio: Range;
    readonly shotNoiseRatio: Range;
  };
  /** Standard deviations of the sensors. */
  readonly sensors?: Readonly<Record<keyof SensorNoise, Range>>;
}

/** One world. Plain data: it goes to `MountSimulator.reset` and `SceneCamera`, and to other threads. */
export interface Domain {
  readonly dynamics: MountDynamics;
  readonly contactFriction: number;
  readonly noise: SensorNoise;
  readonly look: SceneLook;
  readonly camera: CameraModel;
}

/** The world as it is when nobody asks for another. */
export function defaultDomain(device: DeviceDescription): Domain {
  return {
    dynamics: defaultDynamics(device),
    contactFriction: defaultContactFriction,
    noise: noSensorNoise,
    look: defaultLook,
    camera: perfectCamera,
  };
}

/** Everything at once, as far as it stays plausible: what training data is drawn from. */
export const wideDomain: DomainSpec = {
  dynamics: { ...defaultRanges, backlashRad: [0, 0.01] },
  contactFriction: [0.2, 1],
  lighting: {
    azimuthRad: [-Math.PI, Math.PI],
    elevationRad: [0.5, 1.4],
    directRatio: [0.5, 1.3],
    ambientRatio: [0.6, 1.5],
    warmthRatio: [0.8, 1.3],
  },
  colours: { hueRad: [-0.35, 0.35], saturationRatio: [0.6, 1.3], brightnessRatio: [0.7, 1.2] },
  camera: {
    fovRatio: [0.95, 1.05],
    principalOffsetRatio: [-0.02, 0.02],
    exposureRatio: [0.6, 1.6],
    shutterS: [0, 0.02],
    readNoiseRatio: [0, 0.01],
    shotNoiseRatio: [0, 0.02],
  },
  sensors: {
    jointPosRad: [0, 0.002],
    jointVelRadPerS: [0, 0.02],
    jointEffortNm: [0, 0.01],
    gyroRadPerS: [0.001, 0.01],
    accelMPerS2: [0.01, 0.1],
    gyroBiasRadPerS: [0, 0.02],
    accelBiasMPerS2: [0, 0.2],
  },
};

/**
 * Draws a world. Every part has a random stream of its own, so asking for one more part changes
 * nothing of the others.
 *
 * @param geoms whose colours are drawn.
 */
export function drawDomain(
  device: DeviceDescription,
  geoms: readonly SceneGeom[],
  seed: number,
  spec: DomainSpec,
): Domain {
  const base = defaultDomain(device);
  const stream = (part: number): Random => seededRandom(seed ^ Math.imul(part, 0x9e37_79b9));
  const { contactFriction, dynamics, sensors } = spec;
  return {
    dynamics: dynamics === undefined ? base.dynamics : randomDynamics(device, seed, dynamics),
    contactFriction:
      contactFriction === undefined
        ? base.contactFriction
        : logUniform(stream(1), ...contactFriction),
    noise: sensors === undefined ? base.noise : drawNoise(stream(2), sensors),
    look: {
      lighting:
        spec.lighting === undefined ? renderLighting : drawLighting(stream(3), spec.lighting),
      tints: spec.colours === undefined ? {} : drawTints(stream(4), geoms, spec.colours),
    },
    camera: spec.camera === undefined ? base.camera : drawCamera(stream(5), spec.camera),
  };
}

function drawNoise(
  random: Random,
  ranges: Readonly<Record<keyof SensorNoise, Range>>,
): SensorNoise {
  const draw = (field: keyof SensorNoise): number => uniform(random, ...ranges[field]);
  return {
    jointPosRad: draw("jointPosRad"),
    jointVelRadPerS: draw("jointVelRadPerS"),
    jointEffortNm: draw("jointEffortNm"),
    gyroRadPerS: draw("gyroRadPerS"),
    accelMPerS2: draw("accelMPerS2"),
    gyroBiasRadPerS: draw("gyroBiasRadPerS"),
    accelBiasMPerS2: draw("accelBiasMPerS2"),
  };
}

function drawLighting(
  random: Random,
  ranges: NonNullable<DomainSpec["lighting"]>,
): SceneLook["lighting"] {
  const azimuthRad = uniform(random, ...ranges.azimuthRad);
  const elevationRad = uniform(random, ...ranges.elevationRad);
  const directRatio = logUniform(random, ...ranges.directRatio);
  const ambientRatio = logUniform(random, ...ranges.ambientRatio);
  const warmth = Math.sqrt(logUniform(random, ...ranges.warmthRatio));
  const scaled = (rgb: readonly [number, number, number], ratio: number) =>
    [rgb[0] * ratio, rgb[1] * ratio, rgb[2] * ratio] as const;
  const [red, green, blue] = scaled(renderLighting.directColour, directRatio);
  return {
    ...renderLighting,
    direction: [
      Math.cos(elevationRad) * Math.cos(azimuthRad),
      Math.cos(elevationRad) * Math.sin(azimuthRad),
      Math.sin(elevationRad),
    ],
    directColour: [red * warmth, green, blue / warmth],
    ambientUpColour: scaled(renderLighting.ambientUpColour, ambientRatio),
    ambientDownColour: scaled(renderLighting.ambientDownColour, ambientRatio),
  };
}

function drawTints(
  random: Random,
  geoms: readonly SceneGeom[],
  ranges: NonNullable<DomainSpec["colours"]>,
): Readonly<Record<string, Tint>> {
  // One tint for a thing of several geoms, so that a face stays one face.
  const tints = new Map<string, Tint>();
  return Object.fromEntries(
    geoms.map((geom) => {
      const isBody = geom.isTarget || geom.isPushable === true;
      const thing = isBody ? geom.frameId : geom.name;
      const tint = tints.get(thing) ?? {
        hueRad: uniform(random, ...ranges.hueRad),
        saturationRatio: logUniform(random, ...ranges.saturationRatio),
        brightnessRatio: logUniform(random, ...ranges.brightnessRatio),
      };
      tints.set(thing, tint);
      return [geom.name, tint];
    }),
  );
}

function drawCamera(random: Random, ranges: NonNullable<DomainSpec["camera"]>): CameraModel {
  const offset = (): number => uniform(random, ...ranges.principalOffsetRatio);
  return {
    fovRatio: logUniform(random, ...ranges.fovRatio),
    principalOffsetRatio: [offset(), offset()],
    exposureRatio: logUniform(random, ...ranges.exposureRatio),
    shutterS: uniform(random, ...ranges.shutterS),
    readNoiseRatio: uniform(random, ...ranges.readNoiseRatio),
    shotNoiseRatio: uniform(random, ...ranges.shotNoiseRatio),
  };
}
