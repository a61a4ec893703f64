/** One camera picture: rgb8, row-major from the top left, `rgb.length = widthPx * heightPx * 3`. */
export interface Frame {
  readonly stampMs: number;
  readonly sequence: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly rgb: Uint8Array;
}
