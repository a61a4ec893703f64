import type { Log } from "../../../bridge/contract/log.ts";
import type { RosEvent } from "../../../bridge/contract/ros-transport.ts";
import { encapsulationName, isPlainCdr } from "../params/encapsulation.ts";

/** A hostile writer could make up 65,530 of them. */
const maxTold = 16;

/** Lets messages of CDR version 1 through and refuses all others, each kind of them by name once. */
export class PlainCdrGate {
  refusedCount = 0;
  readonly #topic: string;
  readonly #log: Log;
  readonly #emit: (event: RosEvent) => void;
  readonly #told = new Set<string>();

  constructor(topic: string, log: Log, emit: (event: RosEvent) => void) {
    this.#topic = topic;
    this.#log = log;
    this.#emit = emit;
  }

  /** // hot path */
  isOpenTo(payload: Buffer): boolean {
    if (isPlainCdr(payload)) return true;
    this.refusedCount += 1;
    this.#tell(encapsulationName(payload));
    return false;
  }

  #tell(encapsulation: string): void {
    if (this.#told.has(encapsulation) || this.#told.size >= maxTold) return;
    this.#told.add(encapsulation);
    const topic = this.#topic;
    this.#log.warn({ topic, encapsulation }, "messages of this encapsulation cannot be read");
    this.#emit({ kind: "unsupported-encapsulation", topic, side: "subscription", encapsulation });
  }
}
