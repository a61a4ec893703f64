import { checkImage, rowBytes, type CameraImage } from "../../bridge/contract/camera-image.ts";
import { textWithoutCode } from "../../bridge/contract/errors.ts";
import type { FrameMailbox } from "../../bridge/contract/frame-mailbox.ts";
import type { CompressedImage, Image } from "../messages/message-types.ts";
import { imageEncoding, pictureFormat, rosEncodings } from "./image-encoding.ts";
import { Refusals } from "./refusals.ts";
import { stampToMs, type StampMap } from "./stamp-map.ts";

/** Brings a picture of any size and encoding to the camera's size, as rgb8, in bounded time. */
export type FitPicture = (image: CameraImage, out: Uint8Array) => void;
/** Unpacks a JPEG or PNG off this thread. Rejects for bytes that are no picture, or one too large. */
export type DecodePicture = (
  bytes: Uint8Array,
) => Promise<{ readonly widthPx: number; readonly heightPx: number; readonly rgb: Uint8Array }>;

export interface PictureInputOptions {
  readonly camera: FrameMailbox;
  readonly stamps: StampMap;
  readonly fit: FitPicture;
  readonly decode: DecodePicture;
  /** Pictures that come sooner after the one before are passed over: making them costs, nobody looks. */
  readonly maxRateHz: number;
  readonly onRefused?: (reason: string, text: string) => void;
}

/** A picture of this size is no camera's: refused before it is unpacked. */
const maxCompressedBytes = 16 * 1024 * 1024;
/** Cameras jitter: a picture that comes a little early is still the next one. */
const earlyRatio = 0.6;

/** The other topic of a camera lags by less than this. */
const sameCameraMs = 1000;

interface WaitingPicture {
  readonly data: Uint8Array;
  readonly stampMs: number;
}

/**
 * Camera pictures, raw or compressed, into the camera mailbox. The newest wins: while one is
 * unpacked, of those that come meanwhile only the last is kept.
 */
export class PictureInput {
  readonly refusals: Refusals;
  takenCount = 0;
  /** Not made because a newer one came, or because they come faster than wanted. */
  skippedCount = 0;
  /** Monotonic ms of the newest picture in the mailbox; NaN before the first. */
  lastStampMs = Number.NaN;
  readonly #options: PictureInputOptions;
  readonly #rgb: Uint8Array;
  readonly #minGapMs: number;
  #acceptedMs = Number.NEGATIVE_INFINITY;
  #waiting: WaitingPicture | undefined;
  #isBusy = false;
  #isClosed = false;

  constructor(options: PictureInputOptions) {
    const { camera, maxRateHz } = options;
    this.#options = options;
    this.refusals = new Refusals(options.onRefused);
    this.#rgb = new Uint8Array(3 * camera.widthPx * camera.heightPx);
    this.#minGapMs = (1000 / maxRateHz) * earlyRatio;
  }

  /** sensor_msgs/Image. @param arrivalMs monotonic. // hot path */
  takeRaw(message: Image, arrivalMs: number): void {
    const encoding = imageEncoding(message.encoding);
    if (encoding === undefined) {
      const found = message.encoding.slice(0, 40);
      this.refusals.add(
        "encoding",
        `image_raw: encoding is "${found}", expected one of ${rosEncodings.join(", ")}`,
      );
      return;
    }
    const { width: widthPx, height: heightPx, step, data } = message;
    const strideBytes = step === 0 ? rowBytes(encoding, widthPx) : step;
    const image: CameraImage = { stampMs: 0, widthPx, heightPx, encoding, strideBytes, data };
    try {
      checkImage(image);
    } catch (error) {
      this.refusals.add("sizes", `image_raw: ${textWithoutCode(error)}`);
      return;
    }
    const stampMs = this.#accept("image_raw", stampToMs(message.header.stamp), arrivalMs);
    if (stampMs !== undefined) this.#write(image, stampMs);
  }

  /** sensor_msgs/CompressedImage; `message.data` must stay as it is. @param arrivalMs monotonic. */
  takeCompressed(message: CompressedImage, arrivalMs: number): void {
    const { data } = message;
    if (pictureFormat(data) === undefined) {
      const found = `${data.length} bytes called "${message.format.slice(0, 40)}"`;
      this.refusals.add("encoding", `image/compressed: ${found} are neither JPEG nor PNG`);
      return;
    }
    if (data.length > maxCompressedBytes) {
      const found = `${data.length} bytes, limit is ${maxCompressedBytes}`;
      this.refusals.add("sizes", `image/compressed: ${found}`);
      return;
    }
    const stampMs = this.#accept("image/compressed", stampToMs(message.header.stamp), arrivalMs);
    if (stampMs === undefined) return;
    if (this.#waiting !== undefined) this.skippedCount += 1;
    this.#waiting = { data, stampMs };
    if (!this.#isBusy) void this.#decodeWaiting();
  }

  /** What is being unpacked is thrown away. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = undefined;
  }

  /** The picture's monotonic time, or undefined if it is not to be made. */
  #accept(what: string, stampMs: number, arrivalMs: number): number | undefined {
    const { stamps } = this.#options;
    const verdict = stamps.judge(stampMs, arrivalMs);
    if (verdict !== "ok") {
      this.refusals.add(verdict, `${what}: ${verdict}, ${stamps.ageMs.toFixed(0)} ms old`);
      return undefined;
    }
    const sinceMs = stamps.timeMs - this.#acceptedMs;
    if (sinceMs < -sameCameraMs) {
      this.refusals.add("not-newer", `${what}: ${(-sinceMs).toFixed(0)} ms before the last one`);
      return undefined;
    }
    // Also the same picture on the other topic: image_transport publishes it raw and compressed.
    if (sinceMs < this.#minGapMs) {
      this.skippedCount += 1;
      return undefined;
    }
    this.#acceptedMs = stamps.timeMs;
    return stamps.timeMs;
  }

  async #decodeWaiting(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting !== undefined) {
      const { data, stampMs } = this.#waiting;
      this.#waiting = undefined;
      try {
        const { widthPx, heightPx, rgb } = await this.#options.decode(data);
        if (this.#isClosed) break;
        const strideBytes = 3 * widthPx;
        this.#write(
          { stampMs, widthPx, heightPx, encoding: "rgb8", strideBytes, data: rgb },
          stampMs,
        );
      } catch (error) {
        this.refusals.add("undecodable", `image/compressed: ${textWithoutCode(error)}`);
      }
    }
    this.#isBusy = false;
  }

  #write(image: CameraImage, stampMs: number): void {
    this.#options.fit(image, this.#rgb);
    this.#options.camera.write(stampMs, this.#rgb);
    this.lastStampMs = stampMs;
    this.takenCount += 1;
  }
}
