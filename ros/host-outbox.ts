import type { FromRosHost } from "./host-protocol.ts";
import type { TakenCounts } from "./taken-counts.ts";

export interface HostOutboxOptions {
  readonly endpointId: number;
  /** Keep-last depth of the subscription: messages in flight to the owner, and as many waiting here. */
  readonly depth: number;
  readonly taken: TakenCounts;
  readonly post: (message: FromRosHost, transfer: readonly ArrayBuffer[]) => void;
  /** Of keep-all: stops and continues the reader, so that writers are held back instead of messages lost. */
  readonly hold?: { pause(): void; resume(): void };
}

/** Waiting messages of keep-all at which the reader is stopped; half of it lets it go on. */
const holdCount = 512;
const holdBytes = 32 * 1024 * 1024;

/**
 * Messages of one subscription on their way to the owner's thread. While that thread does not take them,
 * the newest `depth` wait here and older ones are dropped and counted, as a ROS queue does; with keep-all
 * the reader is stopped instead.
 */
export class HostOutbox {
  droppedCount = 0;
  readonly #options: HostOutboxOptions;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #postedCount = 0;
  #isHolding = false;

  constructor(options: HostOutboxOptions) {
    this.#options = options;
  }

  /** // hot path */
  push(cdr: Uint8Array): void {
    this.#waiting.push(cdr);
    this.#waitingBytes += cdr.length;
    this.flush();
    const { hold, depth } = this.#options;
    if (hold !== undefined) {
      if (!this.#isHolding && this.#isAbove(1)) {
        this.#isHolding = true;
        hold.pause();
      }
    } else if (this.#waiting.length > depth) {
      this.#shift();
      this.droppedCount += 1;
    }
  }

  /** Posts what the owner has room for. */
  flush(): void {
    const { endpointId, depth, taken, post, hold } = this.#options;
    const inFlight = hold === undefined ? depth : holdCount;
    while (this.#waiting.length > 0 && taken.inFlight(endpointId, this.#postedCount) < inFlight) {
      const cdr = this.#shift();
      if (cdr === undefined) break;
      const whole = ownBuffer(cdr);
      this.#postedCount += 1;
      post({ kind: "message", endpointId, cdr: whole }, [whole.buffer]);
    }
    if (this.#isHolding && !this.#isAbove(0.5)) {
      this.#isHolding = false;
      hold?.resume();
    }
  }

  #shift(): Uint8Array | undefined {
    const cdr = this.#waiting.shift();
    this.#waitingBytes -= cdr?.length ?? 0;
    return cdr;
  }

  #isAbove(ratio: number): boolean {
    return this.#waiting.length >= ratio * holdCount || this.#waitingBytes >= ratio * holdBytes;
  }
}

/** `cdr` in an ArrayBuffer of its own, which can be transferred: a copy, unless it has one already. */
function ownBuffer(cdr: Uint8Array): Uint8Array<ArrayBuffer> {
  if (cdr.buffer instanceof ArrayBuffer && cdr.byteLength === cdr.buffer.byteLength) {
    return new Uint8Array(cdr.buffer);
  }
  return new Uint8Array(cdr);
}
