import type { ControlSeat, SeatAnswer } from "../../bridge/contract/control-seat.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { Log } from "../../bridge/contract/log.ts";
import {
  GimbalFlag,
  MavCommand,
  MavResult,
  MavState,
  MavType,
  noAutopilot,
} from "../drivers/mavlink/codec/constants.ts";
import { FrameReader, type Arrival } from "../drivers/mavlink/codec/frame-reader.ts";
import { FrameWriter, type Component } from "../drivers/mavlink/codec/frame-writer.ts";
import {
  emptyMessage,
  type Fields,
  type FieldSpec,
  type MessageLayout,
} from "../drivers/mavlink/codec/message-layout.ts";
import { messages, type Message } from "../drivers/mavlink/codec/messages.ts";
import type { Signing } from "../drivers/mavlink/codec/signing.ts";
import type { ByteLine, OpenByteLine } from "../drivers/serial/byte-line.ts";
import { isSame, readClaim } from "./control-claim.ts";
import type { GimbalDesk } from "./gimbal-desk.ts";
import { attitudeOrder, manualOrder, pitchYawOrder, type GimbalOrder } from "./gimbal-order.ts";
import { GimbalReport } from "./gimbal-report.ts";

const maxPeers = 16;
const heartbeatMs = 1000;
const rad = Math.PI / 180;

export interface GimbalManagerOptions extends Component {
  readonly device: DeviceDescription;
  /** 1 to 6: a gimbal that is not a MAVLink component of its own. */
  readonly gimbalDeviceId: number;
  readonly openLine: OpenByteLine;
  readonly signing?: Signing | undefined;
  readonly desk: GimbalDesk;
  /** Newest telemetry, 3 * axes; its stamp or NaN. */
  readonly readJoints: (row: Float64Array) => number;
  readonly now: () => number;
  readonly log: Log;
  /** One rate moves the gimbal for so long: MAVLink has no expiry of its own. */
  readonly rateTtlMs: number;
  /** Silence after which who was in control is so no longer. */
  readonly peerTimeoutMs: number;
  /** Whether who has secondary control may move the gimbal while the first does not. */
  readonly secondary: "refuse" | "nudge";
  readonly version: string;
}

/** Totals since the start, for /diagnostics. */
export interface GimbalManagerCounters {
  orders: number;
  /** From components not in control: passed over, as the protocol has it. */
  notInControl: number;
  refusedOrders: number;
  unsupportedOrders: number;
  lostControl: number;
}

interface Peer extends Component {
  heardMs: number;
}

/** The bridge as a MAVLink gimbal manager: ground stations and autopilots command its device through it. */
export class GimbalManager implements AsyncDisposable {
  readonly counters: GimbalManagerCounters = {
    orders: 0,
    notInControl: 0,
    refusedOrders: 0,
    unsupportedOrders: 0,
    lostControl: 0,
  };
  readonly #options: GimbalManagerOptions;
  readonly #reader: FrameReader;
  readonly #writer: FrameWriter;
  readonly #line: ByteLine;
  readonly #report: GimbalReport;
  readonly #peers: Peer[] = [];
  readonly #startMs: number;
  readonly #intervals = new Map<number, { periodMs: number; dueMs: number }>();
  #primary: Component | undefined;
  #secondary: Component | undefined;
  #seat: ControlSeat | undefined;
  #primaryOrderMs = Number.NEGATIVE_INFINITY;
  #flags = 0;
  #nextHeartbeatMs = Number.NEGATIVE_INFINITY;

