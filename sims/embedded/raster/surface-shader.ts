/* eslint-disable @typescript-eslint/no-non-null-assertion -- tables indexed by surface and geom numbers
   that `buildSceneMesh` gave out */
import type { Lighting, RasterGeom, RasterSetup } from "./raster-scene.ts";
import { poseWidth } from "./raster-scene.ts";
import type { SceneMesh } from "./scene-mesh.ts";
import type { ShadowMap } from "./shadow-map.ts";
import {
  checkerRatio,
  plasterTexture,
  tilesRatio,
  woodTexture,
  type BakedTexture,
  type TextureKind,
} from "./textures.ts";
import { linearFromSrgb } from "./tone-curve.ts";

/** Numbers per geom in the material table. */
const materialWidth = 12;

/**
 * The colour of a surface at a point: texture, one directional light with soft shadow and highlight,
 * light from the surroundings, and the darkening where a body stands close by.
 *
 * Nothing is interpolated over triangles. Normal and texture coordinates come from the point itself in
 * the frame of its geom, so perspective is right by construction and curved bodies shade smoothly.
 */
export class SurfaceShader {
  /** Result of `shade` and `background`: linear light. */
  readonly colour = new Float64Array(3);
  readonly #lighting: Lighting;
  readonly #shadow: ShadowMap | undefined;
  readonly #geomOfSurface: Uint16Array;
  readonly #kindOfSurface: Uint8Array;
  readonly #localNormals: Float64Array;
  readonly #worldNormals: Float64Array;
  /** [geom] colour (3), second colour (3), 1 / texture period, specular, shininess, half length, glow. */
  readonly #materials: Float64Array;
  readonly #textures: readonly TextureKind[];
  readonly #occluders: Occluders;
  readonly #wood: BakedTexture | undefined;
  readonly #plaster: BakedTexture | undefined;
  readonly #toLight: Float64Array;
  readonly #focalPx: number;
  readonly #normal = new Float64Array(3);
  #poses = new Float64Array(0);
  #camera = new Float64Array(poseWidth);

