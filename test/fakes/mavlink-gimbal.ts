import { MavLinkProtocolV2 } from "node-mavlink";
import { peerClass, peerFrame, type PeerValues } from "./mavlink-peer.ts";

type Quaternion = readonly [number, number, number, number];

/**
 * A gimbal device at the other end, in MAVLink's own frames and by node-mavlink's bytes: it turns towards
 * the attitude it was told last, at 4 rad/s, whoever tells.
 */
export class MavlinkGimbal {
  q: Quaternion;
  target: Quaternion;
  componentId = 154;
  failureFlags = 0;
  bootMs = 5000;
  /** Of the attitude status, changed by SET_MESSAGE_INTERVAL. */
  periodMs = 100;
  information: PeerValues = {
    cap_flags: 0x7ff,
    yaw_min: -4,
    yaw_max: 4,
    roll_min: -2,
    roll_max: 2,
    pitch_min: -2,
    pitch_max: 2,
  };
  readonly told: { readonly q: Quaternion; readonly values: PeerValues }[] = [];
  answer: (frame: Buffer) => void = () => undefined;
  #sequence = 0;
  #nextStatusMs = 0;
  #nextHeartbeatMs = 0;

  constructor(q: Quaternion = [1, 0, 0, 0]) {
    this.q = this.target = q;
  }

  step(elapsedMs: number): void {
    this.bootMs += elapsedMs;
    this.#turn((4 * elapsedMs) / 1000);
    if (this.bootMs >= this.#nextHeartbeatMs) {
      this.#nextHeartbeatMs = this.bootMs + 1000;
      this.#say(0, { type: 26, autopilot: 8, system_status: 4, mavlink_version: 3 });
    }
    if (this.bootMs >= this.#nextStatusMs) {
      this.#nextStatusMs = this.bootMs + this.periodMs;
      this.sayStatus();
    }
  }

  sayStatus(componentId = this.componentId, q = this.q): void {
    const values = {
      time_boot_ms: this.bootMs,
      flags: 32 + 12,
      q: [...q],
      failure_flags: this.failureFlags,
    };
    this.#say(285, values, componentId);
  }

  reboot(): void {
    this.bootMs = this.#nextStatusMs = this.#nextHeartbeatMs = 0;
    this.periodMs = 100;
  }

  /** One whole frame. */
  receive(bytes: readonly number[]): void {
    const frame = Buffer.from(bytes);
    const protocol = new MavLinkProtocolV2();
    const { msgid } = protocol.header(frame);
    const clazz = peerClass(msgid);
    const data = protocol.data(protocol.payload(frame), clazz) as unknown as PeerValues;
    const values = Object.fromEntries(clazz.FIELDS.map(({ name, source }) => [source, data[name]]));
    if (values["target_component"] !== this.componentId) return;
    if (msgid === 284) {
      const q = values["q"] as number[];
      this.target = [q[0]!, q[1]!, q[2]!, q[3]!];
      this.told.push({ q: this.target, values });
    }
    if (msgid !== 76) return;
    if (values["command"] === 512)
      this.#say(283, { time_boot_ms: this.bootMs, ...this.information });
    if (values["command"] === 511) this.periodMs = Number(values["param2"]) / 1000;
    this.#say(77, { command: values["command"], result: 0 });
  }

  /** Along the shorter arc, at most `stepRad`. */
  #turn(stepRad: number): void {
    const dot = this.q.reduce((sum, part, index) => sum + part * this.target[index]!, 0);
    const angle = 2 * Math.acos(Math.min(1, Math.abs(dot)));
    const share = angle <= stepRad ? 1 : stepRad / angle;
    const side = dot < 0 ? -1 : 1;
    const mixed = this.q.map((part, index) => part + share * (side * this.target[index]! - part));
    const length = Math.hypot(...mixed);
    const [w, x, y, z] = mixed.map((part) => part / length);
    this.q = [w!, x!, y!, z!];
  }

  #say(id: number, values: PeerValues, componentId = this.componentId): void {
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) % 256;
    this.answer(peerFrame(id, values, { from: [1, componentId], sequence }));
  }
}
