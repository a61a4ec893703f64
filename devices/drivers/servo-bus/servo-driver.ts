import {
  DriverLink,
  type ActuatorDriver,
  type Setpoint,
  type Telemetry,
} from "../../../bridge/contract/actuator-driver.ts";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import type { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { LinkHealth } from "../link-health.ts";
import type { ByteLine, OpenByteLine } from "../serial/byte-line.ts";
import { HalfDuplexBus } from "./half-duplex-bus.ts";
import { Servo, type ServoMount } from "./servo.ts";
import type { ServoFamily } from "./servo-family.ts";
import { ServoFaults } from "./servo-faults.ts";
import { ServoGoals } from "./servo-goals.ts";
import { ServoPower } from "./servo-power.ts";
import { ServoPreparation } from "./servo-preparation.ts";
import type { StatusReply } from "./servo-protocol.ts";
import { ServoRounds } from "./servo-rounds.ts";
import { ServoSamples } from "./servo-samples.ts";
import { ServoSetup } from "./servo-setup.ts";

/**
 * No telemetry for at least so long once anything was lost: the actuation takes 500 ms of silence for a
 * fault, so after a break it is always asked before anything moves again.
 */
const awayMs = 600;
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

/**
 * Servos on one half-duplex bus as one device: a line that comes and goes, a walk through all servos
 * before any may move (`ServoPreparation`), then rounds (`ServoRounds`).
 */
export class ServoDriver implements ActuatorDriver {
  readonly name: string;
  readonly axisCount: number;
  readonly health = new LinkHealth(DriverLink.Opening, "the port is not open yet");
  readonly #family: ServoFamily;
  readonly #torqueOffAtClose: boolean;
  readonly #now: () => number;
  readonly #servos: readonly Servo[];
  readonly #axisOfId = new Int16Array(256).fill(-1);
  readonly #bus: HalfDuplexBus;
  readonly #line: ByteLine;
  readonly #goals: ServoGoals;
  readonly #samples: ServoSamples;
  readonly #power: ServoPower;
  readonly #faults: ServoFaults;
  readonly #preparation: ServoPreparation;
  readonly #rounds: ServoRounds;
  #isSetUp = false;
  #setpointCame = false;
  #wrongId = 0;
  #lateReplies = 0;
  #sentMs = Number.NEGATIVE_INFINITY;
  #nextCountersMs = Number.NEGATIVE_INFINITY;
  #wasUp = false;
  #isDisposed = false;

  constructor(options: ServoDriverOptions) {
    const { family, mounts, device } = options;
    this.name = family.name;
    this.axisCount = device.axes.length;
    this.#family = family;
    this.#torqueOffAtClose = options.torqueOffAtClose;
    this.#now = options.monotonicMs ?? monotonicMs;
    const servos = mounts.map((mount) => new Servo(mount));
    for (const [axis, { id }] of mounts.entries()) this.#axisOfId[id] = axis;
    const bus = this.#makeBus(options);
    this.#servos = servos;
    this.#bus = bus;
    this.#goals = new ServoGoals(family, servos, bus, device);
    this.#samples = new ServoSamples(family, servos, options.telemetry);
    this.#power = new ServoPower(family, servos, bus);
    this.#faults = new ServoFaults(family, servos, bus);
    const setup = new ServoSetup(family, servos, bus, this.#power);
    this.#preparation = new ServoPreparation(setup, bus, this.#power, this.health);
    this.#rounds = new ServoRounds({
      family,
      servos,
      bus,
      goals: this.#goals,
      samples: this.#samples,
      power: this.#power,
      faults: this.#faults,
      health: this.health,
      nowMs: this.#now,
      setUpAgain: () => {
        this.#beginSetup();
      },
    });
    this.#line = this.#openLine(options.openLine);
  }

  /** // hot path */
  writeSetpoint(setpoint: Readonly<Setpoint>): void {
    if (this.#isDisposed) return;
    this.#setpointCame = true;
    if (this.#isSetUp && this.#power.isOn && !this.#power.isSwitching) this.#goals.take(setpoint);
    this.#serve(this.#now());
  }

  /** // hot path */
  readTelemetry(out: Telemetry): boolean {
    if (!this.#isDisposed) this.#serveUnlessSetpointComes();
    return this.#samples.read(out);
  }

  /** The servos hold the last goal by themselves; it is told once more in case that packet was lost. */
  stop(): void {
    if (this.#isDisposed || !this.#isSetUp || !this.#power.isOn) return;
    this.#goals.isNew = true;
    this.#serve(this.#now());
  }

  setEnabled(enabled: boolean): void {
    if (this.#isDisposed || enabled === this.#power.isOn) return;
    this.#power.want(enabled, this.#now());
    this.#power.isSwitching = this.#isSetUp;
    this.#preparation.powerChanged();
    this.#goals.isNew = false;
    this.#serve(this.#now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#line.isUp) this.#sayFarewell();
    await this.#line[Symbol.asyncDispose]();
  }

  #makeBus(options: ServoDriverOptions): HalfDuplexBus {
    return new HalfDuplexBus({
      protocol: options.family.protocol,
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
  }

  #openLine(open: OpenByteLine): ByteLine {
    return open({
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

  #sayFarewell(): void {
    const { protocol, farewell } = this.#family;
    if (this.#goals.isNew) this.#goals.tell();
    if (farewell !== undefined && this.#isSetUp) {
      const ids = Uint8Array.from(this.#servos, ({ mount }) => mount.id);
      const data = Uint8Array.from(this.#servos.flatMap(() => [...farewell.data]));
      this.#bus.tell(protocol.syncWrite(farewell.block, ids, data));
    }
    if (this.#torqueOffAtClose) this.#power.tell(false);
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
    if (this.#isSetUp) this.#rounds.serve(nowMs);
    else this.#preparation.serve(nowMs, this.#goals.posRad);
  }

  #onReply(reply: StatusReply): void {
    const axis = this.#axisOfId[reply.id] ?? -1;
    const servo = this.#servos[axis];
    if (servo === undefined) return;
    servo.lastReplyMs = this.#now();
    this.#faults.note(reply, servo);
    if (this.#isSetUp) this.#rounds.onReply(reply, servo, axis);
    else this.#preparation.onReply(reply, this.#goals.posRad);
  }

  #onStray(reply: StatusReply): void {
    const axis = this.#axisOfId[reply.id] ?? -1;
    const servo = this.#servos[axis];
    if (servo === undefined) {
      this.#wrongId += 1;
      return;
    }
    this.#lateReplies += 1;
    if (this.#isSetUp) this.#rounds.onStray(reply, servo, axis);
  }

  #onDone(isComplete: boolean): void {
    const nowMs = this.#now();
    if (this.#isSetUp) this.#rounds.onDone();
    else if (this.#preparation.onDone(isComplete, nowMs, this.#goals.posRad)) this.#onSetUp(nowMs);
    if (this.#isSetUp) this.#rounds.afterDone(nowMs);
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
    this.health.set(this.#away, "the port is open, no servo has answered yet");
    this.#beginSetup();
  }

  #onLineDown(reason: string): void {
    this.#bus.reset();
    this.#isSetUp = false;
    this.health.set(this.#away, reason);
  }

  /** What the link is while nobody answers. */
  get #away(): DriverLink {
    return this.#wasUp ? DriverLink.Lost : DriverLink.Opening;
  }

  #beginSetup(): void {
    this.#isSetUp = false;
    this.#goals.isNew = false;
    this.#power.isSwitching = false;
    const { stampMs } = this.#samples;
    this.#preparation.begin(this.#away, this.#wasUp ? stampMs + awayMs : Number.NEGATIVE_INFINITY);
  }

  #onSetUp(nowMs: number): void {
    this.#isSetUp = true;
    this.#wasUp = true;
    this.#samples.restart(this.#goals.posRad, nowMs);
    this.#rounds.begin(nowMs);
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