  constructor(setup: RasterSetup, scene: SceneMesh, shadow: ShadowMap | undefined) {
    const { geoms, lighting } = setup;
    this.#lighting = lighting;
    this.#shadow = shadow;
    this.#geomOfSurface = Uint16Array.from(scene.surfaces, (surface) => surface?.geomIndex ?? 0);
    this.#kindOfSurface = Uint8Array.from(scene.surfaces, (surface) =>
      surface === undefined ? 0 : kindNumber[surface.kind],
    );
    this.#localNormals = Float64Array.from(
      scene.surfaces.flatMap((surface) => [...(surface?.normal ?? [0, 0, 0])]),
    );
    this.#worldNormals = new Float64Array(this.#localNormals.length);
    this.#materials = materialTable(geoms);
    this.#textures = geoms.map((geom) => geom.material.texture);
    this.#occluders = findOccluders(geoms);
    this.#wood = this.#textures.includes("wood") ? (wood ??= woodTexture()) : undefined;
    this.#plaster = this.#textures.includes("plaster") ? (plaster ??= plasterTexture()) : undefined;
    const length = Math.hypot(...lighting.direction);
    const [x, y, z] = lighting.direction;
    this.#toLight = Float64Array.of(x / length, y / length, z / length);
    this.#focalPx = setup.heightPx / (2 * Math.tan(setup.verticalFovRad / 2));
  }

  /** Takes the poses to shade with until the next call. `camera` is one pose. // hot path */
  beginFrame(poses: Float64Array<ArrayBuffer>, camera: Float64Array<ArrayBuffer>): void {
    this.#poses = poses;
    this.#camera = camera;
    const local = this.#localNormals;
    const world = this.#worldNormals;
    for (let surface = 0; surface * 3 < local.length; surface += 1) {
      const at = surface * 3;
      const pose = this.#geomOfSurface[surface]! * poseWidth + 3;
      for (let row = 0; row < 3; row += 1) {
        world[at + row] =
          poses[pose + row * 3]! * local[at]! +
          poses[pose + row * 3 + 1]! * local[at + 1]! +
          poses[pose + row * 3 + 2]! * local[at + 2]!;
      }
    }
  }

  /** The surroundings in a world direction of any length, into `colour`. // hot path */
  background(x: number, y: number, z: number): void {
    const { horizonColour, zenithColour } = this.#lighting;
    const up = Math.max(0, z / Math.sqrt(x * x + y * y + z * z));
    const mix = Math.sqrt(up);
    for (let i = 0; i < 3; i += 1) {
      this.colour[i] = horizonColour[i]! + (zenithColour[i]! - horizonColour[i]!) * mix;
    }
  }

  /** The light a surface sends from world point x, y, z to the camera, into `colour`. // hot path */
  shade(surface: number, x: number, y: number, z: number): void {
    const geom = this.#geomOfSurface[surface]!;
    this.#findNormal(surface, geom, x, y, z);
    const nx = this.#normal[0]!;
    const ny = this.#normal[1]!;
    const nz = this.#normal[2]!;
    const materials = this.#materials;
    const material = geom * materialWidth;
    const mix = this.#textureRatio(surface, geom, x, y, z);

    const toLight = this.#toLight;
    const facing = nx * toLight[0]! + ny * toLight[1]! + nz * toLight[2]!;
    let direct = 0;
    let highlight = 0;
    if (facing > 0) {
      const offset = this.#shadow?.normalOffsetM ?? 0;
      const lit = this.#shadow?.litRatio(x + nx * offset, y + ny * offset, z + nz * offset) ?? 1;
      direct = facing * lit;
      const specular = materials[material + 7]!;
      if (specular > 0 && lit > 0) {
        highlight = lit * specular * this.#highlight(x, y, z, materials[material + 8]!);
      }
    }
    const open = this.#openRatio(geom, x, y, z);
    const up = 0.5 + 0.5 * nz;
    const glow = materials[material + 10]!;
    const { directColour, ambientUpColour, ambientDownColour } = this.#lighting;
    for (let i = 0; i < 3; i += 1) {
      const first = materials[material + i]!;
      const albedo = first + (materials[material + 3 + i]! - first) * mix;
      const ambient = ambientDownColour[i]! + (ambientUpColour[i]! - ambientDownColour[i]!) * up;
      this.colour[i] =
        albedo * (directColour[i]! * direct + ambient * open + glow) + directColour[i]! * highlight;
    }
  }

  #findNormal(surface: number, geom: number, x: number, y: number, z: number): void {
    const kind = this.#kindOfSurface[surface]!;
    const normal = this.#normal;
    if (kind === kindNumber.flat) {
      normal[0] = this.#worldNormals[surface * 3]!;
      normal[1] = this.#worldNormals[surface * 3 + 1]!;
      normal[2] = this.#worldNormals[surface * 3 + 2]!;
      return;
    }
    const poses = this.#poses;
    const pose = geom * poseWidth;
    let dx = x - poses[pose]!;
    let dy = y - poses[pose + 1]!;
    let dz = z - poses[pose + 2]!;
    if (kind !== kindNumber.sphere) {
      // Away from the nearest point of the axis; a capsule's axis ends inside its caps.
      const ax = poses[pose + 5]!;
      const ay = poses[pose + 8]!;
      const az = poses[pose + 11]!;
      let along = dx * ax + dy * ay + dz * az;
      if (kind === kindNumber.capsule) {
        const half = this.#materials[geom * materialWidth + 9]!;
        along = Math.max(-half, Math.min(half, along));
      }
      dx -= ax * along;
      dy -= ay * along;
      dz -= az * along;
    }
    const scale = 1 / Math.sqrt(dx * dx + dy * dy + dz * dz);
    normal[0] = dx * scale;
    normal[1] = dy * scale;
    normal[2] = dz * scale;
  }

  /** Blinn-Phong. */
  #highlight(x: number, y: number, z: number, shininess: number): number {
    const toLight = this.#toLight;
    let vx = this.#camera[0]! - x;
    let vy = this.#camera[1]! - y;
    let vz = this.#camera[2]! - z;
    const scale = 1 / Math.sqrt(vx * vx + vy * vy + vz * vz);
    vx = vx * scale + toLight[0]!;
    vy = vy * scale + toLight[1]!;
    vz = vz * scale + toLight[2]!;
    const normal = this.#normal;
    const along = vx * normal[0]! + vy * normal[1]! + vz * normal[2]!;
    if (along <= 0) return 0;
    return Math.pow(along / Math.sqrt(vx * vx + vy * vy + vz * vz), shininess);
  }

  /** Share of the second colour. Textures lie on flat faces, in the two local axes across the normal. */
  #textureRatio(surface: number, geom: number, x: number, y: number, z: number): number {
    const texture = this.#textures[geom]!;
    if (texture === "solid" || this.#kindOfSurface[surface]! !== kindNumber.flat) return 0;
    const perPeriod = this.#materials[geom * materialWidth + 6]!;
    const local = this.#localNormals;
    const alongX = Math.abs(local[surface * 3]!) > 0.5;
    const alongY = Math.abs(local[surface * 3 + 1]!) > 0.5;
    const axisU = alongX ? 1 : 0;
    const axisV = alongX || alongY ? 2 : 1;
    const u = this.#localCoordinate(geom, axisU, x, y, z) * perPeriod;
    const v = this.#localCoordinate(geom, axisV, x, y, z) * perPeriod;
    const footprintU = this.#footprintM(geom, axisU, x, y, z) * perPeriod;
    const footprintV = this.#footprintM(geom, axisV, x, y, z) * perPeriod;
    if (texture === "checker") return checkerRatio(u, v, footprintU, footprintV);
    if (texture === "tiles") return tilesRatio(u, v, footprintU, footprintV);
    const baked = texture === "wood" ? this.#wood : this.#plaster;
    return baked?.sample(u, v, 0.5 * (footprintU + footprintV)) ?? 0;
  }

  #localCoordinate(geom: number, axis: number, x: number, y: number, z: number): number {
    const poses = this.#poses;
    const pose = geom * poseWidth;
    return (
      (x - poses[pose]!) * poses[pose + 3 + axis]! +
      (y - poses[pose + 1]!) * poses[pose + 6 + axis]! +
      (z - poses[pose + 2]!) * poses[pose + 9 + axis]!
    );
  }

  /**
   * Length along a local axis that one pixel covers on the plane through x, y, z: how far the point
   * moves when the view ray moves to the next pixel right and down. // hot path
   */
  #footprintM(geom: number, axis: number, x: number, y: number, z: number): number {
    const camera = this.#camera;
    const normal = this.#normal;
    const pose = geom * poseWidth + 3 + axis;
    const ux = this.#poses[pose]!;
    const uy = this.#poses[pose + 3]!;
    const uz = this.#poses[pose + 6]!;
    const rx = x - camera[0]!;
    const ry = y - camera[1]!;
    const rz = z - camera[2]!;
    const rayNormal = rx * normal[0]! + ry * normal[1]! + rz * normal[2]!;
    const rayAxis = rx * ux + ry * uy + rz * uz;
    const depth = rx * camera[5]! + ry * camera[8]! + rz * camera[11]!;
    let sum = 0;
    for (let column = 3; column < 5; column += 1) {
      const sx = camera[column]!;
      const sy = camera[column + 3]!;
      const sz = camera[column + 6]!;
      const stepNormal = sx * normal[0]! + sy * normal[1]! + sz * normal[2]!;
      sum += Math.abs(sx * ux + sy * uy + sz * uz - (rayAxis * stepNormal) / rayNormal);
    }
    return (sum * Math.abs(depth)) / this.#focalPx;
  }

  /**
   * Share of the surroundings a point sees past small bodies, each taken as a sphere of its size: the
   * light a sphere of radius r at distance d takes from a surface is cos(angle) (r / d)^2. // hot path
   */
  #openRatio(geom: number, x: number, y: number, z: number): number {
    const poses = this.#poses;
    const normal = this.#normal;
    let open = 1;
    const { geoms, radiiM2 } = this.#occluders;
    for (let i = 0; i < geoms.length; i += 1) {
      const occluder = geoms[i]!;
      if (occluder === geom) continue;
      const radiusM2 = radiiM2[i]!;
      const pose = occluder * poseWidth;
      const dx = poses[pose]! - x;
      const dy = poses[pose + 1]! - y;
      const dz = poses[pose + 2]! - z;
      const square = dx * dx + dy * dy + dz * dz;
      // Beyond ten radii it takes less than 1 %.
      if (square > radiusM2 * 100) continue;
      const along = dx * normal[0]! + dy * normal[1]! + dz * normal[2]!;
      if (along <= 0) continue;
      const ratio = Math.min(1, radiusM2 / square);
      open *= 1 - Math.min(0.85, (ratio * along) / Math.sqrt(square));
    }
    return open;
  }
}

