import type { CameraPayload } from "../client/index.ts";

/** A picture ready to be drawn. */
export interface Picture<P extends CameraPayload = CameraPayload> {
  readonly payload: P;
  readonly bitmap: ImageBitmap;
}

/** Decodes the newest JPEG off this thread; one that arrives meanwhile replaces the one waiting. */
export class PictureDecoder<P extends CameraPayload> {
  readonly #onPicture: (picture: Picture<P>) => void;
  #newest: Picture<P> | undefined;
  #waiting: P | undefined;
  #isBusy = false;

  constructor(onPicture: (picture: Picture<P>) => void) {
    this.#onPicture = onPicture;
  }

  /** The picture decoded last. Its bitmap is good until the next one is. */
  get newest(): Picture<P> | undefined {
    return this.#newest;
  }

  offer(payload: P): void {
    this.#waiting = payload;
    if (!this.#isBusy) void this.#decodeWaiting();
  }

  async #decodeWaiting(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting !== undefined) {
      const payload = this.#waiting;
      this.#waiting = undefined;
      try {
        const bytes = new Uint8Array(payload.jpeg);
        const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
        this.#newest?.bitmap.close();
        this.#newest = { payload, bitmap };
        this.#onPicture(this.#newest);
      } catch {
        // A picture that cannot be decoded is left out; the next one comes in a moment.
      }
    }
    this.#isBusy = false;
  }
}

/** Draws a picture into a canvas of its own size. */
export function drawPicture(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
}
