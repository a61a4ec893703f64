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
import { serialLine } from "../serial/serial-line.ts";
import { BootClock } from "./boot-clock.ts";
import {
  gimbalComponentIds,
  gimbalErrorText,
  GimbalFlag,
  MavCommand,
  MavState,
  MavType,
  noAutopilot,
} from "./codec/constants.ts";
import { FrameReader, type Arrival } from "./codec/frame-reader.ts";
import { FrameWriter } from "./codec/frame-writer.ts";
import { emptyMessage } from "./codec/message-layout.ts";
import { messages, type Message } from "./codec/messages.ts";
import { openSigning } from "./codec/signing-key.ts";
import { datagramLine, parseEndpoint } from "./datagram-line.ts";
import {
  readFrdQuaternion,
  readFrdRates,
  writeFrdQuaternion,
  writeFrdRates,
  type GimbalAngles,
} from "./gimbal-frames.ts";
import { gimbalJoints, type GimbalJoints } from "./gimbal-joints.ts";
import type { MavlinkSettings } from "./mavlink-schema.ts";
import { toldLimits } from "./told-limits.ts";

/** Silence after which the gimbal counts as lost; it is still told where to be. */
const lostAfterMs = 400;
/** No telemetry for so long after a break: the actuation passes fault before anything moves again. */
const awayMs = 600;
const heartbeatMs = 1000;
/** What was asked for is asked for again until it is there. */
const askAgainMs = 500;
const countersEveryMs = 500;

export interface MavlinkOn {
  readonly openLine?: OpenByteLine;
  readonly monotonicMs?: () => number;
}

/**
 * @param on a line and a clock of the caller's own instead of the socket or serial port.
 * @throws BridgeError `config/invalid` for a signing key that is none.
 */
export function openMavlinkDriver(
  settings: MavlinkSettings,
  device: DeviceDescription,
  telemetry: SampleRing,
  on: MavlinkOn = {},
): ActuatorDriver {
  return new MavlinkDriver(settings, device, telemetry, on);
}

/** A gimbal that speaks MAVLink's Gimbal Protocol v2, with us as its gimbal manager. */
class MavlinkDriver implements ActuatorDriver {
  readonly name = "mavlink";
  readonly axisCount: number;
  readonly health = new LinkHealth(DriverLink.Opening, "the link is not open yet");
  readonly #settings: MavlinkSettings;
  readonly #profileAxes: readonly AxisDescription[];
  readonly #joints: GimbalJoints;
  readonly #telemetry: SampleRing;
  readonly #now: () => number;
  readonly #reader: FrameReader;
  readonly #writer: FrameWriter;
  readonly #line: ByteLine;
  readonly #bootClock = new BootClock();
  readonly #goalRad: Float64Array;
  readonly #goalVel: Float64Array;
  readonly #row: Float64Array;
  readonly #angles: GimbalAngles = { yawRad: 0, rollRad: 0, pitchRad: 0 };
  readonly #rates: GimbalAngles = { yawRad: 0, rollRad: 0, pitchRad: 0 };
  readonly #xyz = new Float64Array(3);
  readonly #setAttitude = emptyMessage(messages.gimbalDeviceSetAttitude);
  readonly #command = emptyMessage(messages.commandLong);
  readonly #heartbeat = emptyMessage(messages.heartbeat);
  #axes: readonly AxisDescription[];
  /** The gimbal we drive: 0 while none is chosen. */
  #systemId = 0;
  #componentId = 0;
  #hasInformation = false;
  /** Why this gimbal and the profile do not go together; empty if they do. */
  #misfit = "";
  #isDisposed = false;
  #wasUp = false;
  /** The goal is where the gimbal was found, or what was told since. */
  #hasGoal = false;
  #isGoalNew = false;
  #sampleMs = Number.NaN;
  #heardMs = Number.NEGATIVE_INFINITY;
  #servedMs = Number.NEGATIVE_INFINITY;
  #judgedFromMs = Number.NEGATIVE_INFINITY;
  #nextGoalMs = Number.NEGATIVE_INFINITY;
  #nextHeartbeatMs = Number.NEGATIVE_INFINITY;
  #nextAskMs = Number.NEGATIVE_INFINITY;
  #nextCountersMs = Number.NEGATIVE_INFINITY;
  #statusesSinceAsk = 0;

