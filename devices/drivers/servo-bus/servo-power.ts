import type { HalfDuplexBus } from "./half-duplex-bus.ts";
import type { Servo } from "./servo.ts";
import type { ServoFamily } from "./servo-family.ts";
import type { StatusReply } from "./servo-protocol.ts";
import { ServoSurvey } from "./servo-survey.ts";

/** Power of all servos at once: told to all in one packet, then read back; who missed it is told again. */
export class ServoPower {
  /** Not all servos have been seen to be as wanted. */
  isSwitching = false;
  /** When it was wanted, or told to the servos last. */
  changedMs = Number.NEGATIVE_INFINITY;
  readonly #family: ServoFamily;
  readonly #bus: HalfDuplexBus;
  readonly #survey: ServoSurvey;
  readonly #ids: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #isSeen: Uint8Array;
  #isOn = true;

  constructor(family: ServoFamily, servos: readonly Servo[], bus: HalfDuplexBus) {
    this.#family = family;
    this.#bus = bus;
    this.#survey = new ServoSurvey(family, servos, bus, family.torque);
    this.#ids = Uint8Array.from(servos, ({ mount }) => mount.id);
    this.#bytes = new Uint8Array(servos.length);
    this.#isSeen = new Uint8Array(servos.length);
  }

  /** As wanted. */
  get isOn(): boolean {
    return this.#isOn;
  }

  want(isOn: boolean, nowMs: number): void {
    this.#isOn = isOn;
    this.#isSeen.fill(0);
    this.changedMs = nowMs;
  }

  /** Whether the servo of this axis was seen to be as wanted. */
  isSeen(axis: number): boolean {
    return this.#isSeen[axis] === 1;
  }

  /** Tells all, and asks them what they are. */
  apply(nowMs: number): void {
    this.changedMs = nowMs;
    this.tell(this.#isOn);
    this.#survey.begin();
  }

  tell(isOn: boolean): void {
    const { protocol, torque } = this.#family;
    this.#bytes.fill(isOn ? 1 : 0);
    this.#bus.tell(protocol.syncWrite(torque, this.#ids, this.#bytes));
  }

  onReply(reply: StatusReply, axis: number): void {
    if (reply.length !== this.#family.torque.count) return;
    this.#isSeen[axis] = reply.bytes[reply.start] === (this.#isOn ? 1 : 0) ? 1 : 0;
  }

  /** A question is over; false if another one was asked instead. */
  onDone(): boolean {
    if (this.#survey.next()) return false;
    if (!this.#isSeen.includes(0)) this.isSwitching = false;
    return true;
  }
}
