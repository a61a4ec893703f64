import { DriverLink } from "../../../bridge/contract/actuator-driver.ts";
import type { LinkHealth } from "../link-health.ts";
import { SilenceWatch } from "../silence-watch.ts";
import type { HalfDuplexBus } from "./half-duplex-bus.ts";
import type { Servo } from "./servo.ts";
import type { ServoFamily } from "./servo-family.ts";
import type { ServoFaults } from "./servo-faults.ts";
import type { ServoGoals } from "./servo-goals.ts";
import type { ServoPower } from "./servo-power.ts";
import type { StatusReply } from "./servo-protocol.ts";
import type { ServoSamples } from "./servo-samples.ts";
import { ServoSurvey } from "./servo-survey.ts";
import { ServoVitals } from "./servo-vitals.ts";

/** Silence after which a servo counts as lost. Goals still go out until the actuation has braked. */
const lostAfterMs = 250;
/** Full rounds of answers that make lost servos trusted again. */
const roundsToReturn = 3;

/** What the question on the bus is about. */
const Topic = { Telemetry: 0, Power: 1, Fault: 2, Vitals: 3 } as const;
type Topic = (typeof Topic)[keyof typeof Topic];

export interface ServoRoundsOptions {
  readonly family: ServoFamily;
  readonly servos: readonly Servo[];
  readonly bus: HalfDuplexBus;
  readonly goals: ServoGoals;
  readonly samples: ServoSamples;
  readonly power: ServoPower;
  readonly faults: ServoFaults;
  readonly health: LinkHealth;
  readonly nowMs: () => number;
  /** The servos answer, but are not what they were set up to be, or have been away. */
  readonly setUpAgain: () => void;
}

/**
 * What goes on with servos that are set up: goals out, telemetry in, power, faults and vitals when there is need.
 * While answers are on their way the newest goal waits. Judges whether the servos are well.
 */
export class ServoRounds {
  readonly #servos: readonly Servo[];
  readonly #bus: HalfDuplexBus;
  readonly #goals: ServoGoals;
  readonly #samples: ServoSamples;
  readonly #power: ServoPower;
  readonly #faults: ServoFaults;
  readonly #health: LinkHealth;
  readonly #now: () => number;
  readonly #setUpAgain: () => void;
  readonly #telemetry: ServoSurvey;
  readonly #vitals: ServoVitals;
  readonly #silence = new SilenceWatch(lostAfterMs);
  #topic: Topic = Topic.Telemetry;
  /** Rounds in a row after which all were known to be well. */
  #fullRounds = 0;

  constructor(options: ServoRoundsOptions) {
    const { family, servos, bus } = options;
    this.#servos = servos;
    this.#bus = bus;
    this.#goals = options.goals;
    this.#samples = options.samples;
    this.#power = options.power;
    this.#faults = options.faults;
    this.#health = options.health;
    this.#now = options.nowMs;
    this.#setUpAgain = options.setUpAgain;
    this.#telemetry = new ServoSurvey(family, servos, bus, family.telemetry);
    this.#vitals = new ServoVitals(family, servos, bus, options.power);
  }

  /** The servos have just been set up. */
  begin(nowMs: number): void {
    this.#fullRounds = 0;
    // Nobody was asked for telemetry while the servos were prepared.
    this.#silence.restart(nowMs);
    this.#vitals.begin(nowMs);
  }

