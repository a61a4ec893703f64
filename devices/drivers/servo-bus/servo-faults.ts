import type { HalfDuplexBus } from "./half-duplex-bus.ts";
import type { Servo } from "./servo.ts";
import type { ServoFamily } from "./servo-family.ts";
import type { StatusReply } from "./servo-protocol.ts";

/** What the servos say is wrong with them: a hint in any answer, asked for in full where there is more to know. */
export class ServoFaults {
  readonly #family: ServoFamily;
  readonly #servos: readonly Servo[];
  readonly #bus: HalfDuplexBus;

  constructor(family: ServoFamily, servos: readonly Servo[], bus: HalfDuplexBus) {
    this.#family = family;
    this.#servos = servos;
    this.#bus = bus;
  }

  get isAny(): boolean {
    for (const servo of this.#servos) if (servo.faultBits !== 0) return true;
    return false;
  }

  /** Any answer tells whether something is wrong. // hot path */
  note(reply: StatusReply, servo: Servo): void {
    const bits = this.#family.faultBits(reply);
    if (bits !== -1 || servo.faultBits === 0) servo.faultBits = bits;
  }

  /** Asks the first servo that only said that something is wrong what that is; false if there is none. */
  ask(): boolean {
    const { fault, protocol } = this.#family;
    if (fault === undefined) return false;
    for (const servo of this.#servos) {
      if (servo.faultBits !== -1) continue;
      this.#bus.ask(protocol.read(servo.mount.id, fault), servo.ids, fault.count);
      return true;
    }
    return false;
  }

  onReply(reply: StatusReply, servo: Servo): void {
    if (reply.length === 1) servo.faultBits = reply.bytes[reply.start] ?? 0;
  }

  /** All that is known to be wrong, as a sentence; empty while one has not been asked yet. */
  text(): string {
    let text = "";
    for (const { faultBits, label } of this.#servos) {
      if (faultBits === 0) continue;
      if (faultBits < 0) return "";
      text += `${text === "" ? "" : "; "}${label}: ${this.#family.faultText(faultBits)}`;
    }
    return text;
  }
}
