import type { HalfDuplexBus } from "./half-duplex-bus.ts";
import type { Servo } from "./servo.ts";
import type { ServoFamily } from "./servo-family.ts";
import type { Block } from "./servo-protocol.ts";

/** One block read from every servo: from all in one packet or, where the make cannot, from one after another. */
export class ServoSurvey {
  readonly #family: ServoFamily;
  readonly #servos: readonly Servo[];
  readonly #bus: HalfDuplexBus;
  readonly #block: Block;
  readonly #ids: Uint8Array;
  #asked = 0;

  constructor(family: ServoFamily, servos: readonly Servo[], bus: HalfDuplexBus, block: Block) {
    this.#family = family;
    this.#servos = servos;
    this.#bus = bus;
    this.#block = block;
    this.#ids = Uint8Array.from(servos, ({ mount }) => mount.id);
  }

  /** // hot path */
  begin(): void {
    this.#asked = 0;
    if (!this.#family.canSyncRead) {
      this.#askOne();
      return;
    }
    this.#bus.ask(this.#family.askAll(this.#block, this.#ids), this.#ids, this.#block.count);
  }

  /** Asks the next one; false when nobody is left. // hot path */
  next(): boolean {
    if (this.#family.canSyncRead) return false;
    this.#asked += 1;
    return this.#askOne();
  }

  #askOne(): boolean {
    const servo = this.#servos[this.#asked];
    if (servo === undefined) return false;
    const { protocol } = this.#family;
    this.#bus.ask(protocol.read(servo.mount.id, this.#block), servo.ids, this.#block.count);
    return true;
  }
}
