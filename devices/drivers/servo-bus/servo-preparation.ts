import { DriverLink } from "../../../bridge/contract/actuator-driver.ts";
import type { LinkHealth } from "../link-health.ts";
import type { HalfDuplexBus } from "./half-duplex-bus.ts";
import type { ServoPower } from "./servo-power.ts";
import type { ServoSetup } from "./servo-setup.ts";
import type { StatusReply } from "./servo-protocol.ts";

/** After a walk that came to a problem. */
const retryMs = 200;

/** Walks through the servos until one walk ends well, and tells what was in the way of the others. */
export class ServoPreparation {
  readonly #setup: ServoSetup;
  readonly #bus: HalfDuplexBus;
  readonly #power: ServoPower;
  readonly #health: LinkHealth;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** What the link is while servos do not answer: they were up before, or not yet. */
  #away: DriverLink = DriverLink.Opening;

  /** Servos behind one that does not answer are never reached by the walk, but hear this. */
  #tellsOff = false;
  #framesBefore = 0;
  #strayBytesBefore = 0;

  constructor(setup: ServoSetup, bus: HalfDuplexBus, power: ServoPower, health: LinkHealth) {
    this.#setup = setup;
    this.#bus = bus;
    this.#power = power;
    this.#health = health;
  }

  begin(away: DriverLink, notBeforeMs: number): void {
    this.#away = away;
    this.#notBeforeMs = notBeforeMs;
    this.#setup.restart();
    this.#framesBefore = this.#bus.frames;
    this.#strayBytesBefore = this.#bus.resyncBytes;
    this.powerChanged();
  }

  powerChanged(): void {
    this.#tellsOff = !this.#power.isOn;
  }

  /** @param goalRad where the servos are told to be, axis order: set to where they are found. */
  serve(nowMs: number, goalRad: Float64Array): void {
    if (this.#bus.isBusy) return;
    if (this.#tellsOff) this.#power.tell(false);
    this.#tellsOff = false;
    if (nowMs >= this.#notBeforeMs) this.#setup.ask(goalRad);
  }

  onReply(reply: StatusReply, goalRad: Float64Array): void {
    this.#setup.onReply(reply, goalRad);
  }

  /** A question is over; true when no question is left and all servos may move. */
  onDone(isComplete: boolean, nowMs: number, goalRad: Float64Array): boolean {
    const { problem, isFault } = this.#setup.next(isComplete);
    if (problem !== "") {
      const hint = isComplete ? "" : this.#noiseHint();
      this.#health.set(isFault ? DriverLink.Fault : this.#away, `${problem}${hint}`);
      this.begin(this.#away, nowMs + retryMs);
      return false;
    }
    if (this.#setup.isDone) return true;
    this.#setup.ask(goalRad);
    return false;
  }

  #noiseHint(): string {
    const isNoise =
      this.#bus.frames === this.#framesBefore && this.#bus.resyncBytes > this.#strayBytesBefore;
    return isNoise ? ", but bytes that are no packets: is the baud rate right?" : "";
  }
}
