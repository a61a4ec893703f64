import { FrameScanner } from "../../serial/frame-scanner.ts";
import {
  checksumAt,
  componentIdAt,
  isSignedAt,
  mavlinkFormat,
  maxFrameBytes,
  messageIdAt,
  payloadAt,
  sequenceAt,
  systemIdAt,
} from "./frame.ts";
import { emptyMessage, type Fields, type FieldSpec, type MessageLayout } from "./message-layout.ts";
import { layoutOf } from "./messages.ts";
import { readPayload } from "./payload.ts";
import type { Signing } from "./signing.ts";

const maxSources = 64;

/** One message that came in, valid until the handler returns. */
export interface Arrival {
  readonly systemId: number;
  readonly componentId: number;
  readonly layout: MessageLayout;
  /** The message, if it is of this kind. The object is reused for the next of its kind. */
  as<Specs extends readonly FieldSpec[]>(layout: MessageLayout<Specs>): Fields<Specs> | undefined;
}

/**
 * Takes bytes however they are cut and gives messages: checksums, signatures, lost frames. Nothing that comes
 * makes it throw.
 */
export class FrameReader {
  readonly #scanner: FrameScanner;
  readonly #signing: Signing | undefined;
  readonly #payload = new Uint8Array(255);
  readonly #view = new DataView(this.#payload.buffer);
  readonly #kept = new Map<number, Fields<readonly FieldSpec[]>>();
  readonly #sequences = new Map<number, number>();
  readonly #onMessage: (arrival: Arrival) => void;
  readonly #arrival: OpenArrival;
  /** Sequence numbers left out, over all senders. */
  lostFrames = 0;
  /** Messages that mean nothing here. */
  otherMessages = 0;
  unsignedFrames = 0;
  badSignatures = 0;
  replayedFrames = 0;

  constructor(onMessage: (arrival: Arrival) => void, signing?: Signing) {
    this.#onMessage = onMessage;
    this.#signing = signing;
    this.#scanner = new FrameScanner(mavlinkFormat, maxFrameBytes, (bytes, start) => {
      this.#onFrame(bytes, start);
    });
    const read = <Specs extends readonly FieldSpec[]>(layout: MessageLayout<Specs>) =>
      this.#read(layout);
    this.#arrival = new OpenArrival(read);
  }

  get checksumErrors(): number {
    return this.#scanner.checksumErrors;
  }

  get frames(): number {
    return this.#scanner.frames;
  }

  get resyncBytes(): number {
    return this.#scanner.resyncBytes;
  }

  /** Bytes of a stream, which may end within a frame. // hot path */
  feed(bytes: Uint8Array, length: number): void {
    this.#scanner.feed(bytes, length);
  }

  /** One datagram: no frame goes on in the next one. // hot path */
  feedDatagram(bytes: Uint8Array, length: number): void {
    this.#scanner.feed(bytes, length);
    this.#scanner.abandon();
  }

  clear(): void {
    this.#scanner.clear();
  }

  #onFrame(bytes: Uint8Array, start: number): void {
    if (!this.#isAuthentic(bytes, start)) return;
    const systemId = systemIdAt(bytes, start);
    const componentId = componentIdAt(bytes, start);
    this.#countLost((systemId << 8) | componentId, sequenceAt(bytes, start));
    const layout = layoutOf(messageIdAt(bytes, start));
    if (layout === undefined) {
      this.otherMessages += 1;
      return;
    }
    const from = payloadAt(bytes, start);
    const length = checksumAt(bytes, start) - from;
    // A newer sender may know more extensions than we do.
    for (let index = 0; index < layout.length; index += 1) {
      this.#payload[index] = index < length ? (bytes[from + index] ?? 0) : 0;
    }
    this.#arrival.set(systemId, componentId, layout);
    this.#onMessage(this.#arrival);
  }

  #isAuthentic(bytes: Uint8Array, start: number): boolean {
    const signing = this.#signing;
    if (signing === undefined) return true;
    if (!isSignedAt(bytes, start)) {
      if (signing.acceptUnsigned) return true;
      this.unsignedFrames += 1;
      return false;
    }
    const verdict = signing.verify(bytes, start);
    if (verdict === "good") return true;
    if (verdict === "wrong") this.badSignatures += 1;
    else this.replayedFrames += 1;
    return false;
  }

  #countLost(source: number, sequence: number): void {
    const last = this.#sequences.get(source);
    if (last === undefined && this.#sequences.size >= maxSources) return;
    this.#sequences.set(source, sequence);
    if (last === undefined) return;
    const skipped = (sequence - last - 1) & 0xff;
    // Half a turn back is a frame that came late or twice, or a sender that began anew.
    if (skipped < 128) this.lostFrames += skipped;
  }

  #read<Specs extends readonly FieldSpec[]>(layout: MessageLayout<Specs>): Fields<Specs> {
    let kept = this.#kept.get(layout.id) as Fields<Specs> | undefined;
    if (kept === undefined) {
      kept = emptyMessage(layout);
      this.#kept.set(layout.id, kept as Fields<readonly FieldSpec[]>);
    }
    readPayload(layout, this.#view, kept);
    return kept;
  }
}

type Read = <Specs extends readonly FieldSpec[]>(layout: MessageLayout<Specs>) => Fields<Specs>;

class OpenArrival implements Arrival {
  systemId = 0;
  componentId = 0;
  readonly #read: Read;
  #layout: MessageLayout | undefined;

  constructor(read: Read) {
    this.#read = read;
  }

  get layout(): MessageLayout {
    if (this.#layout === undefined) throw new Error("no message has come");
    return this.#layout;
  }

  set(systemId: number, componentId: number, layout: MessageLayout): void {
    this.systemId = systemId;
    this.componentId = componentId;
    this.#layout = layout;
  }

  as<Specs extends readonly FieldSpec[]>(layout: MessageLayout<Specs>): Fields<Specs> | undefined {
    return this.#layout?.id === layout.id ? this.#read(layout) : undefined;
  }
}
