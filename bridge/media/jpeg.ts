import sharp from "sharp";
import type { Frame } from "../contract/frame.ts";

// One thread per picture and no cache: the robot's cores are not ours alone, and memory stays bounded.
sharp.concurrency(1);
sharp.cache(false);

/** JPEG of an rgb8 frame, made on libuv's pool. @param quality 1..100 */
export async function encodeJpeg(frame: Frame, quality: number): Promise<Uint8Array> {
  const raw = { width: frame.widthPx, height: frame.heightPx, channels: 3 as const };
  return await sharp(frame.rgb, { raw }).jpeg({ quality }).toBuffer();
}

/** A header may claim 65535 x 65535 px in a few bytes: more than this is not unpacked. */
const maxPixels = 4096 * 3072;

/** rgb8 of a JPEG, gray ones too. @throws Error of sharp when the bytes are no picture, or one too large. */
export async function decodeJpeg(
  jpeg: Uint8Array,
): Promise<Pick<Frame, "widthPx" | "heightPx" | "rgb">> {
  const { data, info } = await sharp(jpeg, { limitInputPixels: maxPixels })
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { widthPx: info.width, heightPx: info.height, rgb: data };
}

export interface LatestEncoderOptions {
  readonly quality: number;
  readonly onError: (error: unknown) => void;
}

/** One encode at a time; of the frames that come meanwhile only the newest is made. */
export class LatestEncoder {
  readonly #options: LatestEncoderOptions;
  #isBusy = false;
  #next: { readonly frame: Frame; readonly deliver: (jpeg: Uint8Array) => void } | undefined;

  constructor(options: LatestEncoderOptions) {
    this.#options = options;
  }

  /** The frame's pixels must stay as they are until it is delivered or another is offered. */
  offer(frame: Frame, deliver: (jpeg: Uint8Array) => void): void {
    this.#next = { frame, deliver };
    if (!this.#isBusy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#next !== undefined) {
      const { frame, deliver } = this.#next;
      this.#next = undefined;
      try {
        deliver(await encodeJpeg(frame, this.#options.quality));
      } catch (error) {
        this.#options.onError(error);
      }
    }
    this.#isBusy = false;
  }
}
