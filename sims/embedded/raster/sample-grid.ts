/* eslint-disable @typescript-eslint/no-non-null-assertion -- indices are bounded by the clamps of
   `fillTriangle`; a default would hide a mistake there and cost a branch per sample */

/** Numbers per vertex in the arrays that `fillTriangle` reads: x px, y px, closeness. */
export const vertexStride = 3;

/**
 * Which surface is nearest at each sample: the depth test and nothing else. Colour comes later, once
 * per visible surface and pixel, so hidden triangles cost a comparison per sample.
 *
 * Samples of a pixel lie in rows of their own, one per row, each with its own x offset. With four
 * (rotated grid) a nearly horizontal or vertical edge passes through all four levels of coverage; a
 * 2 x 2 square grid of the same cost has two.
 */
export class SampleGrid {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly samplesPerPixel: number;
  /** [heightPx * samplesPerPixel][widthPx]; larger is nearer; 0 where nothing was drawn. */
  readonly closeness: Float32Array;
  /** As `closeness`: the surface seen there, 0 for none. */
  readonly surface: Uint16Array;
  readonly #sampleX: Float64Array;
  /** Lines x = offset + slope * y that bound a span: [left, left, right, right][offset, slope]. */
  readonly #edges = new Float64Array(8);

  constructor(options: {
    readonly widthPx: number;
    readonly heightPx: number;
    /** One x offset in 0..1 per sample row of a pixel. */
    readonly sampleX: readonly number[];
  }) {
    this.widthPx = options.widthPx;
    this.heightPx = options.heightPx;
    this.samplesPerPixel = options.sampleX.length;
    this.#sampleX = Float64Array.from(options.sampleX);
    const sampleCount = options.widthPx * options.heightPx * options.sampleX.length;
    this.closeness = new Float32Array(sampleCount);
    this.surface = new Uint16Array(sampleCount);
  }

  /** // hot path */
  clear(): void {
    this.closeness.fill(0);
    this.surface.fill(0);
  }

  /**
   * Draws one triangle of either winding. Vertices are x and y in pixels (the middle of the first
   * pixel is 0.5, 0.5), anywhere in or out of the picture, and a positive closeness that is affine in
   * x and y. Triangles that share an edge neither overlap nor leave a gap. // hot path
   *
   * @param vertices [vertex][x, y, closeness]
   * @param a,b,c vertex indices
   */
  fillTriangle(vertices: Float64Array, a: number, b: number, c: number, surface: number): void {
    const x0 = vertices[a * vertexStride]!;
    const y0 = vertices[a * vertexStride + 1]!;
    const c0 = vertices[a * vertexStride + 2]!;
    const x1 = vertices[b * vertexStride]!;
    const y1 = vertices[b * vertexStride + 1]!;
    const c1 = vertices[b * vertexStride + 2]!;
    const x2 = vertices[c * vertexStride]!;
    const y2 = vertices[c * vertexStride + 1]!;
    const c2 = vertices[c * vertexStride + 2]!;
    const area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
    // A sliver has no inside; a NaN fails every comparison and ends here too.
    if (!(area > 0)) {
      if (area < 0) this.fillTriangle(vertices, a, c, b, surface);
      return;
    }
    const edges = this.#edges;
    edges.fill(0);
    edges[0] = edges[2] = Number.NEGATIVE_INFINITY;
    edges[4] = edges[6] = Number.POSITIVE_INFINITY;
    boundSpan(edges, x0, y0, x1, y1);
    boundSpan(edges, x1, y1, x2, y2);
    boundSpan(edges, x2, y2, x0, y0);

    const perPixel = this.samplesPerPixel;
    const rowCount = this.heightPx * perPixel;
    const firstRow = Math.max(0, Math.ceil(Math.min(y0, y1, y2) * perPixel - 0.5));
    const endRow = Math.min(rowCount, Math.ceil(Math.max(y0, y1, y2) * perPixel - 0.5));
    const slopeX = ((c1 - c0) * (y2 - y0) - (c2 - c0) * (y1 - y0)) / area;
    const slopeY = ((c2 - c0) * (x1 - x0) - (c1 - c0) * (x2 - x0)) / area;
    this.#fillRows(surface, firstRow, endRow, c0 - slopeX * x0 - slopeY * y0, slopeX, slopeY);
  }

  /** Spans of rows `firstRow` to `endRow` between `#edges`; closeness = origin + slopes * (x, y). // hot path */
  #fillRows(
    surface: number,
    firstRow: number,
    endRow: number,
    origin: number,
    slopeX: number,
    slopeY: number,
  ): void {
    const { closeness, surface: surfaces, widthPx: width, samplesPerPixel: perPixel } = this;
    const edges = this.#edges;
    for (let row = firstRow; row < endRow; row += 1) {
      const y = (row + 0.5) / perPixel;
      const offset = this.#sampleX[row % perPixel]!;
      const left = Math.max(edges[0]! + edges[1]! * y, edges[2]! + edges[3]! * y) - offset;
      const right = Math.min(edges[4]! + edges[5]! * y, edges[6]! + edges[7]! * y) - offset;
      const start = Math.max(0, Math.ceil(left));
      const end = row * width + Math.min(width, Math.ceil(right));
      let value = origin + slopeY * y + slopeX * (start + offset);
      for (let at = row * width + start; at < end; at += 1) {
        if (value > closeness[at]!) {
          closeness[at] = value;
          surfaces[at] = surface;
        }
        value += slopeX;
      }
    }
  }
}

/**
 * Adds the edge from one corner to the next of a triangle of positive area. As y grows downwards, an
 * edge that goes down bounds its spans on the right, one that goes up on the left. The line is
 * always computed from its upper end, so both neighbours of an edge get the same bits. // hot path
 */
function boundSpan(edges: Float64Array, x0: number, y0: number, x1: number, y1: number): void {
  if (y0 === y1) return;
  const goesDown = y1 > y0;
  const slope = goesDown ? (x1 - x0) / (y1 - y0) : (x0 - x1) / (y0 - y1);
  const offset = goesDown ? x0 - y0 * slope : x1 - y1 * slope;
  let slot = goesDown ? 4 : 0;
  if (Number.isFinite(edges[slot]!)) slot += 2;
  edges[slot] = offset;
  edges[slot + 1] = slope;
}
