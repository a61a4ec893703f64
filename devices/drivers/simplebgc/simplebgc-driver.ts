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
import { FrameScanner } from "../serial/frame-scanner.ts";
import { serialLine } from "../serial/serial-line.ts";
import { SilenceWatch } from "../silence-watch.ts";
import { SimplebgcGoal } from "./simplebgc-goal.ts";
import { simplebgcMounts } from "./simplebgc-mounts.ts";
import {
  commandOf,
  simplebgcFormat,
  simplebgcMaxFrameBytes,
  SimplebgcCommand,
  SimplebgcPackets,
} from "./simplebgc-packet.ts";
import { boardErrorText, emptyBoardState, takeAngles, takeRealtime } from "./simplebgc-realtime.ts";
import { SimplebgcSamples } from "./simplebgc-samples.ts";
import type { SimplebgcSettings } from "./simplebgc-schema.ts";

/** Silence after which the board counts as lost; it is still told where to be. */
const lostAfterMs = 250;
/** No telemetry for so long after a break: the actuation passes fault before anything moves again. */
const awayMs = 600;
/** The board's state is long (131 bytes), so it is asked for seldom. */
const stateEveryMs = 200;
/** Motors that were told to switch are told again if the state does not show it. */
const motorsRetryMs = 500;
const countersEveryMs = 500;

export interface SimplebgcOn {
  readonly openLine?: OpenByteLine;
  readonly monotonicMs?: () => number;
}

/** @param on a line and a clock of the caller's own instead of the serial port. */
export function openSimplebgcDriver(
  settings: SimplebgcSettings,
  device: DeviceDescription,
  telemetry: SampleRing,
  on: SimplebgcOn = {},
): ActuatorDriver {
  return new SimplebgcDriver(settings, device, telemetry, on);
}

/** A gimbal with a SimpleBGC 32-bit board. Its line is full duplex: commands and questions just go out. */
class SimplebgcDriver implements ActuatorDriver {
  readonly name = "simplebgc";
  readonly axisCount: number;
  readonly health = new LinkHealth(DriverLink.Opening, "the port is not open yet");
  readonly #settings: SimplebgcSettings;
  readonly #goal: SimplebgcGoal;
  readonly #samples: SimplebgcSamples;
  readonly #silence = new SilenceWatch(lostAfterMs);
  readonly #now: () => number;
  readonly #packets: SimplebgcPackets;
  readonly #scanner: FrameScanner;
  readonly #line: ByteLine;
  readonly #state = emptyBoardState();
  #isEnabled = true;
  #isDisposed = false;
  #wasUp = false;
  #hasState = false;
  /** The goal is where the board was found, or what was told since. */
  #hasGoal = false;
  #heardMs = Number.NEGATIVE_INFINITY;
  #nextControlMs = Number.NEGATIVE_INFINITY;
  #nextAnglesMs = Number.NEGATIVE_INFINITY;
  #nextStateMs = Number.NEGATIVE_INFINITY;
  #nextMotorsMs = Number.NEGATIVE_INFINITY;
  #nextCountersMs = Number.NEGATIVE_INFINITY;

