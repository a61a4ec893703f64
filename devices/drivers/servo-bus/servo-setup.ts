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

/** A joint that has moved farther since it was found would jump back when powered. */
const stillRad = 0.05;

/**
 * Walks every servo through its steps before it may move: who are you, is anything wrong, where are you,
 * stay there, are you still there, power. One question at a time; a servo that does not answer ends the walk.
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
  #isRefusalFault = true;
  #skipCount = 0;

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
    this.#skipCount = 0;
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
      case "unless":
        this.#bus.ask(protocol.read(id, step.block), servo.ids, step.block.count);
        return;
      case "write":
        this.#bus.ask(protocol.write(id, step.address, step.data), servo.ids, 0);
        return;
      case "adopt":
        if (this.#isTellingGoal) this.#tellGoal(servo, goalRad);
        else this.#bus.ask(protocol.read(id, telemetry), servo.ids, telemetry.count);
        return;
      case "verify":
        this.#bus.ask(protocol.read(id, telemetry), servo.ids, telemetry.count);
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
    if (error !== "") this.#refuse(`it refuses a ${step.kind} step: ${error}`);
    else if (reply.length !== this.#expectedCount(step)) this.#refuse("short answer");
    else this.#take(step, servo, reply, goalRad);
  }

  /** Goes on to the next question. */
  next(isAnswered: boolean): SetupOutcome {
    const servo = this.#servos[this.#servo];
    if (servo === undefined) return fine;
    if (!isAnswered) return { problem: `no answer from ${servo.label}`, isFault: false };
    if (this.#refusal !== "") {
      return { problem: `${servo.label}: ${this.#refusal}`, isFault: this.#isRefusalFault };
    }
    const steps = this.#steps[this.#servo] ?? [];
    if (steps[this.#step]?.kind === "adopt" && !this.#isTellingGoal) {
      this.#isTellingGoal = true;
      return fine;
    }
    this.#isTellingGoal = false;
    this.#step += 1 + this.#skipCount;
    this.#skipCount = 0;
    if (this.#step >= steps.length) {
      this.#step = 0;
      this.#servo += 1;
    }
    return fine;
  }

  #expectedCount(step: SetupStep): number {
    switch (step.kind) {
      case "read":
      case "unless":
        return step.block.count;
      case "adopt":
        return this.#isTellingGoal ? 0 : this.#family.telemetry.count;
      case "verify":
        return this.#family.telemetry.count;
      case "write":
      case "torque":
        return 0;
      default:
        return step satisfies never;
    }
  }

  #take(step: SetupStep, servo: Servo, reply: StatusReply, goalRad: Float64Array): void {
    const { bytes, start } = reply;
    switch (step.kind) {
      case "read":
        this.#refuse(step.check(bytes, start));
        return;
      case "unless":
        this.#skipCount = step.isSo(bytes, start) ? step.skipCount : 0;
        return;
      case "adopt":
        if (this.#isTellingGoal) return;
        this.#family.takeTelemetry(servo, bytes, start, this.#sample);
        goalRad[this.#servo] = this.#sample.posRad;
        this.#refuse(servo.reachProblem(this.#sample.posRad));
        return;
      case "verify":
        this.#family.takeTelemetry(servo, bytes, start, this.#sample);
        this.#verify(goalRad[this.#servo] ?? 0);
        return;
      case "write":
      case "torque":
        return;
      default:
        step satisfies never;
    }
  }

  /** A servo that is to be limp may move as it likes. */
  #verify(foundRad: number): void {
    const movedRad = Math.abs(this.#sample.posRad - foundRad);
    if (!this.#power.isOn || movedRad <= stillRad) return;
    this.#refuse(
      `it moved by ${movedRad.toFixed(2)} rad while it was prepared, so it is not powered`,
    );
    this.#isRefusalFault = false;
  }

  #refuse(problem: string | undefined): void {
    this.#refusal = problem ?? "";
    this.#isRefusalFault = true;
  }

  #tellGoal(servo: Servo, goalRad: Float64Array): void {
    const { goal, protocol } = this.#family;
    this.#family.putGoal(servo, goalRad[this.#servo] ?? 0, this.#goalBytes, 0);
    this.#bus.ask(protocol.write(servo.mount.id, goal.address, this.#goalBytes), servo.ids, 0);
  }
}
