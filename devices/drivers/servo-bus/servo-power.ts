import type { HalfDuplexBus } from "./half-duplex-bus.ts";
import type { Servo } from "./servo.ts";
import type { ServoFamily } from "./servo-family.ts";
import type { StatusReply } from "./servo-protocol.ts";
import { ServoSurvey } from "./servo-survey.ts";

/** Power of all servos at once: told to all in one packet, then read back; who missed it is told again. */
export class ServoPower {
  /** As wanted. */
  isOn = true;
  /** Not all servos have been seen to be as wanted. */
  isSwitching = false;
  readonly #family: ServoFamily;
  readonly #bus: HalfDuplexBus;
  readonly #survey: ServoSurvey;
  readonly #ids: Uint8Array;
  readonly #bytes: Uint8Array;
  #seen = 0;

  constructor(family: ServoFamily, servos: readonly Servo[], bus: HalfDuplexBus) {
    this.#family = family;
    this.#bus = bus;
    this.#survey = new ServoSurvey(family, servos, bus, family.torque);
    this.#ids = Uint8Array.from(servos, ({ mount }) => mount.id);
    this.#bytes = new Uint8Array(servos.length);
  }

  /** Tells all, and asks them what they are. */
  apply(): void {
    this.tell(this.isOn);
    this.#seen = 0;
    this.#survey.begin();
  }

  tell(isOn: boolean): void {
    const { protocol, torque } = this.#family;
    this.#bytes.fill(isOn ? 1 : 0);
    this.#bus.tell(protocol.syncWrite(torque, this.#ids, this.#bytes));
  }

  onReply(reply: StatusReply): void {
    if (reply.length !== this.#family.torque.count) return;
    if (reply.bytes[reply.start] === (this.isOn ? 1 : 0)) this.#seen += 1;
  }

  /** A question is over; false if another one was asked instead. */
  onDone(): boolean {
    if (this.#survey.next()) return false;
    if (this.#seen === this.#ids.length) this.isSwitching = false;
    return true;
  }
}