  constructor(
    settings: SimplebgcSettings,
    device: DeviceDescription,
    telemetry: SampleRing,
    on: SimplebgcOn,
  ) {
    this.axisCount = device.axes.length;
    this.#settings = settings;
    const mounts = simplebgcMounts(settings, device);
    this.#goal = new SimplebgcGoal(device, mounts);
    this.#samples = new SimplebgcSamples(mounts, telemetry);
    this.#now = on.monotonicMs ?? monotonicMs;
    this.#packets = new SimplebgcPackets(settings.protocolVersion);
    this.#scanner = new FrameScanner(simplebgcFormat, simplebgcMaxFrameBytes, (bytes, start) => {
      this.#onFrame(bytes, start);
    });
    const { port, baudRate } = settings;
    const openLine = on.openLine ?? serialLine({ path: port, baudRate });
    this.#line = openLine({
      onBytes: (bytes, length) => {
        this.#scanner.feed(bytes, length);
      },
      onUp: () => {
        this.#scanner.clear();
        this.#lose("the port is open, the board has not answered yet");
      },
      onDown: (reason) => {
        this.#lose(reason);
      },
    });
  }

  /** // hot path */
  writeSetpoint(setpoint: Readonly<Setpoint>): void {
    if (this.#isDisposed) return;
    if (this.#hasGoal && this.#isEnabled) this.#goal.take(setpoint);
    this.#serve(this.#now());
  }

  /** // hot path */
  readTelemetry(out: Telemetry): boolean {
    if (!this.#isDisposed) this.#serve(this.#now());
    return this.#samples.read(out);
  }

  /** In a speed mode the gimbal turns until it is told otherwise: it is told at once. */
  stop(): void {
    if (this.#isDisposed || !this.#hasGoal || !this.#isEnabled) return;
    this.#goal.rest();
    this.#tellGoal(this.#now());
  }

  setEnabled(enabled: boolean): void {
    if (this.#isDisposed || enabled === this.#isEnabled) return;
    this.#isEnabled = enabled;
    this.#goal.isNew = false;
    // Powered again it stays where it hangs by then: the next angles tell where that is.
    this.#hasGoal = false;
    const nowMs = this.#now();
    if (!enabled) this.#tellMotors(nowMs);
    this.#nextAnglesMs = nowMs;
    this.#serve(nowMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.stop();
    this.#isDisposed = true;
    if (this.#settings.motorsOffAtClose)
      this.#send(this.#packets.command(SimplebgcCommand.MotorsOff));
    await this.#line[Symbol.asyncDispose]();
  }

  /** // hot path */
  #serve(nowMs: number): void {
    if (nowMs >= this.#nextCountersMs) this.#publishCounters(nowMs);
    if (!this.#line.isUp) return;
    this.#watchSilence(nowMs);
    if (this.#goal.isNew && nowMs >= this.#nextControlMs) this.#tellGoal(nowMs);
    if (nowMs >= this.#nextStateMs) {
      this.#nextStateMs = nowMs + stateEveryMs;
      this.#send(this.#packets.command(SimplebgcCommand.RealtimeData4));
    }
    if (nowMs >= this.#nextAnglesMs) {
      this.#nextAnglesMs = nowMs + 1000 / this.#settings.telemetryHz;
      const isFrame = this.#settings.angles === "frame";
      const id = isFrame ? SimplebgcCommand.RealtimeData4 : SimplebgcCommand.GetAngles;
      this.#send(this.#packets.command(id));
    }
  }

  #tellGoal(nowMs: number): void {
    this.#nextControlMs = nowMs + 1000 / this.#settings.controlHz;
    this.#send(this.#goal.encode(this.#packets));
  }

  #send(length: number): void {
    this.#line.write(this.#packets.frame, length);
  }

  #onFrame(bytes: Uint8Array, start: number): void {
    if (this.#isDisposed) return;
    switch (commandOf(bytes, start)) {
      case SimplebgcCommand.RealtimeData4:
        if (takeRealtime(bytes, start, this.#state)) this.#onState();
        return;
      case SimplebgcCommand.GetAngles:
        if (this.#settings.angles === "imu" && takeAngles(bytes, start, this.#state))
          this.#onAngles();
        return;
      case SimplebgcCommand.Error:
        this.health.count("refusedCommands");
        return;
      default:
      // Confirmations, and answers to what others asked.
    }
  }

  #onState(): void {
    const nowMs = this.#now();
    this.#hasState = true;
    this.#heardMs = nowMs;
    const text = boardErrorText(this.#state.systemError);
    if (text !== "") {
      this.health.set(DriverLink.Fault, text);
      this.#hasGoal = false;
      return;
    }
    this.#switchMotors(nowMs);
    if (this.#settings.angles === "frame") this.#onAngles();
  }

  #onAngles(): void {
    const nowMs = this.#now();
    this.#heardMs = nowMs;
    if (this.health.link !== DriverLink.Up) this.#tryUp(nowMs);
    if (this.health.link !== DriverLink.Up || nowMs === this.#samples.stampMs) return;
    const isFrame = this.#settings.angles === "frame";
    this.#samples.push(isFrame ? this.#state.rotorAngles : this.#state.imuAngles, nowMs);
    if (!this.#hasGoal) this.#adopt(nowMs);
  }

  /** Where it is found is where it is to stay: the board is told so before its motors come on. */
  #adopt(nowMs: number): void {
    this.#goal.hold(this.#samples.posRad);
    this.#hasGoal = true;
    if (!this.#isEnabled) return;
    this.#tellGoal(nowMs);
    this.#nextMotorsMs = nowMs;
    this.#switchMotors(nowMs);
  }

  #tryUp(nowMs: number): void {
    const isBackTooSoon = this.#wasUp && nowMs - this.#samples.stampMs < awayMs;
    const isFaulty = boardErrorText(this.#state.systemError) !== "";
    if (!this.#hasState || isFaulty || isBackTooSoon) return;
    this.#wasUp = true;
    this.#hasGoal = false;
    this.health.set(DriverLink.Up);
  }

  #switchMotors(nowMs: number): void {
    if (!this.#hasState || nowMs < this.#nextMotorsMs) return;
    if (this.#isEnabled && !this.#hasGoal) return;
    if (this.#state.areMotorsOn !== this.#isEnabled) this.#tellMotors(nowMs);
  }

  #tellMotors(nowMs: number): void {
    this.#nextMotorsMs = nowMs + motorsRetryMs;
    const { MotorsOn, MotorsOff } = SimplebgcCommand;
    this.#send(this.#packets.command(this.#isEnabled ? MotorsOn : MotorsOff));
  }

  #watchSilence(nowMs: number): void {
    this.#silence.asked(nowMs);
    if (this.health.link !== DriverLink.Up) return;
    if (!this.#silence.isSilent(this.#heardMs, nowMs)) return;
    this.health.set(DriverLink.Lost, `no answer from the board for ${lostAfterMs} ms`);
  }

  #lose(reason: string): void {
    this.#hasState = false;
    this.#hasGoal = false;
    this.#goal.isNew = false;
    this.health.set(this.#wasUp ? DriverLink.Lost : DriverLink.Opening, reason);
  }

  #publishCounters(nowMs: number): void {
    this.#nextCountersMs = nowMs + countersEveryMs;
    const { counters } = this.health;
    counters["checksumErrors"] = this.#scanner.checksumErrors;
    counters["resyncBytes"] = this.#scanner.resyncBytes;
    counters["droppedFrames"] = this.#line.droppedFrames;
    counters["reconnects"] = this.#line.reconnects;
  }
}
