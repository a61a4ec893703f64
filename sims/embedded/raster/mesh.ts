/** Shapes the rasteriser draws, with MuJoCo's meaning of `sizeM` and the shape's z axis as its own axis. */
export type ShapeKind = "box" | "sphere" | "capsule" | "cylinder" | "plane";

/** Where the normal of a surface comes from: one value for a flat one, the position on a curved one. */
export type SurfaceKind = "flat" | "sphere" | "capsule" | "cylinder-side";

export interface MeshSurface {
  readonly kind: SurfaceKind;
  /** Outward normal in the frame of the geom; of meaning on flat surfaces only. */
  readonly normal: readonly [number, number, number];
}

/** A closed convex shape (or a single-sided plane) in its own frame. */
export interface Mesh {
  /** m, [vertex][xyz] */
  readonly positions: Float64Array;
  /** [triangle][corner], counter-clockwise seen from outside. */
  readonly indices: Uint16Array;
  /** [triangle] index into `surfaces`. */
  readonly triangleSurface: Uint8Array;
  readonly surfaces: readonly MeshSurface[];
}

const segmentCount = 40;
const ringCount = 20;
/** Chords lie inside a circle; this brings the silhouette's mean back to the radius. */
const roundness = 1 / (0.5 + 0.5 * Math.cos(Math.PI / segmentCount));

/**
 * Tessellates one shape.
 *
 * @param sizeM box: half extents; sphere: radius; capsule and cylinder: radius, half length;
 *   plane: half extents in x and y, facing +z.
 */
export function tessellate(shape: ShapeKind, sizeM: readonly [number, number, number]): Mesh {
  const [a, b, c] = sizeM;
  switch (shape) {
    case "box":
      return boxMesh(a, b, c);
    case "plane":
      return planeMesh(a, b);
    case "sphere":
      return roundMesh(a, 0, "sphere");
    case "capsule":
      return roundMesh(a, b, "capsule");
    case "cylinder":
      return cylinderMesh(a, b);
    default:
      return shape satisfies never;
  }
}

class MeshBuilder {
  readonly #positions: number[] = [];
  readonly #indices: number[] = [];
  readonly #triangleSurface: number[] = [];
  readonly #surfaces: MeshSurface[] = [];

  surface(kind: SurfaceKind, normal: readonly [number, number, number] = [0, 0, 0]): number {
    return this.#surfaces.push({ kind, normal }) - 1;
  }

  vertex(x: number, y: number, z: number): number {
    return this.#positions.push(x, y, z) / 3 - 1;
  }

  triangle(surface: number, first: number, second: number, third: number): void {
    this.#indices.push(first, second, third);
    this.#triangleSurface.push(surface);
  }

  quad(surface: number, corners: readonly [number, number, number, number]): void {
    this.triangle(surface, corners[0], corners[1], corners[2]);
    this.triangle(surface, corners[0], corners[2], corners[3]);
  }

  build(): Mesh {
    return {
      positions: Float64Array.from(this.#positions),
      indices: Uint16Array.from(this.#indices),
      triangleSurface: Uint8Array.from(this.#triangleSurface),
      surfaces: this.#surfaces,
    };
  }
}

function planeMesh(halfX: number, halfY: number): Mesh {
  const mesh = new MeshBuilder();
  const corners = [
    mesh.vertex(-halfX, -halfY, 0),
    mesh.vertex(halfX, -halfY, 0),
    mesh.vertex(halfX, halfY, 0),
    mesh.vertex(-halfX, halfY, 0),
  ] as const;
  mesh.quad(mesh.surface("flat", [0, 0, 1]), corners);
  return mesh.build();
}

function boxMesh(halfX: number, halfY: number, halfZ: number): Mesh {
  const mesh = new MeshBuilder();
  const half = [halfX, halfY, halfZ] as const;
  for (const axis of [0, 1, 2] as const) {
    for (const sign of [1, -1] as const) {
      const normal: [number, number, number] = [0, 0, 0];
      normal[axis] = sign;
      // u x v = axis, so the corners turn counter-clockwise for sign = 1.
      const u = (axis + 1) % 3;
      const v = (axis + 2) % 3;
      const corner = (du: number, dv: number): number => {
        const at: [number, number, number] = [0, 0, 0];
        at[axis] = sign * half[axis];
        at[u] = du * sign * (half[u] ?? 0);
        at[v] = dv * (half[v] ?? 0);
        return mesh.vertex(...at);
      };
      mesh.quad(mesh.surface("flat", normal), [
        corner(-1, -1),
        corner(1, -1),
        corner(1, 1),
        corner(-1, 1),
      ]);
    }
  }
  return mesh.build();
}

/** A sphere, or a capsule when its two halves are `halfLength` from the middle. */
function roundMesh(radius: number, halfLength: number, kind: "sphere" | "capsule"): Mesh {
  const mesh = new MeshBuilder();
  const surface = mesh.surface(kind);
  const rings: number[][] = [];
  for (let ring = 0; ring <= ringCount; ring += 1) {
    const polar = (ring / ringCount) * Math.PI;
    const offset = ring < ringCount / 2 ? halfLength : -halfLength;
    rings.push(
      circle(mesh, radius * roundness * Math.sin(polar), offset + radius * Math.cos(polar)),
    );
    // The equator of a capsule is two rings, one at each end of its straight part.
    if (ring === ringCount / 2 && halfLength > 0) {
      rings.splice(-1, 0, circle(mesh, radius * roundness, halfLength));
    }
  }
  stitch(mesh, surface, rings);
  return mesh.build();
}

function cylinderMesh(radius: number, halfLength: number): Mesh {
  const mesh = new MeshBuilder();
  const top = circle(mesh, radius * roundness, halfLength);
  const bottom = circle(mesh, radius * roundness, -halfLength);
  stitch(mesh, mesh.surface("cylinder-side"), [top, bottom]);
  const topSurface = mesh.surface("flat", [0, 0, 1]);
  const bottomSurface = mesh.surface("flat", [0, 0, -1]);
  for (let i = 2; i < segmentCount; i += 1) {
    mesh.triangle(topSurface, top[0] ?? 0, top[i - 1] ?? 0, top[i] ?? 0);
    mesh.triangle(bottomSurface, bottom[0] ?? 0, bottom[i] ?? 0, bottom[i - 1] ?? 0);
  }
  return mesh.build();
}

function circle(mesh: MeshBuilder, radius: number, z: number): number[] {
  return Array.from({ length: segmentCount }, (_, i) => {
    const angle = (i / segmentCount) * 2 * Math.PI;
    return mesh.vertex(radius * Math.cos(angle), radius * Math.sin(angle), z);
  });
}

/** Joins rings of equal vertex count, first ring at the top. */
function stitch(mesh: MeshBuilder, surface: number, rings: readonly number[][]): void {
  for (let ring = 1; ring < rings.length; ring += 1) {
    const upper = rings[ring - 1] ?? [];
    const lower = rings[ring] ?? [];
    for (let i = 0; i < segmentCount; i += 1) {
      const j = (i + 1) % segmentCount;
      mesh.quad(surface, [upper[i] ?? 0, lower[i] ?? 0, lower[j] ?? 0, upper[j] ?? 0]);
    }
  }
}