/** Always the same pictures: baked once for all rasterisers of the thread (10 ms each). */
let wood: BakedTexture | undefined;
let plaster: BakedTexture | undefined;

const kindNumber = { flat: 1, sphere: 2, capsule: 3, "cylinder-side": 4 } as const;

/** [occluder] */
interface Occluders {
  readonly geoms: Int32Array;
  readonly radiiM2: Float64Array;
}

/** Bodies small and compact enough to stand for a sphere. */
function findOccluders(geoms: readonly RasterGeom[]): Occluders {
  const largestM = 0.2;
  const found = geoms.flatMap((geom, geomIndex) => {
    if (!geom.castsShadow || geom.shape === "plane") return [];
    const [a, b, c] = geom.sizeM;
    const half = geom.shape === "box" ? [a, b, c] : geom.shape === "sphere" ? [a] : [a, b];
    const radiusM = half.reduce((product, side) => product * side, 1) ** (1 / half.length);
    const isCompact = Math.max(...half) < 2.5 * Math.min(...half);
    return isCompact && radiusM < largestM ? [{ geomIndex, radiusM2: radiusM ** 2 }] : [];
  });
  return {
    geoms: Int32Array.from(found, ({ geomIndex }) => geomIndex),
    radiiM2: Float64Array.from(found, ({ radiusM2 }) => radiusM2),
  };
}

function materialTable(geoms: readonly RasterGeom[]): Float64Array {
  const table = new Float64Array(geoms.length * materialWidth);
  geoms.forEach(({ material, sizeM }, geom) => {
    const second = material.secondColour ?? material.colour;
    table.set(
      [
        ...material.colour.map(linearFromSrgb),
        ...second.map(linearFromSrgb),
        1 / (material.texturePeriodM ?? 1),
        material.specularRatio,
        material.shininess,
        sizeM[1],
        material.glowRatio ?? 0,
      ],
      geom * materialWidth,
    );
  });
  return table;
}
