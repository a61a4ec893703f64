import type { Frame } from "../contract/frame.ts";
import type { Observation, ObservationSource, ObserveOutcome } from "../contract/observation.ts";
import { RingObservationSource } from "../core/ring-observation-source.ts";
import { decodeJpeg } from "../media/jpeg.ts";
import type { RecordedPicture, Recording } from "./read-recording.ts";

/**
 * A recording as a source of observations. Joints and setpoints come through the same interpolation
 * as they did live, so an observation at a recorded instant is the same to the bit.
 *
 * Pictures have to be decoded, which takes a while: `preparePicture` before `frameBorrowed`.
 */
export class ReplaySource implements ObservationSource {
  readonly axisNames: readonly string[];
  readonly #recording: Recording;
  readonly #rings: RingObservationSource;
  #frame: Frame | undefined;

  constructor(recording: Recording) {
    const { telemetry, setpoints, header } = recording;
    this.axisNames = header.axisNames;
    this.#recording = recording;
    this.#rings = new RingObservationSource({ axisNames: this.axisNames, telemetry, setpoints });
  }

  observeAt(timeMs: number, out: Observation): ObserveOutcome {
    return this.#rings.observeAt(timeMs, out);
  }

  frameBorrowed(timeMs: number): Frame | undefined {
    return this.#frame !== undefined && this.#frame.stampMs <= timeMs ? this.#frame : undefined;
  }

  /** Decodes the newest picture not newer than `timeMs`, if it is not the one decoded last. */
  async preparePicture(timeMs: number): Promise<void> {
    const picture = newestUntil(this.#recording.pictures, timeMs);
    if (picture === undefined || picture.sequence === this.#frame?.sequence) return;
    const { stampMs, sequence, widthPx, heightPx, bytes } = picture;
    const decoded =
      picture.encoding === "jpeg" ? await decodeJpeg(bytes) : { widthPx, heightPx, rgb: bytes };
    this.#frame = { stampMs, sequence, ...decoded };
  }
}

/** By bisection: pictures lie in the order of their stamps. */
function newestUntil(
  pictures: readonly RecordedPicture[],
  timeMs: number,
): RecordedPicture | undefined {
  let low = 0;
  let high = pictures.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pictures[middle]?.stampMs ?? Infinity) <= timeMs) low = middle + 1;
    else high = middle;
  }
  return pictures[low - 1];
}
