import type { HalfDuplexBus } from "./half-duplex-bus.ts";
import type { Servo } from "./servo.ts";
import type { ServoFamily, Vital } from "./servo-family.ts";
import type { ServoPower } from "./servo-power.ts";
import type { Block, StatusReply } from "./servo-protocol.ts";
import { ServoSurvey } from "./servo-survey.ts";

/** One of the vitals of all servos, in turn. */
const everyMs = 200;
/** On a slow line they are asked for less often: telemetry goes first. */
const leastRounds = 10;

/**
 * Looks whether the servos still are what they were set up to be. Goals go out without an answer: a servo
 * that lost its power for a moment, or that its own watchdog stopped, would be told them in vain.
 */
export class ServoVitals {
  /** As a sentence; empty while nothing is wrong. */
  problem = "";
  readonly #family: ServoFamily;
  readonly #power: ServoPower;
  readonly #surveys: readonly ServoSurvey[];
  #turn = 0;
  #rounds = 0;
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(
    family: ServoFamily,
    servos: readonly Servo[],
    bus: HalfDuplexBus,
    power: ServoPower,
  ) {
    this.#family = family;
    this.#power = power;
    this.#surveys = family.vitals.map(({ block }) => new ServoSurvey(family, servos, bus, block));
  }

  begin(nowMs: number): void {
    this.problem = "";
    this.#dueMs = nowMs + everyMs;
  }

  /** Call once a round. Asks, if it is time to; false if not. // hot path */
  ask(nowMs: number): boolean {
    this.#rounds += 1;
    if (nowMs < this.#dueMs || this.#rounds < leastRounds) return false;
    this.#dueMs = nowMs + everyMs;
    this.#rounds = 0;
    this.#turn = (this.#turn + 1) % this.#surveys.length;
    this.#surveys[this.#turn]?.begin();
    return true;
  }

  /** // hot path */
  onReply(reply: StatusReply, servo: Servo): void {
    const vital = this.#family.vitals[this.#turn];
    if (reply.length !== vital?.block.count || servo.faultBits !== 0) return;
    const found = reply.bytes[reply.start] ?? 0;
    if (this.problem !== "" || found === vital.expected(this.#power.isOn)) return;
    this.problem = `${servo.label}: ${vital.problem(found)}`;
  }

  /** A question is over; false if another one was asked instead. */
  onDone(): boolean {
    return this.#surveys[this.#turn]?.next() !== true;
  }
}

/** Every make has a register that says whether the motor is powered. */
export function torqueVital(block: Block): Vital {
  return {
    block,
    expected: (isPowered) => (isPowered ? 1 : 0),
    problem: (found) =>
      found === 0
        ? "it is limp though it was powered: has it been without power?"
        : `its torque register is ${found} though it is to be limp`,
  };
}
