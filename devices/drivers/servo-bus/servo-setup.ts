import type { HalfDuplexBus } from "./half-duplex-bus.ts";
import type { Servo } from "./servo.ts";
import type { ServoFamily, ServoSample, SetupStep } from "./servo-family.ts";
import type { ServoPower } from "./servo-power.ts";
import type { StatusReply } from "./servo-protocol.ts";

/** How a question of the setup ended. */
export interface SetupOutcome {
  /** A sentence; empty if all is well. */
  readonly problem: string;
  /** The servo is there and says no: its model, its mode, a fault of its own. */
  readonly isFault: boolean;
}

const fine: SetupOutcome = { problem: "", isFault: false };

/**
 * Walks every servo through its steps before it may move: who are you, is anything wrong, where are you,
 * stay there, power. One question at a time; a servo that does not answer ends the walk.
 */
export class ServoSetup {
  readonly #family: ServoFamily;
  readonly #servos: readonly Servo[];
  readonly #steps: readonly (readonly SetupStep[])[];
  readonly #bus: HalfDuplexBus;
  readonly #power: ServoPower;
  readonly #sample: ServoSample = { posRad: 0, velRadPerS: 0, effortNm: 0 };
  readonly #goalBytes: Uint8Array;
  readonly #torqueByte = new Uint8Array(1);
  #servo = 0;
  #step = 0;
  /** An adopted position is told as the goal in a second packet. */
  #isTellingGoal = false;
  #refusal = "";

  constructor(
    family: ServoFamily,
    servos: readonly Servo[],
    bus: HalfDuplexBus,
    power: ServoPower,
  ) {
    this.#family = family;
    this.#servos = servos;
    this.#steps = servos.map((servo) => family.setup(servo));
    this.#bus = bus;
    this.#power = power;
    this.#goalBytes = new Uint8Array(family.goal.count);
  }

  get isDone(): boolean {
    return this.#servo >= this.#servos.length;
  }

  restart(): void {
    this.#servo = this.#step = 0;
    this.#isTellingGoal = false;
    this.#refusal = "";
  }

  /** @param goalRad where the servos are told to be, axis order. */
  ask(goalRad: Float64Array): void {
    const servo = this.#servos[this.#servo];
    const step = this.#steps[this.#servo]?.[this.#step];
    if (servo === undefined || step === undefined) return;
    const { protocol, telemetry, torque } = this.#family;
    const { id } = servo.mount;
    switch (step.kind) {
      case "read":
        this.#bus.ask(protocol.read(id, step.block), servo.ids, step.block.count);
        return;
      case "write":
        this.#bus.ask(protocol.write(id, step.address, step.data), servo.ids, 0);
        return;
      case "adopt":
        if (this.#isTellingGoal) this.#tellGoal(servo, goalRad);
        else this.#bus.ask(protocol.read(id, telemetry), servo.ids, telemetry.count);
        return;
      case "torque":
        this.#torqueByte[0] = this.#power.isOn ? 1 : 0;
        this.#bus.ask(protocol.write(id, torque.address, this.#torqueByte), servo.ids, 0);
        return;
      default:
        step satisfies never;
    }
  }

  onReply(reply: StatusReply, goalRad: Float64Array): void {
    const servo = this.#servos[this.#servo];
    const step = this.#steps[this.#servo]?.[this.#step];
    if (servo === undefined || step === undefined) return;
    const error = this.#family.requestError(reply);
    if (error !== "") {
      this.#refusal = `it refuses a ${step.kind} step: ${error}`;
    } else if (step.kind === "read") {
      this.#refusal =
        reply.length === step.block.count
          ? (step.check(reply.bytes, reply.start) ?? "")
          : "short answer";
    } else if (step.kind === "adopt" && !this.#isTellingGoal) {
      if (reply.length !== this.#family.telemetry.count) {
        this.#refusal = "short answer";
        return;
      }
      this.#family.takeTelemetry(servo, reply.bytes, reply.start, this.#sample);
      goalRad[this.#servo] = this.#sample.posRad;
    }
  }

  /** Goes on to the next question. */
  next(isAnswered: boolean): SetupOutcome {
    const servo = this.#servos[this.#servo];
    if (servo === undefined) return fine;
    if (!isAnswered) return { problem: `no answer from ${servo.label}`, isFault: false };
    if (this.#refusal !== "") return { problem: `${servo.label}: ${this.#refusal}`, isFault: true };
    const steps = this.#steps[this.#servo] ?? [];
    if (steps[this.#step]?.kind === "adopt" && !this.#isTellingGoal) {
      this.#isTellingGoal = true;
      return fine;
    }
    this.#isTellingGoal = false;
    this.#step += 1;
    if (this.#step >= steps.length) {
      this.#step = 0;
      this.#servo += 1;
    }
    return fine;
  }

  #tellGoal(servo: Servo, goalRad: Float64Array): void {
    const { goal, protocol } = this.#family;
    this.#family.putGoal(servo, goalRad[this.#servo] ?? 0, this.#goalBytes, 0);
    this.#bus.ask(protocol.write(servo.mount.id, goal.address, this.#goalBytes), servo.ids, 0);
  }
}
