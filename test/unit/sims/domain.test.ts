import { describe, expect, it } from "vitest";
import {
  defaultDomain,
  drawDomain,
  wideDomain,
  type DomainSpec,
} from "../../../sims/embedded/domain.ts";
import { sceneGeoms } from "../../../sims/embedded/scene.ts";
import { sceneLayout } from "../../../sims/embedded/scene-layout.ts";
import { defaultLook, tintGeoms } from "../../../sims/embedded/scene-look.ts";
import { phoneMount } from "./phone-mount.ts";

const geoms = sceneGeoms(phoneMount, sceneLayout("face"));
const draw = (seed: number, spec: DomainSpec) => drawDomain(phoneMount, geoms, seed, spec);
const seeds = Array.from({ length: 50 }, (_, seed) => seed);

describe("drawDomain", () => {
  it("is the default world when nothing is asked for", () => {
    expect(draw(3, {})).toEqual(defaultDomain(phoneMount));
  });

  it("follows from the seed", () => {
    expect(draw(3, wideDomain)).toEqual(draw(3, wideDomain));
    expect(draw(3, wideDomain)).not.toEqual(draw(4, wideDomain));
  });

  it("draws every part the same whatever else is drawn", () => {
    const all = draw(3, wideDomain);
    const { camera, lighting, colours, sensors, dynamics } = wideDomain;
    expect(draw(3, { camera: camera! }).camera).toEqual(all.camera);
    expect(draw(3, { sensors: sensors! }).noise).toEqual(all.noise);
    expect(draw(3, { dynamics: dynamics! }).dynamics).toEqual(all.dynamics);
    expect(draw(3, { lighting: lighting! }).look.lighting).toEqual(all.look.lighting);
    expect(draw(3, { colours: colours! }).look.tints).toEqual(all.look.tints);
  });

  it("stays within its ranges and uses them", () => {
    const camera = wideDomain.camera!;
    for (const field of ["fovRatio", "exposureRatio", "shutterS", "readNoiseRatio"] as const) {
      const [low, high] = camera[field];
      const values = seeds.map((seed) => draw(seed, wideDomain).camera[field]);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...values)).toBeLessThanOrEqual(high);
      expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.6 * (high - low));
    }
    for (const seed of seeds) {
      const { dynamics, contactFriction } = draw(seed, wideDomain);
      expect(contactFriction).toBeGreaterThanOrEqual(0.2);
      for (const { backlashRad } of dynamics.axes) expect(backlashRad).toBeLessThanOrEqual(0.01);
    }
  });

  it("does not change other dynamics when there is play", () => {
    const { dynamics } = wideDomain;
    const without = draw(6, { dynamics: { ...dynamics!, backlashRad: [0, 0] } }).dynamics;
    const withPlay = draw(6, { dynamics: dynamics! }).dynamics;
    expect(withPlay.axes.map((axis) => ({ ...axis, backlashRad: 0 }))).toEqual(without.axes);
  });

  it("gives all geoms of one thing the same tint", () => {
    const { tints } = draw(8, wideDomain).look;
    const face = geoms.filter((geom) => geom.frameId === "target_face");
    expect(face.length).toBeGreaterThan(5);
    for (const { name } of face) expect(tints[name]).toBe(tints["target_face"]);
    expect(tints["desk"]).not.toEqual(tints["floor"]);
  });
});

describe("tintGeoms", () => {
  const one = (tint: { hueRad: number; saturationRatio: number; brightnessRatio: number }) => {
    const look = { ...defaultLook, tints: { floor: tint } };
    return tintGeoms(geoms, look).find(({ name }) => name === "floor")!;
  };
  const still = { hueRad: 0, saturationRatio: 1, brightnessRatio: 1 };
  const floor = geoms.find(({ name }) => name === "floor")!;

  it("leaves geoms without a tint alone, and colours under one that changes nothing", () => {
    expect(tintGeoms(geoms, defaultLook)).toEqual(geoms);
    one(still).colorRgb.forEach((value, i) => {
      expect(value).toBeCloseTo(floor.colorRgb[i]!, 12);
    });
  });

  it("makes grey of no saturation, dark of half the brightness, and turns red to green", () => {
    const [red, green, blue] = one({ ...still, saturationRatio: 0 }).colorRgb;
    expect(red).toBeCloseTo(green, 12);
    expect(green).toBeCloseTo(blue, 12);
    one({ ...still, brightnessRatio: 0.5 }).texture!.otherRgb.forEach((value, i) => {
      expect(value).toBeCloseTo(floor.texture!.otherRgb[i]! / 2, 12);
    });
    const turned = one({ ...still, hueRad: (2 * Math.PI) / 3 }).colorRgb;
    const [r, g, b] = floor.colorRgb;
    [b, r, g].forEach((value, i) => {
      expect(turned[i]).toBeCloseTo(value, 12);
    });
  });
});
