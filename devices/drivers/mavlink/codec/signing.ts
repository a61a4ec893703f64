import { createHash, timingSafeEqual } from "node:crypto";
import { checksumAt, componentIdAt, signatureBytes, systemIdAt } from "./frame.ts";

/** Signatures count 10 us since the start of 2015, GMT. */
const epochMs = Date.UTC(2015, 0, 1);
const unitsPerMs = 100;
/** A stream not heard before may be this far behind: 6,000,000 * 10 us, one minute. */
const newStreamLag = 6_000_000;
const maxStreams = 64;
const macBytes = 6;
export const keyBytes = 32;

export interface SigningOptions {
  /** 32 bytes both sides know. */
  readonly key: Uint8Array;
  /** Tells links of one system apart. */
  readonly linkId: number;
  /** Frames without a signature are taken as well. */
  readonly acceptUnsigned: boolean;
  /** Wall clock, ms since 1970. */
  readonly wallMs: () => number;
}

export type SignatureVerdict = "good" | "wrong" | "replayed" | "late" | "crowded";

/**
 * MAVLink 2 message signing. Each (link, system, component) is a stream whose stamps only rise, so a frame
 * heard once is worth nothing when it is sent again.
 */
export class Signing {
  readonly #options: SigningOptions;
  readonly #streams = new Map<number, number>();
  #lastStamp = 0;

  constructor(options: SigningOptions) {
    this.#options = options;
  }

  get acceptUnsigned(): boolean {
    return this.#options.acceptUnsigned;
  }

  /** Puts a signature behind the checksum of a frame that has the flag set. Returns the frame's new length. */
  sign(frame: Uint8Array, length: number): number {
    const stamp = Math.max(this.#now(), this.#lastStamp + 1);
    this.#lastStamp = stamp;
    frame[length] = this.#options.linkId;
    for (let index = 0, rest = stamp; index < 6; index += 1) {
      frame[length + 1 + index] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    frame.set(this.#mac(frame, 0, length + 7), length + 7);
    return length + signatureBytes;
  }

  /** Judges a signed frame with an intact checksum. Only a good one moves a stream on. */
  verify(bytes: Uint8Array, start: number): SignatureVerdict {
    const at = checksumAt(bytes, start) + 2;
    const found = bytes.subarray(at + 7, at + 7 + macBytes);
    if (found.length !== macBytes || !timingSafeEqual(found, this.#mac(bytes, start, at + 7))) {
      return "wrong";
    }
    let stamp = 0;
    for (let index = 5; index >= 0; index -= 1) stamp = stamp * 256 + (bytes[at + 1 + index] ?? 0);
    const stream =
      ((bytes[at] ?? 0) << 16) | (systemIdAt(bytes, start) << 8) | componentIdAt(bytes, start);
    const last = this.#streams.get(stream);
    if (last !== undefined && stamp <= last) return "replayed";
    if (last === undefined) {
      if (stamp < Math.max(this.#now(), this.#lastStamp) - newStreamLag) return "late";
      if (this.#streams.size >= maxStreams) return "crowded";
    }
    this.#streams.set(stream, stamp);
    // Whoever is behind the others sends stamps the others refuse.
    this.#lastStamp = Math.max(this.#lastStamp, stamp);
    return "good";
  }

  #now(): number {
    return Math.floor((this.#options.wallMs() - epochMs) * unitsPerMs);
  }

  #mac(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const hash = createHash("sha256").update(this.#options.key).update(bytes.subarray(start, end));
    return hash.digest().subarray(0, macBytes);
  }
}
