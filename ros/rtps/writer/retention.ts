import { Durability, type EndpointQos } from "../params/qos.ts";
import type { History } from "./history.ts";

/** Which samples may leave a history before their depth is reached, and which may not. */
export class Retention {
  readonly #history: History;
  readonly #qos: EndpointQos;
  readonly #ackedThrough: () => number;

  /** @param ackedThrough highest number that every reliable reader has acknowledged. */
  constructor(history: History, qos: EndpointQos, ackedThrough: () => number) {
    this.#history = history;
    this.#qos = qos;
    this.#ackedThrough = ackedThrough;
  }

  /** False when there is none: of keep-all only what every reliable reader has may go. // hot path */
  makeRoom(bytes: number): boolean {
    if (!this.#qos.keepAll || !this.#history.isFull(bytes)) return true;
    const acked = this.#ackedThrough();
    while (this.#history.isFull(bytes) && this.#history.first <= acked) this.#history.dropOldest();
    return !this.#history.isFull(bytes);
  }

  /** What nobody can ask for any more need not be kept: keep-all has no other end. */
  release(): void {
    if (!this.#qos.keepAll || this.#qos.durability !== Durability.Volatile) return;
    this.#history.dropThrough(this.#ackedThrough());
  }

  /** What is older than its lifespan is nobody's any more. // hot path */
  dropExpired(nowUnixMs: number): void {
    const { lifespanMs } = this.#qos;
    if (lifespanMs !== Number.POSITIVE_INFINITY) {
      this.#history.dropOlderThan(nowUnixMs - lifespanMs);
    }
  }
}