  /** // hot path */
  serve(nowMs: number): void {
    this.#silence.asked(nowMs);
    this.#watchSilence(nowMs);
    if (this.#goals.isNew && this.#bus.canTell(nowMs)) this.#goals.tell();
    if (this.#bus.isBusy) return;
    if (this.#power.isSwitching) this.#switchPower(nowMs);
    else if (this.#faults.ask()) this.#topic = Topic.Fault;
    else if (this.#health.link === DriverLink.Up && this.#vitals.ask(nowMs)) {
      this.#topic = Topic.Vitals;
    } else this.#askTelemetry();
  }

  /** // hot path */
  onReply(reply: StatusReply, servo: Servo, axis: number): void {
    switch (this.#topic) {
      case Topic.Telemetry:
        this.#samples.take(reply, servo, axis, this.#now());
        return;
      case Topic.Power:
        this.#power.onReply(reply, axis);
        return;
      case Topic.Fault:
        this.#faults.onReply(reply, servo);
        return;
      case Topic.Vitals:
        this.#vitals.onReply(reply, servo);
        return;
      default:
        this.#topic satisfies never;
    }
  }

  /**
   * Where a servo was a moment ago is still worth knowing; all else that was not asked for is not. Only
   * telemetry has its length.
   */
  onStray(reply: StatusReply, servo: Servo, axis: number): void {
    servo.lastReplyMs = this.#now();
    this.#samples.take(reply, servo, axis, this.#now());
  }

  /** The bus is free: what has waited for it goes out. // hot path */
  onDone(): void {
    switch (this.#topic) {
      case Topic.Telemetry:
        if (this.#telemetry.next()) return;
        this.#onRound();
        break;
      case Topic.Power:
        if (!this.#power.onDone()) return;
        break;
      case Topic.Fault:
        this.#tellFault();
        break;
      case Topic.Vitals:
        if (!this.#vitals.onDone()) return;
        this.#judgeVitals();
        break;
      default:
        this.#topic satisfies never;
    }
  }

  /** The newest goal has waited for the bus, and so has power. // hot path */
  afterDone(nowMs: number): void {
    if (this.#bus.isBusy) return;
    if (this.#goals.isNew) this.#goals.tell();
    if (this.#power.isSwitching) this.#switchPower(nowMs);
  }

  #askTelemetry(): void {
    this.#topic = Topic.Telemetry;
    this.#telemetry.begin();
  }

  #switchPower(nowMs: number): void {
    if (this.#power.isOn) {
      // Powered where it hangs now, and nowhere else: a limp joint may have fallen since it was last seen.
      if (this.#samples.oldestMs() <= this.#power.changedMs) {
        this.#askTelemetry();
        return;
      }
      this.#holdLimpOnes();
      this.#goals.tell();
    }
    this.#topic = Topic.Power;
    this.#power.apply(nowMs);
  }

  /** Who is powered already keeps its goal: put to where it sags it would sag once more. */
  #holdLimpOnes(): void {
    for (let axis = 0; axis < this.#servos.length; axis += 1) {
      if (!this.#power.isSeen(axis)) this.#goals.hold(axis, this.#samples.posRad[axis] ?? 0);
    }
  }

  #judgeVitals(): void {
    const { problem } = this.#vitals;
    if (problem === "") return;
    this.#health.set(DriverLink.Lost, problem);
    this.#health.count("lostSettings");
    this.#setUpAgain();
  }

  /**
   * All have been asked. Some answers may have been spoiled: as long as each servo has told where it is
   * lately, the row is good, and as old as its oldest part.
   */
  #onRound(): void {
    const oldestMs = this.#samples.oldestMs();
    const isFresh = this.#now() - oldestMs < lostAfterMs;
    this.#fullRounds = isFresh ? this.#fullRounds + 1 : 0;
    if (this.#tellFault() || !isFresh) return;
    if (this.#health.link === DriverLink.Up) this.#samples.push(oldestMs);
    else if (this.#fullRounds >= roundsToReturn) this.#setUpAgain();
  }

  /** True if a servo is in fault: told as the device's own, and no telemetry until it is over. */
  #tellFault(): boolean {
    if (!this.#faults.isAny) return false;
    const text = this.#faults.text();
    if (text === "") return true;
    this.#fullRounds = 0;
    this.#health.set(DriverLink.Fault, text);
    return true;
  }

  #watchSilence(nowMs: number): void {
    if (this.#health.link !== DriverLink.Up) return;
    let silentCount = 0;
    let silent: Servo | undefined;
    for (const servo of this.#servos) {
      if (!this.#silence.isSilent(servo.lastReplyMs, nowMs)) continue;
      silentCount += 1;
      silent ??= servo;
    }
    if (silent === undefined && !this.#silence.isSilent(this.#samples.stampMs, nowMs)) return;
    this.#fullRounds = 0;
    const others = silentCount > 1 ? ` and ${silentCount - 1} more` : "";
    const who = silent === undefined ? "all servos at once" : `${silent.label}${others}`;
    this.#health.set(DriverLink.Lost, `no answer from ${who} for ${lostAfterMs} ms`);
  }
}
