import type { Server, Socket } from "node:net";
import { isLoopbackAddress } from "./loopback.ts";

export interface ConnectionCaps {
  /** All TCP connections together, whatever they turn out to be. */
  readonly total: number;
  /**
   * From one address of the network. Loopback is exempt: everybody on this machine and everybody
   * behind its proxy share that one, so the total has to do.
   */
  readonly perAddress: number;
}

/** Counts connections from before their first byte, and closes those that are too many. */
export class ConnectionLimits {
  readonly #caps: ConnectionCaps;
  readonly #open = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();
  #refusedCount = 0;

  constructor(caps: ConnectionCaps) {
    this.#caps = caps;
  }

  get openCount(): number {
    return this.#open.size;
  }

  get refusedCount(): number {
    return this.#refusedCount;
  }

  watch(server: Server): void {
    // Before the server's own listener, so that a refused socket is gone when that gets it.
    server.prependListener("connection", (socket: Socket) => {
      this.#take(socket);
    });
  }

  /** For the end: also those that have not said a word. */
  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #take(socket: Socket): void {
    const address = socket.remoteAddress ?? "";
    const count = this.#byAddress.get(address) ?? 0;
    const isOver = !isLoopbackAddress(address) && count >= this.#caps.perAddress;
    if (isOver || this.#open.size >= this.#caps.total) {
      this.#refusedCount += 1;
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    this.#byAddress.set(address, count + 1);
    socket.once("close", () => {
      this.#open.delete(socket);
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
  }
}
