import type { Fields, FieldSpec, MessageLayout } from "./message-layout.ts";
import { headerBytes, mavlink2Start, maxFrameBytes, signedFlag } from "./frame.ts";
import { writePayload } from "./payload.ts";
import type { Signing } from "./signing.ts";
import { x25Add, x25Of, x25Start } from "./x25.ts";

export interface Component {
  readonly systemId: number;
  readonly componentId: number;
}

/** Makes the frames of one component, MAVLink 2, in one buffer: what `write` made is gone with the next. */
export class FrameWriter {
  readonly frame = new Uint8Array(maxFrameBytes);
  readonly #view = new DataView(this.frame.buffer);
  readonly #signing: Signing | undefined;
  #sequence = 0;

  constructor({ systemId, componentId }: Component, signing?: Signing) {
    this.#signing = signing;
    this.frame[0] = mavlink2Start;
    this.frame[2] = signing === undefined ? 0 : signedFlag;
    this.frame[5] = systemId;
    this.frame[6] = componentId;
  }

  /** The frame of a message stands in `frame`; returns its length. // hot path */
  write<Specs extends readonly FieldSpec[]>(
    layout: MessageLayout<Specs>,
    message: Readonly<Fields<Specs>>,
  ): number {
    const { frame } = this;
    writePayload(layout, message, this.#view, headerBytes);
    let payload = layout.length;
    // Zeros at the end are left out, but for the first byte.
    while (payload > 1 && frame[headerBytes + payload - 1] === 0) payload -= 1;
    frame[1] = payload;
    frame[4] = this.#sequence;
    this.#sequence = (this.#sequence + 1) & 0xff;
    frame[7] = layout.id & 0xff;
    frame[8] = (layout.id >>> 8) & 0xff;
    frame[9] = layout.id >>> 16;
    const end = headerBytes + payload;
    const crc = x25Add(x25Of(x25Start, frame, 1, end), layout.crcExtra);
    frame[end] = crc & 0xff;
    frame[end + 1] = crc >>> 8;
    return this.#signing?.sign(frame, end + 2) ?? end + 2;
  }
}
