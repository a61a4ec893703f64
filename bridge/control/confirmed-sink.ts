import type { WebSocket } from "ws";
import type { StreamSink } from "./stream-queue.ts";

/** Bytes between two marks: few on a line that is slow or not known yet, more on one that is quick. */
const spacingBytes = { slow: 4 * 1024, quick: 16 * 1024 } as const;
/** A mark that comes back within this tells of a quick line. */
const quickMs = 250;

/**
 * A stream's socket, in which everything counts as unsent that the peer has not taken. The kernel would
 * take megabytes for a peer that reads slowly, and give it pictures of a minute ago; so every few kilobytes a
 * ping carries the number of bytes sent so far, and its pong (RFC 6455 section 5.5.3: the same payload) says
 * that they have arrived.
 */
export class ConfirmedSink implements StreamSink {
  readonly #socket: WebSocket;
  readonly #nowMs: () => number;
  /** Marks under way: bytes sent, and when. */
  readonly #marks: { readonly sentBytes: number; readonly atMs: number }[] = [];
  #sentBytes = 0;
  #markedBytes = 0;
  #confirmedBytes = 0;
  #spacing: number = spacingBytes.slow;
  #onFlushed: () => void = () => undefined;

  /** @param nowMs monotonic ms. */
  constructor(socket: WebSocket, nowMs: () => number) {
    this.#socket = socket;
    this.#nowMs = nowMs;
    socket.on("pong", (payload: Buffer) => {
      this.#confirm(payload);
    });
  }

  /** Sent and not confirmed, or not even taken by the kernel, whichever is more. */
  get bufferedBytes(): number {
    return Math.max(this.#sentBytes - this.#confirmedBytes, this.#socket.bufferedAmount);
  }

  /** // hot path */
  send(message: string | Uint8Array, onFlushed: () => void): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    this.#onFlushed = onFlushed;
    socket.send(message);
    this.#sentBytes += message.length;
    if (this.#sentBytes - this.#markedBytes >= this.#spacing) this.#mark();
  }

  #mark(): void {
    const payload = Buffer.alloc(8);
    payload.writeDoubleBE(this.#sentBytes);
    this.#socket.ping(payload);
    this.#markedBytes = this.#sentBytes;
    this.#marks.push({ sentBytes: this.#sentBytes, atMs: this.#nowMs() });
  }

  /** Only what is a mark of ours counts: a peer cannot confirm what it was not sent. */
  #confirm(payload: Buffer): void {
    if (payload.length !== 8) return;
    const bytes = payload.readDoubleBE();
    const at = this.#marks.findIndex(({ sentBytes }) => sentBytes === bytes);
    const mark = this.#marks[at];
    if (mark === undefined) return;
    // A peer may answer only the newest of several (RFC 6455 section 5.5.3).
    this.#marks.splice(0, at + 1);
    this.#confirmedBytes = mark.sentBytes;
    const isQuick = this.#nowMs() - mark.atMs < quickMs;
    this.#spacing = isQuick ? spacingBytes.quick : spacingBytes.slow;
    this.#onFlushed();
  }
}