  constructor(
    settings: MavlinkSettings,
    device: DeviceDescription,
    telemetry: SampleRing,
    on: MavlinkOn,
  ) {
    this.axisCount = device.axes.length;
    this.#settings = settings;
    this.#profileAxes = this.#axes = device.axes;
    this.#joints = gimbalJoints(device);
    this.#telemetry = telemetry;
    this.#now = on.monotonicMs ?? monotonicMs;
    this.#goalRad = Float64Array.from(device.homeRad);
    this.#goalVel = new Float64Array(this.axisCount);
    this.#row = new Float64Array(3 * this.axisCount);
    const signing = openSigning(settings);
    this.#writer = new FrameWriter(settings, signing);
    this.#reader = new FrameReader((arrival) => {
      if (!this.#isDisposed) this.#onMessage(arrival);
    }, signing);
    this.#heartbeat.type = MavType.onboardController;
    this.#heartbeat.autopilot = noAutopilot;
    this.#heartbeat.system_status = MavState.active;
    this.#heartbeat.mavlink_version = 3;
    const isStream = settings.port !== undefined;
    const openLine = on.openLine ?? openLineOf(settings, this.#now);
    this.#line = openLine({
      onBytes: (bytes, length) => {
        if (isStream) this.#reader.feed(bytes, length);
        else this.#reader.feedDatagram(bytes, length);
      },
      onUp: () => {
        this.#reader.clear();
        this.#lose("the link is open, no gimbal has spoken yet");
      },
      onDown: (reason) => {
        this.#lose(reason);
      },
    });
  }

  /** // hot path */
  writeSetpoint(setpoint: Readonly<Setpoint>): void {
    if (this.#isDisposed) return;
    if (this.#hasGoal) {
      clampSetpoint(setpoint, this.#axes, this.#goalRad, this.#goalVel);
      this.#isGoalNew = true;
    }
    this.#serve(this.#now());
  }

  /** // hot path */
  readTelemetry(out: Telemetry): boolean {
    if (!this.#isDisposed) this.#serve(this.#now());
    if (Number.isNaN(this.#sampleMs)) return false;
    const count = this.axisCount;
    out.stampMs = this.#sampleMs;
    for (let index = 0; index < count; index += 1) {
      out.posRad[index] = this.#row[index] ?? 0;
      out.velRadPerS[index] = this.#row[count + index] ?? 0;
      out.effortNm[index] = 0;
    }
    return true;
  }

  stop(): void {
    if (this.#isDisposed || !this.#hasGoal) return;
    this.#goalVel.fill(0);
    this.#tellGoal(this.#now(), 0);
  }

  /** The protocol has no motors to switch; retracting would be a motion. */
  setEnabled(): void {
    // Nothing to tell.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.stop();
    const { atClose } = this.#settings;
    if (atClose !== "hold" && this.#hasGoal) this.#tellGoal(this.#now(), GimbalFlag[atClose]);
    this.#isDisposed = true;
    await this.#line[Symbol.asyncDispose]();
  }

  /** // hot path */
  #serve(nowMs: number): void {
    if (nowMs >= this.#nextCountersMs) this.#publishCounters(nowMs);
    if (!this.#line.isUp) return;
    this.#watchSilence(nowMs);
    if (this.#isGoalNew && nowMs >= this.#nextGoalMs) this.#tellGoal(nowMs, 0);
    if (nowMs >= this.#nextHeartbeatMs) {
      this.#nextHeartbeatMs = nowMs + heartbeatMs;
      this.#send(this.#writer.write(messages.heartbeat, this.#heartbeat));
    }
    if (nowMs >= this.#nextAskMs) this.#ask(nowMs);
  }

  #tellGoal(nowMs: number, extraFlags: number): void {
    this.#isGoalNew = false;
    this.#nextGoalMs = nowMs + 1000 / this.#settings.setpointHz;
    const { yaw, roll, pitch, order } = this.#joints;
    this.#angles.yawRad = this.#goalRad[yaw] ?? 0;
    this.#angles.rollRad = this.#goalRad[roll] ?? 0;
    this.#angles.pitchRad = this.#goalRad[pitch] ?? 0;
    this.#rates.yawRad = this.#goalVel[yaw] ?? 0;
    this.#rates.rollRad = this.#goalVel[roll] ?? 0;
    this.#rates.pitchRad = this.#goalVel[pitch] ?? 0;
    const told = this.#setAttitude;
    writeFrdQuaternion(this.#angles, order, told.q);
    writeFrdRates(this.#angles, this.#rates, order, this.#xyz);
    told.angular_velocity_x = this.#xyz[0] ?? 0;
    told.angular_velocity_y = this.#xyz[1] ?? 0;
    told.angular_velocity_z = this.#xyz[2] ?? 0;
    const { rollLock, pitchLock } = this.#settings;
    told.flags =
      extraFlags |
      GimbalFlag.yawInVehicleFrame |
      (rollLock ? GimbalFlag.rollLock : 0) |
      (pitchLock ? GimbalFlag.pitchLock : 0);
    told.target_system = this.#systemId;
    told.target_component = this.#componentId;
    this.#send(this.#writer.write(messages.gimbalDeviceSetAttitude, told));
  }

  /** What the gimbal is, and its attitude at our rate, until both come. */
  #ask(nowMs: number): void {
    this.#nextAskMs = nowMs + askAgainMs;
    if (this.#componentId === 0) return;
    const { requestMessage, setMessageInterval } = MavCommand;
    if (!this.#hasInformation)
      this.#tellCommand(requestMessage, messages.gimbalDeviceInformation.id, 0);
    const expected = (askAgainMs / 1000) * this.#settings.statusHz;
    if (this.#statusesSinceAsk < 0.6 * expected) {
      const periodUs = 1e6 / this.#settings.statusHz;
      this.#tellCommand(setMessageInterval, messages.gimbalDeviceAttitudeStatus.id, periodUs);
    }
    this.#statusesSinceAsk = 0;
  }

  #tellCommand(command: number, param1: number, param2: number): void {
    const told = this.#command;
    told.target_system = this.#systemId;
    told.target_component = this.#componentId;
    told.command = command;
    told.param1 = param1;
    told.param2 = param2;
    this.#send(this.#writer.write(messages.commandLong, told));
  }

  #send(length: number): void {
    this.#line.write(this.#writer.frame, length);
  }

  #onMessage(arrival: Arrival): void {
    if (!this.#isOurGimbal(arrival)) return;
    const status = arrival.as(messages.gimbalDeviceAttitudeStatus);
    if (status !== undefined) {
      this.#statusesSinceAsk += 1;
      this.#onStatus(status);
      return;
    }
    const information = arrival.as(messages.gimbalDeviceInformation);
    if (information !== undefined) this.#onInformation(information);
  }

  /** The first that fits is chosen for good; any other is counted. */
  #isOurGimbal({ systemId, componentId, layout }: Arrival): boolean {
    const { gimbalSystemId, gimbalComponentId } = this.#settings;
    const isGimbal =
      gimbalComponentId === 0
        ? gimbalComponentIds.includes(componentId)
        : componentId === gimbalComponentId;
    if (!isGimbal || (gimbalSystemId !== 0 && systemId !== gimbalSystemId)) {
      if (layout.id === messages.gimbalDeviceAttitudeStatus.id) this.health.count("otherGimbals");
      return false;
    }
    if (this.#componentId === 0) {
      this.#systemId = systemId;
      this.#componentId = componentId;
      this.#nextAskMs = Number.NEGATIVE_INFINITY;
    }
    if (systemId === this.#systemId && componentId === this.#componentId) return true;
    this.health.count("otherGimbals");
    return false;
  }

  #onInformation(told: Readonly<Message<"gimbalDeviceInformation">>): void {
    this.#hasInformation = true;
    const { axes, problem, narrowedCount } = toldLimits(this.#profileAxes, this.#joints, told);
    this.#axes = axes;
    this.health.counters["narrowedAxes"] = narrowedCount;
    this.#misfit = problem === "" ? "" : `the profile does not fit the gimbal: ${problem}`;
  }

  #onStatus(status: Readonly<Message<"gimbalDeviceAttitudeStatus">>): void {
    const nowMs = this.#now();
    if (this.#bootClock.isReboot(status.time_boot_ms)) {
      this.#bootClock.reset();
      this.#hasInformation = false;
      this.health.count("reboots");
      this.#lose("the gimbal has started anew");
    }
    const stampMs = this.#bootClock.stamp(status.time_boot_ms, nowMs);
    this.#heardMs = nowMs;
    const text = gimbalErrorText(status.failure_flags) || this.#misfit;
    if (text !== "") {
      this.#fail(text);
      return;
    }
    if (!this.#takeAttitude(status)) {
      this.health.count("unusableAttitudes");
      return;
    }
    if (this.health.link !== DriverLink.Up) this.#tryUp(nowMs);
    if (this.health.link !== DriverLink.Up || Number.isNaN(stampMs)) return;
    if (!this.#hasGoal) this.#adopt();
    this.#sampleMs = stampMs;
    this.#telemetry.push(stampMs, this.#row);
  }

  /** Joints and rates of an attitude that is given against the vehicle; another yaw is none of ours. */
  #takeAttitude(status: Readonly<Message<"gimbalDeviceAttitudeStatus">>): boolean {
    const { yaw, roll, pitch, order } = this.#joints;
    const { yawInEarthFrame, yawInVehicleFrame, yawLock } = GimbalFlag;
    const isLocked = (status.flags & yawLock) !== 0 && (status.flags & yawInVehicleFrame) === 0;
    if (isLocked || (status.flags & yawInEarthFrame) !== 0) return false;
    const angles = this.#angles;
    if (!readFrdQuaternion(status.q, order, angles)) return false;
    const { angular_velocity_x: x, angular_velocity_y: y, angular_velocity_z: z } = status;
    const hasRates = readFrdRates(x, y, z, angles, order, this.#rates);
    this.#put(yaw, angles.yawRad, hasRates ? this.#rates.yawRad : 0);
    this.#put(roll, angles.rollRad, hasRates ? this.#rates.rollRad : 0);
    this.#put(pitch, angles.pitchRad, hasRates ? this.#rates.pitchRad : 0);
    return true;
  }

  #put(axis: number, posRad: number, velRadPerS: number): void {
    if (axis < 0) return;
    this.#row[axis] = posRad;
    this.#row[this.axisCount + axis] = velRadPerS;
  }

  /** Where it is found is where it is to stay, until it is told otherwise. */
  #adopt(): void {
    this.#goalRad.set(this.#row.subarray(0, this.axisCount));
    this.#goalVel.fill(0);
    this.#hasGoal = true;
  }

  #tryUp(nowMs: number): void {
    const isBackTooSoon = this.#wasUp && nowMs - this.#sampleMs < awayMs;
    if (!this.#hasInformation || isBackTooSoon) return;
    this.#wasUp = true;
    this.#hasGoal = false;
    this.health.set(DriverLink.Up);
  }

  #watchSilence(nowMs: number): void {
    // If nobody asked, silence is no sign.
    if (nowMs - this.#servedMs > lostAfterMs / 2) this.#judgedFromMs = nowMs;
    this.#servedMs = nowMs;
    const { link } = this.health;
    const fromMs = Math.max(this.#heardMs, this.#judgedFromMs);
    const isSilent = nowMs - fromMs > lostAfterMs;
    if (isSilent && (link === DriverLink.Up || link === DriverLink.Fault))
      this.health.set(DriverLink.Lost, `no attitude from the gimbal for ${lostAfterMs} ms`);
  }

  #fail(reason: string): void {
    this.health.set(DriverLink.Fault, reason);
    this.#hasGoal = false;
    this.#isGoalNew = false;
  }

  #lose(reason: string): void {
    this.#hasGoal = false;
    this.#isGoalNew = false;
    this.health.set(this.#wasUp ? DriverLink.Lost : DriverLink.Opening, reason);
  }

  #publishCounters(nowMs: number): void {
    this.#nextCountersMs = nowMs + countersEveryMs;
    const { counters } = this.health;
    counters["checksumErrors"] = this.#reader.checksumErrors;
    counters["resyncBytes"] = this.#reader.resyncBytes;
    counters["lostFrames"] = this.#reader.lostFrames;
    counters["unsignedFrames"] = this.#reader.unsignedFrames;
    counters["badSignatures"] = this.#reader.badSignatures;
    counters["replayedFrames"] = this.#reader.replayedFrames;
    counters["droppedFrames"] = this.#line.droppedFrames;
    counters["reconnects"] = this.#line.reconnects;
  }
}

function openLineOf(settings: MavlinkSettings, now: () => number): OpenByteLine {
  const { port, baudRate, bind, address } = settings;
  if (port !== undefined) return serialLine({ path: port, baudRate });
  const peer = address === undefined ? undefined : parseEndpoint(address);
  return datagramLine({
    bind: parseEndpoint(bind) ?? { host: "127.0.0.1", port: 0 },
    peers: peer === undefined ? [] : [peer],
    learn: peer === undefined,
    monotonicMs: now,
  });
}
