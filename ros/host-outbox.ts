import type { FromRosHost } from "./host-protocol.ts";
import type { TakenCounts } from "./taken-counts.ts";

export interface HostOutboxOptions {
  readonly endpointId: number;
  /** Keep-last depth of the subscription: messages in flight to the owner, and as many waiting here. */
  readonly depth: number;
  readonly taken: TakenCounts;
  readonly post: (message: FromRosHost, transfer: readonly ArrayBuffer[]) => void;
}

/**
 * Messages of one subscription on their way to the owner's thread. While that thread does not take them,
 * the newest `depth` wait here and older ones are dropped and counted, as a ROS queue does.
 */
export class HostOutbox {
  droppedCount = 0;
  readonly #options: HostOutboxOptions;
  readonly #waiting: Uint8Array[] = [];
  #postedCount = 0;

  constructor(options: HostOutboxOptions) {
    this.#options = options;
  }

  /** // hot path */
  push(cdr: Uint8Array): void {
    this.#waiting.push(cdr);
    this.flush();
    if (this.#waiting.length > this.#options.depth) {
      this.#waiting.shift();
      this.droppedCount += 1;
    }
  }

  /** Posts what the owner has room for. */
  flush(): void {
    const { endpointId, depth, taken, post } = this.#options;
    while (this.#waiting.length > 0 && taken.inFlight(endpointId, this.#postedCount) < depth) {
      const cdr = this.#waiting.shift();
      if (cdr === undefined) return;
      const whole = ownBuffer(cdr);
      this.#postedCount += 1;
      post({ kind: "message", endpointId, cdr: whole }, [whole.buffer]);
    }
  }
}

/** `cdr` in an ArrayBuffer of its own, which can be transferred: a copy, unless it has one already. */
function ownBuffer(cdr: Uint8Array): Uint8Array<ArrayBuffer> {
  if (cdr.buffer instanceof ArrayBuffer && cdr.byteLength === cdr.buffer.byteLength) {
    return new Uint8Array(cdr.buffer);
  }
  return new Uint8Array(cdr);
}