  constructor(options: GimbalManagerOptions) {
    this.#options = options;
    this.#startMs = options.now();
    this.#writer = new FrameWriter(options, options.signing);
    this.#reader = new FrameReader((arrival) => {
      this.#onMessage(arrival);
    }, options.signing);
    this.#report = new GimbalReport(options);
    this.#line = options.openLine({
      onBytes: (bytes, length) => {
        this.#reader.feedDatagram(bytes, length);
      },
      onUp: () => {
        this.#nextHeartbeatMs = Number.NEGATIVE_INFINITY;
      },
      onDown: (reason) => {
        this.#letGo(reason);
      },
    });
    this.#setInterval(messages.gimbalManagerStatus.id, 200);
    this.#setInterval(messages.gimbalDeviceAttitudeStatus.id, 100);
  }

  get reader(): FrameReader {
    return this.#reader;
  }

  /** Who is in control; undefined: nobody. */
  get primary(): Component | undefined {
    return this.#primary;
  }

  /** To be called every 20 ms or so. */
  tick(): void {
    const nowMs = this.#options.now();
    if (nowMs >= this.#nextHeartbeatMs) this.#sendHeartbeat(nowMs);
    for (const [id, interval] of this.#intervals) {
      if (nowMs < interval.dueMs) continue;
      interval.dueMs = Math.max(interval.dueMs + interval.periodMs, nowMs);
      this.#sendById(id);
    }
    if (this.#primary === undefined) return;
    if (this.#isHeard(this.#primary, nowMs)) this.#seat?.checkIn();
    else this.#letGo(`${nameOf(this.#primary)} was silent for ${this.#options.peerTimeoutMs} ms`);
    if (this.#secondary !== undefined && !this.#isHeard(this.#secondary, nowMs))
      this.#secondary = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#letGo("the gimbal manager is being closed");
    await this.#line[Symbol.asyncDispose]();
  }

  #onMessage(arrival: Arrival): void {
    const sender = { systemId: arrival.systemId, componentId: arrival.componentId };
    if (isSame(sender, this.#options)) return;
    this.#hear(sender);
    switch (arrival.layout.id) {
      case messages.timesync.id:
        this.#onTimesync(arrival.as(messages.timesync), sender);
        return;
      case messages.commandLong.id:
        this.#onCommand(arrival.as(messages.commandLong), sender);
        return;
      case messages.gimbalManagerSetAttitude.id:
      case messages.gimbalManagerSetPitchyaw.id:
      case messages.gimbalManagerSetManualControl.id:
        this.#onSetpoint(arrival, sender);
        return;
      default:
    }
  }

  #onSetpoint(arrival: Arrival, sender: Component): void {
    const { device } = this.#options;
    const attitude = arrival.as(messages.gimbalManagerSetAttitude);
    if (attitude !== undefined && this.#isForUs(attitude)) {
      const { angular_velocity_x: x, angular_velocity_y: y, angular_velocity_z: z } = attitude;
      const rates = Float64Array.of(x, y, z);
      this.#carryOut(sender, attitude.flags, attitudeOrder({ ...attitude, rates }, device));
    }
    const pitchYaw = arrival.as(messages.gimbalManagerSetPitchyaw);
    if (pitchYaw !== undefined && this.#isForUs(pitchYaw))
      this.#carryOut(sender, pitchYaw.flags, pitchYawOrder(asPitchYaw(pitchYaw), device));
    const manual = arrival.as(messages.gimbalManagerSetManualControl);
    if (manual !== undefined && this.#isForUs(manual))
      this.#carryOut(sender, manual.flags, manualOrder(asPitchYaw(manual), device));
  }

  #onCommand(told: Message<"commandLong"> | undefined, sender: Component): void {
    if (told === undefined || !this.#isTarget(told)) return;
    const result = this.#judge(told, sender);
    if (result === undefined) return;
    const ack = emptyMessage(messages.commandAck);
    ack.command = told.command;
    ack.result = result;
    ack.target_system = sender.systemId;
    ack.target_component = sender.componentId;
    this.#send(messages.commandAck, ack);
    // What was asked for comes behind the answer.
    if (told.command === MavCommand.requestMessage && result === MavResult.accepted)
      this.#sendById(told.param1);
  }

  /** Undefined: not ours to answer. */
  #judge(told: Message<"commandLong">, sender: Component): MavResult | undefined {
    const isAddressed = told.target_component === this.#options.componentId;
    switch (told.command) {
      case MavCommand.requestMessage: {
        if (this.#canSend(told.param1)) return MavResult.accepted;
        return isAddressed ? MavResult.unsupported : undefined;
      }
      case MavCommand.setMessageInterval: {
        if (!this.#canSend(told.param1)) return isAddressed ? MavResult.unsupported : undefined;
        return this.#setInterval(told.param1, told.param2 / 1000)
          ? MavResult.accepted
          : MavResult.denied;
      }
      case MavCommand.gimbalManagerConfigure:
        return this.#isGimbal(told.param7) ? this.#configure(told, sender) : MavResult.denied;
      case MavCommand.gimbalManagerPitchyaw: {
        if (!this.#isGimbal(told.param7)) return MavResult.denied;
        const order = pitchYawOrder(
          {
            flags: told.param5,
            pitch: told.param1 * rad,
            yaw: told.param2 * rad,
            pitchRate: told.param3 * rad,
            yawRate: told.param4 * rad,
          },
          this.#options.device,
        );
        return this.#carryOut(sender, told.param5, order);
      }
      default:
        return isAddressed ? MavResult.unsupported : undefined;
    }
  }

  #configure(told: Message<"commandLong">, sender: Component): MavResult {
    const primary = readClaim(told.param1, told.param2, { sender, current: this.#primary });
    const secondary = readClaim(told.param3, told.param4, { sender, current: this.#secondary });
    if (primary.kind === "invalid" || secondary.kind === "invalid") return MavResult.denied;
    const hasControl = isSame(sender, this.#primary);
    if (primary.kind === "nobody") {
      if (this.#primary !== undefined && !hasControl) return MavResult.denied;
      this.#letGo(`${nameOf(sender)} gave control back`);
    }
    if (primary.kind === "somebody" && !isSame(primary.who, this.#primary)) {
      const isHandOver = hasControl && this.#isHeard(primary.who, this.#options.now());
      if (!isSame(primary.who, sender) && !isHandOver) return MavResult.denied;
      const result = this.#giveTo(primary.who, isHandOver ? sender : undefined);
      if (result !== MavResult.accepted) return result;
    }
    if (secondary.kind !== "keep") {
      const who = secondary.kind === "somebody" ? secondary.who : undefined;
      const mayChange = isSame(sender, this.#primary) || isSame(sender, who ?? this.#secondary);
      if (!mayChange) return MavResult.denied;
      this.#secondary = who;
    }
    this.#sendById(messages.gimbalManagerStatus.id);
    return MavResult.accepted;
  }

  /** One who has control keeps it against everybody who just asks: the lease decides, not the last word. */
  #giveTo(who: Component, from: Component | undefined): MavResult {
    if (this.#primary !== undefined && from === undefined) return MavResult.temporarilyRejected;
    if (from !== undefined) this.#letGo(`${nameOf(from)} handed over to ${nameOf(who)}`);
    const seat = this.#options.desk.openSeat(who);
    seat.onLost((reason) => {
      if (this.#seat === seat) this.#letGo(reason);
    });
    const answer = seat.acquire();
    if (!answer.ok) {
      seat.close(answer.reason);
      return resultOf(answer);
    }
    this.#seat = seat;
    this.#primary = who;
    this.#options.log.info({ component: nameOf(who) }, "in control over MAVLink");
    return MavResult.accepted;
  }

  #carryOut(sender: Component, flags: number, order: GimbalOrder): MavResult {
    const seat = this.#seat;
    if (seat === undefined || !this.#mayOrder(sender, order)) {
      this.counters.notInControl += 1;
      return MavResult.denied;
    }
    if (order.kind === "unsupported") {
      this.counters.unsupportedOrders += 1;
      return MavResult.unsupported;
    }
    if (order.kind === "nothing") return MavResult.accepted;
    if (isSame(sender, this.#primary)) this.#primaryOrderMs = this.#options.now();
    const answer = this.#tell(seat, order);
    if (answer.ok) {
      this.counters.orders += 1;
      this.#flags = flags;
    } else this.counters.refusedOrders += 1;
    return resultOf(answer);
  }

  #tell(seat: ControlSeat, order: Exclude<GimbalOrder, { kind: "nothing" | "unsupported" }>) {
    switch (order.kind) {
      case "stow":
        return seat.stow();
      case "position":
        return seat.position(order.posRad, order.velocityRatio);
      case "velocity":
        return seat.velocity(order.velRadPerS, this.#options.rateTtlMs);
      default:
        return order satisfies never;
    }
  }

  /** A nudge is a rate, while who is in control says nothing. */
  #mayOrder(sender: Component, order: GimbalOrder): boolean {
    if (isSame(sender, this.#primary)) return true;
    const { secondary, now, rateTtlMs } = this.#options;
    if (secondary === "refuse" || !isSame(sender, this.#secondary)) return false;
    return order.kind === "velocity" && now() - this.#primaryOrderMs > rateTtlMs;
  }

  #letGo(reason: string): void {
    const [seat, primary] = [this.#seat, this.#primary];
    this.#seat = this.#primary = undefined;
    this.#flags = 0;
    if (seat === undefined || primary === undefined) return;
    this.counters.lostControl += 1;
    this.#options.log.info({ component: nameOf(primary), reason }, "no longer in control");
    seat.release(reason);
    seat.close(reason);
    this.#sendById(messages.gimbalManagerStatus.id);
  }

  #onTimesync(told: Message<"timesync"> | undefined, sender: Component): void {
    // tc1 other than 0 is somebody's answer.
    if (told?.tc1 !== 0n) return;
    const isForUs = told.target_system === 0 || this.#isTarget(told);
    if (!isForUs) return;
    const answer = emptyMessage(messages.timesync);
    answer.tc1 = BigInt(Math.round(this.#options.now() * 1e6));
    answer.ts1 = told.ts1;
    answer.target_system = sender.systemId;
    answer.target_component = sender.componentId;
    this.#send(messages.timesync, answer);
  }

  #isForUs(told: {
    readonly target_system: number;
    readonly target_component: number;
    readonly gimbal_device_id: number;
  }): boolean {
    return this.#isTarget(told) && this.#isGimbal(told.gimbal_device_id);
  }

  /** 0 is everybody. */
  #isTarget(told: { readonly target_system: number; readonly target_component: number }): boolean {
    const { systemId, componentId } = this.#options;
    return (
      (told.target_system === 0 || told.target_system === systemId) &&
      (told.target_component === 0 || told.target_component === componentId)
    );
  }

  #isGimbal(id: number): boolean {
    return id === 0 || id === this.#options.gimbalDeviceId;
  }

  #hear(sender: Component): void {
    const nowMs = this.#options.now();
    const known = this.#peers.find((peer) => isSame(peer, sender));
    if (known !== undefined) {
      known.heardMs = nowMs;
      return;
    }
    const old = this.#peers.findIndex((peer) => !this.#isHeard(peer, nowMs));
    if (this.#peers.length >= maxPeers) {
      if (old < 0) return;
      this.#peers.splice(old, 1);
    }
    this.#peers.push({ ...sender, heardMs: nowMs });
  }

  #isHeard(who: Component, nowMs: number): boolean {
    const peer = this.#peers.find((known) => isSame(known, who));
    return peer !== undefined && nowMs - peer.heardMs <= this.#options.peerTimeoutMs;
  }

  #canSend(id: number): boolean {
    return this.#report.has(id);
  }

  /** 0: the usual rate, -1: never. False for a rate that is none. */
  #setInterval(id: number, periodMs: number): boolean {
    if (periodMs < 0) return this.#intervals.delete(id) || true;
    const usualMs = id === messages.gimbalManagerStatus.id ? 200 : 100;
    const wantedMs = periodMs === 0 ? usualMs : periodMs;
    if (!(wantedMs >= 20 && wantedMs <= 60_000)) return false;
    this.#intervals.set(id, { periodMs: wantedMs, dueMs: this.#options.now() });
    return true;
  }

  #sendHeartbeat(nowMs: number): void {
    this.#nextHeartbeatMs = nowMs + heartbeatMs;
    const heartbeat = emptyMessage(messages.heartbeat);
    heartbeat.type = MavType.onboardController;
    heartbeat.autopilot = noAutopilot;
    heartbeat.system_status = MavState.active;
    heartbeat.mavlink_version = 3;
    this.#send(messages.heartbeat, heartbeat);
  }

  #sendById(id: number): void {
    this.#report.write(id, {
      bootMs: this.#options.now() - this.#startMs,
      primary: this.#primary,
      secondary: this.#secondary,
      flags: this.#flags | GimbalFlag.yawInVehicleFrame,
      send: (layout, message) => {
        this.#send(layout, message);
      },
    });
  }

  #send<Specs extends readonly FieldSpec[]>(
    layout: MessageLayout<Specs>,
    message: Readonly<Fields<Specs>>,
  ): void {
    this.#line.write(this.#writer.frame, this.#writer.write(layout, message));
  }
}

const nameOf = ({ systemId, componentId }: Component): string => `${systemId}/${componentId}`;

const asPitchYaw = (told: Readonly<Message<"gimbalManagerSetPitchyaw">>) => ({
  flags: told.flags,
  pitch: told.pitch,
  yaw: told.yaw,
  pitchRate: told.pitch_rate,
  yawRate: told.yaw_rate,
});

/** Held by another or stopped is for now; what a role may not do is for good. */
function resultOf(answer: SeatAnswer): MavResult {
  if (answer.ok) return MavResult.accepted;
  if (answer.code === "control/role" || answer.code === "control/session") return MavResult.denied;
  if (answer.code === "command/axis" || answer.code === "control/unsupported")
    return MavResult.unsupported;
  if (answer.code.startsWith("lease/") || answer.code.startsWith("command/"))
    return MavResult.temporarilyRejected;
  return MavResult.failed;
}
