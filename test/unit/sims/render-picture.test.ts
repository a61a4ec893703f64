import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Xyzw } from "../../../bridge/core/kinematics.ts";
import { xyzwFromAxisAngle } from "../../../bridge/core/kinematics.ts";
import type { RasterGeom } from "../../../sims/embedded/raster/raster-scene.ts";
import { Rasterizer } from "../../../sims/embedded/raster/rasterizer.ts";
import { posesOfSnapshot, renderSetup } from "../../../sims/embedded/render-scene.ts";
import { makeSceneAt, poseSnapshotWidth, writeScenePoses } from "../../../sims/embedded/scene.ts";
import { phoneMount } from "./phone-mount.ts";
import { evenLighting, matt, RenderRig, type RigGeom } from "./render-rig.ts";

/** Looks straight down; the top of the picture is +x. */
const down: Xyzw = [Math.SQRT1_2, -Math.SQRT1_2, 0, 0];

describe("shadow", () => {
  const table: RigGeom = { shape: "plane", sizeM: [2, 2, 0], positionM: [0, 0, 0] };
  const block: RigGeom = { shape: "box", sizeM: [0.1, 0.1, 0.02], positionM: [0, 0, 0.3] };
  const lighting = {
    ...evenLighting,
    direction: [1, 0, 1],
    directColour: [2, 2, 2],
    ambientUpColour: [0.3, 0.3, 0.3],
  } as const;
  const shadow = { centreM: [0, 0, 0], radiusM: 1, sizePx: 512 } as const;

  /** Brightness of the table at x, y = 0, seen from 2 m above. */
  function brightness(castsShadow: boolean, xM: number): number {
    const rig = new RenderRig(
      [
        { ...table, castsShadow: false },
        { ...block, castsShadow },
      ],
      {
        lighting,
        shadow,
      },
    );
    return rig.render([0, 0, 2], down)[rig.pixelOf([0, -xM, 2]) * 3]!;
  }

  // The light falls at 45 degrees, so the block 0.3 m up shades the table 0.3 m beside it.
  it("lies where the light cannot reach, and darkens", () => {
    expect(brightness(true, -0.3)).toBeLessThan(0.7 * brightness(false, -0.3));
  });

  it.each([0.3, -0.5, 0.6])("leaves the table at x = %d m alone", (xM) => {
    // A little less light from around reaches what is near the block.
    expect(Math.abs(brightness(true, xM) - brightness(false, xM))).toBeLessThanOrEqual(8);
  });

  it("has an edge that is neither hard nor wide", () => {
    const rig = new RenderRig([{ ...table, castsShadow: false }, block], { lighting, shadow });
    const rgb = rig.render([-0.3, 0, 0.4], down);
    const dark = rgb[rig.pixelOf([0, 0, 0.4]) * 3]!;
    const lit = rgb[rig.pixelOf([0, 0.17, 0.4]) * 3]!;
    const column = rig.widthPx / 2;
    const between = Array.from(
      { length: rig.heightPx / 2 },
      (_, y) => rgb[((y + 60) * 160 + column) * 3]!,
    ).filter((level) => level > dark + 10 && level < lit - 10);
    // Three texels of 4 mm, at 310 pixels per metre.
    expect(between.length).toBeGreaterThanOrEqual(2);
    expect(between.length).toBeLessThanOrEqual(6);
  });

  it("does not fall on the lit side of what casts it", () => {
    const ball: RigGeom = { shape: "sphere", sizeM: [0.3, 0, 0], positionM: [0, 0, 0] };
    const material = { ...matt, colour: [0.5, 0.5, 0.5] } as const;
    const [shaded, plain] = [shadow, undefined].map((region) => {
      const rig = new RenderRig([{ ...ball, material }], {
        lighting: { ...lighting, direction: [0, 0, 1] },
        ...(region === undefined ? {} : { shadow: region }),
      });
      return rig.render([0, 0, 2], down).slice();
    });
    const worst = shaded!.reduce((most, level, i) => Math.max(most, plain![i]! - level), 0);
    // Only the rim, where the light grazes, may differ.
    expect(worst).toBeLessThanOrEqual(12);
  });
});

