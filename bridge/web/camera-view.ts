import type { CameraPayload } from "../client/index.ts";

/** Shows the newest JPEG; a picture that arrives while one is decoded replaces the one waiting. */
export class CameraView {
  readonly #canvas: HTMLCanvasElement;
  #waiting: CameraPayload | undefined;
  #busy = false;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  show(picture: CameraPayload): void {
    this.#waiting = picture;
    if (!this.#busy) void this.#drawWaiting();
  }

  async #drawWaiting(): Promise<void> {
    this.#busy = true;
    while (this.#waiting !== undefined) {
      const picture = this.#waiting;
      this.#waiting = undefined;
      try {
        const bytes = new Uint8Array(picture.jpeg);
        const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
        this.#draw(bitmap);
        bitmap.close();
      } catch {
        // A picture that cannot be decoded is left out; the next one comes in a moment.
      }
    }
    this.#busy = false;
  }

  #draw(bitmap: ImageBitmap): void {
    if (this.#canvas.width !== bitmap.width || this.#canvas.height !== bitmap.height) {
      this.#canvas.width = bitmap.width;
      this.#canvas.height = bitmap.height;
    }
    this.#canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  }
}
