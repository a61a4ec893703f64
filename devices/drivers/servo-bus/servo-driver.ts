import {
  DriverLink,
  type ActuatorDriver,
  type Setpoint,
  type Telemetry,
} from "../../../bridge/contract/actuator-driver.ts";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import type { AxisDescription, DeviceDescription } from "../../../bridge/contract/device.ts";
import type { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { clampSetpoint } from "../clamp-setpoint.ts";
import { LinkHealth } from "../link-health.ts";
import type { ByteLine, OpenByteLine } from "../serial/byte-line.ts";
import { HalfDuplexBus } from "./half-duplex-bus.ts";
import { Servo, type ServoMount } from "./servo.ts";
import type { ServoFamily, ServoSample } from "./servo-family.ts";
import { ServoSetup } from "./servo-setup.ts";
import type { StatusReply } from "./servo-protocol.ts";

/** Silence after which a servo counts as lost. Goals still go out until the actuation has braked. */
const lostAfterMs = 250;
/** Full rounds of answers that make lost servos trusted again. */
const roundsToReturn = 3;
/**
 * No telemetry for at least so long once anything was lost: the actuation takes 500 ms of silence for a
 * fault, so after a break it is always asked before anything moves again.
 */
const awayMs = 600;
const setupRetryMs = 200;
const countersEveryMs = 500;

export interface ServoDriverOptions {
  readonly family: ServoFamily;
  /** One per axis, in the device's order. */
  readonly mounts: readonly ServoMount[];
  readonly device: DeviceDescription;
  /** Width 3 * axes; this driver is its writer. */
  readonly telemetry: SampleRing;
  readonly openLine: OpenByteLine;
  readonly replyTimeoutMs: number;
  readonly echoes: boolean;
  /** Whether joints go limp when the driver is closed; an arm falls then. */
  readonly torqueOffAtClose: boolean;
  readonly monotonicMs?: () => number;
}

/** What the question on the bus is about. */
const Topic = { Setup: 0, Telemetry: 1, Torque: 2, Fault: 3 } as const;
type Topic = (typeof Topic)[keyof typeof Topic];

/**
 * Servos on one half-duplex bus as one device. Each tick tells all of them their goals in one packet and
 * asks all for their telemetry in another; while the answers are on their way the newest goal waits.
 */
export class ServoDriver implements ActuatorDriver {
  readonly name: string;
  readonly axisCount: number;
  readonly health = new LinkHealth(DriverLink.Opening, "the port is not open yet");
  readonly #family: ServoFamily;
  readonly #axes: readonly AxisDescription[];
  readonly #telemetry: SampleRing;
  readonly #torqueOffAtClose: boolean;
  readonly #now: () => number;
  readonly #servos: readonly Servo[];
  readonly #axisOfId = new Int16Array(256).fill(-1);
  readonly #ids: Uint8Array;
  readonly #bus: HalfDuplexBus;
  readonly #setup: ServoSetup;
  readonly #line: ByteLine;
  readonly #goalRad: Float64Array;
  readonly #goalVel: Float64Array;
  readonly #goalBytes: Uint8Array;
  readonly #torqueBytes: Uint8Array;
  /** Position, velocity, effort: a row of the ring. */
  readonly #row: Float64Array;
  readonly #sample: ServoSample = { posRad: 0, velRadPerS: 0, effortNm: 0 };
  #topic: Topic = Topic.Setup;
  /** The servo asked now, where each is asked by itself. */
  #asked = 0;
  #isSetUp = false;
  #isEnabled = true;
  #isTorqueSwitching = false;
  #torqueSeen = 0;
  #isGoalNew = false;
  #setpointCame = false;
  /** Rounds in a row after which all were known to be well. */
  #fullRounds = 0;
  #wrongId = 0;
  #lateReplies = 0;
  #sampleMs = Number.NaN;
  #sentMs = Number.NEGATIVE_INFINITY;
  /** Silence before this was our own: nobody had been asked. */
  #judgedFromMs = Number.NEGATIVE_INFINITY;
  #nextSetupMs = Number.NEGATIVE_INFINITY;
  #nextCountersMs = Number.NEGATIVE_INFINITY;
  #wasUp = false;
  #isDisposed = false;

  constructor(options: ServoDriverOptions) {
    const { family, mounts, device } = options;
    this.name = family.name;
    this.axisCount = device.axes.length;
    this.#family = family;
    this.#axes = device.axes;
    this.#telemetry = options.telemetry;
    this.#torqueOffAtClose = options.torqueOffAtClose;
    this.#now = options.monotonicMs ?? monotonicMs;
    this.#servos = mounts.map((mount) => new Servo(mount));
    this.#ids = Uint8Array.from(mounts, ({ id }) => id);
    for (const [axis, { id }] of mounts.entries()) this.#axisOfId[id] = axis;
    this.#goalRad = Float64Array.from(device.homeRad);
    this.#goalVel = new Float64Array(this.axisCount);
    this.#goalBytes = new Uint8Array(family.goal.count * this.axisCount);
    this.#torqueBytes = new Uint8Array(this.axisCount);
    this.#row = new Float64Array(3 * this.axisCount);
    this.#bus = new HalfDuplexBus({
      protocol: family.protocol,
      write: (frame, length) => {
        this.#sentMs = this.#now();
        this.#line.write(frame, length);
      },
      nowMs: this.#now,
      replyTimeoutMs: options.replyTimeoutMs,
      echoes: options.echoes,
      onReply: (reply) => {
        this.#onReply(reply);
      },
      onStray: (reply) => {
        this.#onStray(reply);
      },
      onDone: (isComplete) => {
        this.#onDone(isComplete);
      },
    });
    this.#setup = new ServoSetup(family, this.#servos, this.#bus);
    this.#line = options.openLine({
      onBytes: (bytes, length) => {
        this.#bus.receive(bytes, length);
      },
      onUp: () => {
        this.#onLineUp();
      },
      onDown: (reason) => {
        this.#onLineDown(reason);
      },
    });
  }

  /** // hot path */
  writeSetpoint(setpoint: Readonly<Setpoint>): void {
    if (this.#isDisposed) return;
    this.#setpointCame = true;
    if (this.#isSetUp && this.#isEnabled && !this.#isTorqueSwitching) {
      clampSetpoint(setpoint, this.#axes, this.#goalRad, this.#goalVel);
      this.#isGoalNew = true;
    }
    this.#serve(this.#now());
  }

  /** // hot path */
  readTelemetry(out: Telemetry): boolean {
    if (!this.#isDisposed) this.#serveUnlessSetpointComes();
    if (Number.isNaN(this.#sampleMs)) return false;
    const count = this.axisCount;
    out.stampMs = this.#sampleMs;
    for (let index = 0; index < count; index += 1) {
      out.posRad[index] = this.#row[index] ?? 0;
      out.velRadPerS[index] = this.#row[count + index] ?? 0;
      out.effortNm[index] = this.#row[2 * count + index] ?? 0;
    }
    return true;
  }

  /** The servos hold the last goal by themselves; it is told once more in case that packet was lost. */
  stop(): void {
    if (this.#isDisposed || !this.#isSetUp || !this.#isEnabled) return;
    this.#isGoalNew = true;
    this.#serve(this.#now());
  }

  setEnabled(enabled: boolean): void {
    if (this.#isDisposed || enabled === this.#isEnabled) return;
    this.#isEnabled = enabled;
    this.#setup.torque = enabled ? 1 : 0;
    this.#isTorqueSwitching = this.#isSetUp;
    this.#isGoalNew = false;
    this.#serve(this.#now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#line.isUp && this.#isSetUp) this.#sayFarewell();
    await this.#line[Symbol.asyncDispose]();
  }

  #sayFarewell(): void {
    const { protocol, farewell, torque } = this.#family;
    if (this.#isGoalNew) this.#tellGoals();
    if (farewell !== undefined) {
      const data = Uint8Array.from(this.#servos.flatMap(() => [...farewell.data]));
      this.#bus.tell(protocol.syncWrite(farewell.block, this.#ids, data));
    }
    if (!this.#torqueOffAtClose) return;
    this.#torqueBytes.fill(0);
    this.#bus.tell(protocol.syncWrite(torque, this.#ids, this.#torqueBytes));
  }

  /** A tick reads telemetry before it writes a setpoint: what it asks should go out after that. */
  #serveUnlessSetpointComes(): void {
    const nowMs = this.#now();
    if (this.#setpointCame) this.#bus.poll(nowMs);
    else this.#serve(nowMs);
    this.#setpointCame = false;
  }

  /** // hot path */
  #serve(nowMs: number): void {
    if (nowMs >= this.#nextCountersMs) this.#publishCounters(nowMs);
    if (!this.#line.isUp) return;
    this.#bus.poll(nowMs);
    if (this.#isSetUp && nowMs - this.#sentMs > this.#family.maxSilenceMs) this.#onOwnSilence();
    if (this.#isSetUp) this.#round(nowMs);
    else this.#continueSetup(nowMs);
  }

  #round(nowMs: number): void {
    this.#watchSilence(nowMs);
    if (this.#isGoalNew && this.#bus.canTell(nowMs)) this.#tellGoals();
    if (this.#bus.isBusy) return;
    if (this.#isTorqueSwitching) this.#switchTorque(nowMs);
    else if (!this.#askFault()) this.#askTelemetry();
  }

  #tellGoals(): void {
    const { goal, protocol } = this.#family;
    this.#isGoalNew = false;
    for (let index = 0; index < this.axisCount; index += 1) {
      const servo = this.#servos[index];
      if (servo === undefined) continue;
      this.#family.putGoal(servo, this.#goalRad[index] ?? 0, this.#goalBytes, index * goal.count);
    }
    this.#bus.tell(protocol.syncWrite(goal, this.#ids, this.#goalBytes));
  }

  #askTelemetry(): void {
    const { telemetry, protocol } = this.#family;
    this.#topic = Topic.Telemetry;
    this.#asked = 0;
    if (this.#family.canSyncRead) {
      this.#bus.ask(this.#family.askTelemetry(this.#ids), this.#ids, telemetry.count);
      return;
    }
    const first = this.#servos[0];
    if (first === undefined) return;
    this.#bus.ask(protocol.read(first.mount.id, telemetry), first.ids, telemetry.count);
  }

  /** Asks the first servo that said that something is wrong with it what that is. */
  #askFault(): boolean {
    const { fault, protocol } = this.#family;
    if (fault === undefined) return false;
    for (const servo of this.#servos) {
      if (servo.faultBits !== -1) continue;
      this.#topic = Topic.Fault;
      this.#bus.ask(protocol.read(servo.mount.id, fault), servo.ids, fault.count);
      return true;
    }
    return false;
  }

  /** Told to all at once, then read back: a servo that missed it is told again. */
  #switchTorque(nowMs: number): void {
    const { protocol, torque } = this.#family;
    if (this.#isEnabled) {
      // Powered where it stands, and nowhere else: needs to know where that is.
      if (!(nowMs - this.#sampleMs < lostAfterMs)) {
        this.#askTelemetry();
        return;
      }
      this.#goalRad.set(this.#row.subarray(0, this.axisCount));
      this.#goalVel.fill(0);
      this.#tellGoals();
    }
    this.#torqueBytes.fill(this.#isEnabled ? 1 : 0);
    this.#bus.tell(protocol.syncWrite(torque, this.#ids, this.#torqueBytes));
    this.#torqueSeen = 0;
    this.#topic = Topic.Torque;
    this.#asked = 0;
    if (this.#family.canSyncRead) {
      this.#bus.ask(protocol.syncRead(torque, this.#ids), this.#ids, torque.count);
      return;
    }
    const first = this.#servos[0];
    if (first !== undefined) {
      this.#bus.ask(protocol.read(first.mount.id, torque), first.ids, torque.count);
    }
  }

  #onReply(reply: StatusReply): void {
    const axis = this.#axisOfId[reply.id] ?? -1;
    const servo = this.#servos[axis];
    if (servo === undefined) return;
    servo.lastReplyMs = this.#now();
    const bits = this.#family.faultBits(reply);
    if (bits !== -1 || servo.faultBits === 0) servo.faultBits = bits;
    switch (this.#topic) {
      case Topic.Setup:
        this.#setup.onReply(reply, this.#goalRad);
        return;
      case Topic.Telemetry:
        this.#takeTelemetry(reply, servo, axis);
        return;
      case Topic.Torque:
        if (reply.length === 1 && reply.bytes[reply.start] === (this.#isEnabled ? 1 : 0)) {
          this.#torqueSeen += 1;
        }
        return;
      case Topic.Fault:
        if (reply.length === 1) servo.faultBits = reply.bytes[reply.start] ?? 0;
        return;
      default:
        this.#topic satisfies never;
    }
  }

  /** Where a servo was a moment ago is still worth knowing; all else that was not asked for is not. */
  #onStray(reply: StatusReply): void {
    const axis = this.#axisOfId[reply.id] ?? -1;
    const servo = this.#servos[axis];
    if (servo === undefined) {
      this.#wrongId += 1;
      return;
    }
    this.#lateReplies += 1;
    if (!this.#isSetUp || this.#topic !== Topic.Telemetry) return;
    servo.lastReplyMs = this.#now();
    this.#takeTelemetry(reply, servo, axis);
  }

  #takeTelemetry(reply: StatusReply, servo: Servo, axis: number): void {
    if (reply.length !== this.#family.telemetry.count) return;
    servo.sampleMs = this.#now();
    const sample = this.#sample;
    this.#family.takeTelemetry(servo, reply.bytes, reply.start, sample);
    this.#row[axis] = sample.posRad;
    this.#row[this.axisCount + axis] = sample.velRadPerS;
    this.#row[2 * this.axisCount + axis] = sample.effortNm;
  }

  #onDone(isComplete: boolean): void {
    switch (this.#topic) {
      case Topic.Setup:
        this.#onSetupDone(isComplete);
        return;
      case Topic.Telemetry:
        if (this.#askNext()) return;
        this.#onRound();
        break;
      case Topic.Torque:
        if (this.#askNext()) return;
        if (this.#torqueSeen === this.axisCount) this.#isTorqueSwitching = false;
        break;
      case Topic.Fault:
        this.#tellFault();
        break;
      default:
        this.#topic satisfies never;
    }
    if (!this.#isSetUp || this.#bus.isBusy) return;
    // The newest goal has waited for the bus, and so has power.
    if (this.#isGoalNew) this.#tellGoals();
    if (this.#isTorqueSwitching) this.#switchTorque(this.#now());
  }

  /** Where servos are asked one by one: the next one. */
  #askNext(): boolean {
    if (this.#family.canSyncRead) return false;
    this.#asked += 1;
    const next = this.#servos[this.#asked];
    if (next === undefined) return false;
    const { protocol, telemetry, torque } = this.#family;
    const block = this.#topic === Topic.Torque ? torque : telemetry;
    this.#bus.ask(protocol.read(next.mount.id, block), next.ids, block.count);
    return true;
  }

  /**
   * All have been asked. Some answers may have been spoiled: as long as each servo has told where it is
   * lately, the row is good, and as old as its oldest part.
   */
  #onRound(): void {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const servo of this.#servos) oldestMs = Math.min(oldestMs, servo.sampleMs);
    const isFresh = this.#now() - oldestMs < lostAfterMs;
    this.#fullRounds = isFresh ? this.#fullRounds + 1 : 0;
    if (this.#tellFault() || !isFresh) return;
    if (this.health.link === DriverLink.Up) this.#push(oldestMs);
    else if (this.#fullRounds >= roundsToReturn) this.#beginSetup();
  }

  #push(stampMs: number): void {
    if (stampMs <= this.#sampleMs) return;
    this.#sampleMs = stampMs;
    this.#telemetry.push(stampMs, this.#row);
  }

  /** True if a servo is in fault: told as the device's own, and no telemetry until it is over. */
  #tellFault(): boolean {
    let reason = "";
    for (const servo of this.#servos) {
      if (servo.faultBits === 0) continue;
      if (servo.faultBits < 0) return true;
      reason += `${reason === "" ? "" : "; "}${servo.label}: ${this.#family.faultText(servo.faultBits)}`;
    }
    if (reason === "") return false;
    this.#fullRounds = 0;
    this.health.set(DriverLink.Fault, reason);
    return true;
  }

  #watchSilence(nowMs: number): void {
    if (this.health.link !== DriverLink.Up) return;
    if (nowMs - this.#sentMs > lostAfterMs / 2) this.#judgedFromMs = nowMs;
    if (nowMs - this.#judgedFromMs <= lostAfterMs) return;
    let silentCount = 0;
    let silent: Servo | undefined;
    for (const servo of this.#servos) {
      if (nowMs - servo.lastReplyMs <= lostAfterMs) continue;
      silentCount += 1;
      silent ??= servo;
    }
    const isStale = nowMs - this.#sampleMs > lostAfterMs;
    if (silent === undefined && !isStale) return;
    this.#fullRounds = 0;
    const others = silentCount > 1 ? ` and ${silentCount - 1} more` : "";
    const who = silent === undefined ? "all servos at once" : `${silent.label}${others}`;
    this.health.set(DriverLink.Lost, `no answer from ${who} for ${lostAfterMs} ms`);
  }

  /** The thread was held up: goals are refused until the servos' watchdog is cleared. */
  #onOwnSilence(): void {
    const ms = this.#family.maxSilenceMs;
    this.health.set(
      DriverLink.Lost,
      `nothing was sent for ${ms} ms, the servos have stopped by themselves`,
    );
    this.health.count("ownSilences");
    this.#bus.reset();
    this.#beginSetup();
  }

  #onLineUp(): void {
    this.#bus.reset();
    this.health.set(
      this.#wasUp ? DriverLink.Lost : DriverLink.Opening,
      "the port is open, no servo has answered yet",
    );
    this.#beginSetup();
  }

  #onLineDown(reason: string): void {
    this.#bus.reset();
    this.#isSetUp = false;
    this.health.set(this.#wasUp ? DriverLink.Lost : DriverLink.Opening, reason);
  }

  #beginSetup(): void {
    this.#isSetUp = false;
    this.#isGoalNew = false;
    this.#isTorqueSwitching = false;
    this.#setup.restart();
    this.#nextSetupMs = this.#wasUp ? this.#sampleMs + awayMs : Number.NEGATIVE_INFINITY;
  }

  #continueSetup(nowMs: number): void {
    if (this.#bus.isBusy || nowMs < this.#nextSetupMs) return;
    this.#topic = Topic.Setup;
    this.#setup.ask(this.#goalRad);
  }

  #onSetupDone(isComplete: boolean): void {
    const { problem, isFault } = this.#setup.next(isComplete);
    if (problem !== "") {
      const away = this.#wasUp ? DriverLink.Lost : DriverLink.Opening;
      this.health.set(isFault ? DriverLink.Fault : away, problem);
      this.#setup.restart();
      this.#nextSetupMs = this.#now() + setupRetryMs;
    } else if (this.#setup.isDone) {
      this.#onSetUp();
    } else {
      this.#setup.ask(this.#goalRad);
    }
  }

  #onSetUp(): void {
    this.#isSetUp = true;
    this.#wasUp = true;
    this.#fullRounds = 0;
    // Nobody was asked for telemetry while the servos were prepared.
    this.#sampleMs = this.#judgedFromMs = this.#now();
    for (const servo of this.#servos) servo.sampleMs = this.#sampleMs;
    for (let index = 0; index < this.axisCount; index += 1)
      this.#row[index] = this.#goalRad[index] ?? 0;
    this.#row.fill(0, this.axisCount);
    this.#telemetry.push(this.#sampleMs, this.#row);
    this.health.set(DriverLink.Up);
  }

  #publishCounters(nowMs: number): void {
    this.#nextCountersMs = nowMs + countersEveryMs;
    const { counters } = this.health;
    counters["checksumErrors"] = this.#bus.checksumErrors;
    counters["resyncBytes"] = this.#bus.resyncBytes;
    counters["timeouts"] = this.#bus.timeouts;
    counters["wrongId"] = this.#wrongId;
    counters["lateReplies"] = this.#lateReplies;
    counters["collisions"] = this.#bus.collisions;
    counters["droppedFrames"] = this.#line.droppedFrames;
    counters["reconnects"] = this.#line.reconnects;
  }
}