describe("anti-aliasing", () => {
  const wall: RigGeom = {
    shape: "box",
    sizeM: [0.01, 1, 1],
    positionM: [2, 0, -1],
    rotationXyzw: xyzwFromAxisAngle([1, 0, 0], 0.13),
  };
  const levels = (samplesPerPixel: 1 | 4): number[] => {
    const rgb = new RenderRig([wall], { samplesPerPixel }).render();
    const found = new Set(rgb.filter((_, i) => i % 3 === 0));
    return Array.from(found).sort((a, b) => a - b);
  };

  it("gives an edge three shades between its two colours, without it none", () => {
    const hard = levels(1);
    const soft = levels(4);
    expect(hard).toHaveLength(2);
    expect(soft).toHaveLength(5);
    expect([soft[0], soft[4]]).toEqual(hard);
  });

  it("averages light, not bytes: half of a bright surface is more than half as bright on screen", () => {
    const [darkest = 0, , half = 0, , brightest = 0] = levels(4);
    expect(half).toBeGreaterThan(1.2 * ((darkest + brightest) / 2));
  });
});

describe("the picture of the scene", () => {
  const scene = makeSceneAt(phoneMount, 3);
  const size = { widthPx: 160, heightPx: 120 };
  const setup = renderSetup({ device: phoneMount, geoms: scene.geoms, ...size });
  const row = new Float64Array(poseSnapshotWidth(scene.geoms.length));
  const views = posesOfSnapshot(row);

  function draw(rasterizer: Rasterizer, posRad: readonly number[], timeS = 1): Uint8Array {
    writeScenePoses(scene, posRad, timeS, row);
    rasterizer.render(views.geoms, views.camera);
    return rasterizer.rgbBorrowed;
  }
  const hash = (rgb: Uint8Array): string => createHash("sha256").update(rgb).digest("hex");

  it("depends on the poses alone: not on the rasteriser, nor on what it drew before", () => {
    const one = new Rasterizer(setup);
    const first = hash(draw(one, phoneMount.homeRad));
    expect(hash(draw(one, [2.1, 0.5, 0.2, -0.3], 7))).not.toBe(first);
    expect(hash(draw(one, phoneMount.homeRad))).toBe(first);
    expect(hash(draw(new Rasterizer(setup), phoneMount.homeRad))).toBe(first);
  });

  it("shows desk, wall and targets from home, each where the scene's order says", () => {
    const rasterizer = new Rasterizer(setup);
    draw(rasterizer, phoneMount.homeRad);
    const segmentation = new Uint16Array(size.widthPx * size.heightPx);
    rasterizer.readSegmentation(segmentation);
    const share = (name: string): number => {
      const index = scene.geoms.findIndex((geom) => geom.name === name);
      return segmentation.filter((geom) => geom === index + 1).length / segmentation.length;
    };
    expect(share("desk")).toBeGreaterThan(0.1);
    expect(share("wall_front")).toBeGreaterThan(0.1);
    expect(share("wall_back")).toBe(0);
    const targets = scene.geoms.filter((geom) => geom.isTarget).map(({ name }) => share(name));
    expect(targets.filter((ratio) => ratio > 0.001).length).toBeGreaterThanOrEqual(2);
  });

  it.each([
    ["home", phoneMount.homeRad],
    ["stowed", [0, 0, 0, 0]],
    ["turned to every stop", [2.1, 3.14, -0.79, 1.05]],
  ])("leaves out the camera's own body: %s", (_, posRad) => {
    expect(bodyPixels(setup.geoms, posRad)).toBe(0);
    const all = setup.geoms.map((geom) => ({ ...geom, isSeenByCamera: true }));
    expect(bodyPixels(all, posRad)).toBeGreaterThan(0);
  });

  function bodyPixels(geoms: readonly RasterGeom[], posRad: readonly number[]): number {
    const rasterizer = new Rasterizer({ ...setup, geoms });
    writeScenePoses(scene, posRad, 1, row);
    // From 0.1 m behind the lens, where it can be seen if it is there.
    const camera = views.camera.slice();
    for (const axis of [0, 1, 2]) camera[axis]! -= 0.1 * camera[3 + axis * 3 + 2]!;
    rasterizer.render(views.geoms, camera);
    const segmentation = new Uint16Array(size.widthPx * size.heightPx);
    rasterizer.readSegmentation(segmentation);
    return segmentation.filter((geom) => scene.geoms[geom - 1]?.isPartOfCameraBody).length;
  }
});
