import { MavLinkProtocolV2 } from "node-mavlink";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../../bridge/contract/log.ts";
import { ControlDesk } from "../../../bridge/control/desk.ts";
import type { ServerMessage } from "../../../bridge/control/server-messages.ts";
import { mavlinkDesk } from "../../../bridge/parts/mavlink-desk.ts";
import {
  GimbalManager,
  type GimbalManagerOptions,
} from "../../../devices/mavlink/gimbal-manager.ts";
import { ManualClock } from "../../fakes/manual-clock.ts";
import { peerClass, peerFrame, type PeerValues } from "../../fakes/mavlink-peer.ts";
import { MemoryLine } from "../../fakes/memory-line.ts";
import { RecordingActuation } from "../../fakes/synthetic-actuation.ts";

type From = readonly [number, number];
interface Said {
  readonly id: number;
  readonly values: PeerValues;
}
const gcs: From = [255, 190];
const other: From = [250, 190];
const configure = 1001;
const pitchYaw = 1000;

/** Ground stations with node-mavlink's bytes, the manager, and the real control desk over it. */
function openRig(extra: Partial<GimbalManagerOptions> = {}) {
  const clock = new ManualClock();
  const actuation = new RecordingActuation();
  const desk = new ControlDesk({
    actuations: [actuation],
    epoch: "e1",
    clock,
    log: silentLog,
    limits: { maxMessageBytes: 16_384, maxMessagesPerS: 200, maxTtlMs: 5000 },
  });
  const line = new MemoryLine();
  const { device } = actuation;
  const now = clock.monotonicMs;
  const manager = new GimbalManager({
    device,
    systemId: 1,
    componentId: 191,
    gimbalDeviceId: 1,
    openLine: line.open,
    desk: mavlinkDesk({ desk, deviceId: device.id, now }),
    readJoints: (row) => {
      row.set([2, 0.5, 0, -0.25]);
      return now();
    },
    now,
    log: silentLog,
    rateTtlMs: 500,
    peerTimeoutMs: 2500,
    secondary: "refuse",
    version: "test",
    ...extra,
  });
  line.plug();
  const said: Said[] = [];
  const protocol = new MavLinkProtocolV2();
  const step = (): void => {
    line.step(clock.nowMs, (bytes) => {
      const frame = Buffer.from(bytes);
      const { msgid } = protocol.header(frame);
      const clazz = peerClass(msgid);
      const data = protocol.data(protocol.payload(frame), clazz) as unknown as PeerValues;
      const values = clazz.FIELDS.map(({ name, source }) => [source, data[name]]);
      said.push({ id: msgid, values: Object.fromEntries(values) as PeerValues });
    });
  };
  const send = (id: number, values: PeerValues, from: From = gcs): readonly Said[] => {
    const target = { target_system: 1, target_component: 191 };
    step();
    said.length = 0;
    line.reply([...peerFrame(id, { ...target, ...values }, { from })]);
    step();
    step();
    return said.slice();
  };
  const command = (number: number, params: readonly number[], from: From = gcs): unknown => {
    const values = Object.fromEntries(params.map((value, at) => [`param${at + 1}`, value]));
    const answers = send(76, { ...values, command: number }, from);
    return answers.find(({ id }) => id === 77)?.values["result"];
  };
  const pass = (ms: number, alive: readonly From[] = []): void => {
    for (let passed = 0; passed < ms; passed += 20) {
      clock.nowMs += 20;
      if (passed % 1000 === 0)
        for (const from of alive) line.reply([...peerFrame(0, {}, { from })]);
      step();
      manager.tick();
      desk.tick();
    }
    step();
  };
  const take = (from = gcs): unknown => command(configure, [-2, -2, -1, -1, 0, 0, 0], from);
  return { clock, actuation, desk, line, manager, said, send, command, pass, take };
}
const nan = Number.NaN;
const setPitchYaw = (values: PeerValues): PeerValues => ({
  flags: 12,
  pitch: nan,
  yaw: nan,
  pitch_rate: nan,
  yaw_rate: nan,
  gimbal_device_id: 0,
  ...values,
});

/** By axis: deploy, yaw, roll, pitch. */
function lastOf(
  { sent }: RecordingActuation,
  what: "posRad" | "velRadPerS",
): readonly (number | null)[] {
  const values = (sent.at(-1) as Readonly<Record<string, unknown>> | undefined)?.[what];
  return values as readonly (number | null)[];
}

describe("the gimbal manager", () => {
  it("says so: heartbeat 1 Hz, status 5 Hz, attitude 10 Hz", () => {
    const { pass, said } = openRig();
    pass(100);
    said.length = 0;
    pass(10_000);
    const count = (wanted: number): number => said.filter(({ id }) => id === wanted).length;
    expect([count(0), count(281), count(285)]).toEqual([10, 50, 100]);
    expect(said.find(({ id }) => id === 0)?.values).toMatchObject({ type: 18, autopilot: 8 });
  });

  it.each([280, 281, 283, 285, 396])("message %i is sent on request, behind its ack", (id) => {
    const { send } = openRig();
    const answers = send(76, { command: 512, param1: id });
    expect(answers.map((answer) => answer.id)).toEqual([77, id]);
    expect(answers[0]!.values).toMatchObject({ command: 512, result: 0, target_system: 255 });
  });

  it("a message it has not is unsupported, unless everybody was asked", () => {
    const { command, send } = openRig();
    expect(command(512, [242])).toBe(3);
    expect(send(76, { command: 512, param1: 242, target_component: 0 })).toEqual([]);
  });

  it("tells ranges and attitude in MAVLink's signs", () => {
    const { send, actuation } = openRig();
    const pitch = actuation.device.axes.find(({ name }) => name === "pitch")!;
    const [, information] = send(76, { command: 512, param1: 280 });
    expect(information!.values["pitch_max"]).toBeCloseTo(-pitch.lowerRad, 5);
    expect(information!.values["pitch_min"]).toBeCloseTo(-pitch.upperRad, 5);
    const [, attitude] = send(76, { command: 512, param1: 285 });
    const [w, x, y, z] = attitude!.values["q"] as number[];
    // Left by 0.5 and up by 0.25 is -0.5 about down, and then 0.25 about right.
    const [cy, sy, cp, sp] = [Math.cos(0.25), -Math.sin(0.25), Math.cos(0.125), Math.sin(0.125)];
    for (const [found, expected] of [
      [w, cy * cp],
      [x, -sy * sp],
      [y, cy * sp],
      [z, sy * cp],
    ] as const)
      expect(found).toBeCloseTo(expected, 6);
    expect(attitude!.values["gimbal_device_id"]).toBe(1);
  });

  it("who is not in control moves nothing", () => {
    const { send, command, actuation, manager } = openRig();
    send(287, setPitchYaw({ pitch: 0.2 }));
    expect(command(pitchYaw, [10, 0, nan, nan, 12, 0, 0])).toBe(2);
    expect(actuation.sent).toEqual([]);
    expect(manager.counters.notInControl).toBe(2);
  });

  it("in control: angles up and right become positions down and left", () => {
    const { send, take, actuation, said } = openRig();
    expect(take()).toBe(0);
    expect(said.find(({ id }) => id === 281)?.values).toMatchObject({
      primary_control_sysid: 255,
      primary_control_compid: 190,
    });
    send(287, setPitchYaw({ pitch: 0.25, yaw: 0.5 }));
    // deploy, yaw, roll, pitch
    expect(actuation.sent.at(-1)).toMatchObject({
      kind: "position",
      posRad: [null, -0.5, null, -0.25],
    });
  });

  it("DO_GIMBAL_MANAGER_PITCHYAW is in degrees", () => {
    const { command, take, actuation } = openRig();
    take();
    expect(command(pitchYaw, [-30, 45, nan, nan, 12, 0, 1])).toBe(0);
    const posRad = lastOf(actuation, "posRad");
    expect(posRad[1]).toBeCloseTo(-Math.PI / 4, 6);
    expect(posRad[3]).toBeCloseTo(Math.PI / 6, 6);
  });

  it("a rate gets an expiry of ours, and NaN leaves an axis alone", () => {
    const { send, take, actuation, clock } = openRig();
    take();
    send(287, setPitchYaw({ yaw_rate: 0.5 }));
    expect(actuation.sent.at(-1)).toMatchObject({
      kind: "velocity",
      velRadPerS: [null, -0.5, null, null],
      expiresAtMs: clock.nowMs + 500,
    });
  });

  it("manual control is a share of the limits", () => {
    const { send, take, actuation } = openRig();
    take();
    const yaw = actuation.device.axes.find(({ name }) => name === "yaw")!;
    send(288, setPitchYaw({ yaw_rate: -0.5 }));
    const velRadPerS = lastOf(actuation, "velRadPerS");
    expect(velRadPerS[1]).toBeCloseTo(0.5 * yaw.maxVelocityRadPerS, 6);
    send(288, setPitchYaw({ yaw: 1 }));
    const posRad = lastOf(actuation, "posRad");
    expect(posRad[1]).toBeCloseTo(yaw.lowerRad, 5);
  });

  it("SET_ATTITUDE: a quaternion, and rates without one", () => {
    const { send, take, actuation } = openRig();
    take();
    const [c, s] = [Math.cos(0.2), Math.sin(0.2)];
    const rates = { angular_velocity_x: nan, angular_velocity_y: nan, angular_velocity_z: nan };
    send(282, { flags: 12, gimbal_device_id: 1, q: [c, 0, 0, s], ...rates });
    const posRad = lastOf(actuation, "posRad");
    expect(posRad[1]).toBeCloseTo(-0.4, 6);
    const q = [nan, nan, nan, nan];
    send(282, { flags: 12, gimbal_device_id: 1, q, ...rates, angular_velocity_z: 0.3 });
    const velRadPerS = lastOf(actuation, "velRadPerS");
    expect(velRadPerS[1]).toBeCloseTo(-0.3, 6);
  });

  it("RETRACT stows, before anything else; NEUTRAL goes home", () => {
    const { send, take, actuation } = openRig();
    take();
    send(287, setPitchYaw({ flags: 2 }));
    expect(actuation.sent.at(-1)).toMatchObject({ kind: "position" });
    send(287, setPitchYaw({ flags: 1 + 2, pitch: 0.3 }));
    expect(actuation.sent.at(-1)).toMatchObject({ kind: "stow" });
  });

  it.each([
    ["yaw against north", [0, 10, nan, nan, 64, 0, 0], 3],
    ["yaw locked to north", [0, 10, nan, nan, 16, 0, 0], 3],
    ["an angle beside another axis' rate", [10, nan, nan, 5, 12, 0, 0], 3],
    ["another gimbal", [0, 10, nan, nan, 12, 0, 2], 2],
  ] as const)("%s is refused and moves nothing", (_, params, result) => {
    const { command, take, actuation } = openRig();
    take();
    const before = actuation.sent.length;
    expect(command(pitchYaw, params)).toBe(result);
    expect(actuation.sent.length).toBe(before);
  });

  it("two ground stations: the first keeps control until it gives it back or hands it over", () => {
    const { take, command, send, manager, actuation } = openRig();
    expect(take(gcs)).toBe(0);
    expect(take(other)).toBe(1);
    send(287, setPitchYaw({ pitch: 0.3 }), other);
    expect(actuation.sent).toEqual([]);
    // Neither for itself nor for nobody may the other one decide.
    expect(command(configure, [0, 0, -1, -1, 0, 0, 0], other)).toBe(2);
    expect(command(configure, [-3, -3, -1, -1, 0, 0, 0], other)).toBe(0);
    expect(manager.primary).toMatchObject({ systemId: 255 });
    expect(command(configure, [250, 190, -1, -1, 0, 0, 0], gcs)).toBe(0);
    expect(manager.primary).toMatchObject({ systemId: 250 });
    expect(command(configure, [-3, -3, -1, -1, 0, 0, 0], other)).toBe(0);
    expect(manager.primary).toBeUndefined();
    expect(take(gcs)).toBe(0);
  });

  it("a device that another client holds is refused for now", () => {
    const { desk, take, clock, actuation } = openRig();
    const heard: ServerMessage[] = [];
    const peer = { send: (message: ServerMessage) => heard.push(message), end: () => undefined };
    desk.open({ id: "page", role: "controller", client: "page" }, peer);
    const device = actuation.device.id;
    desk.handle("page", { type: "lease.acquire", id: 1, device }, clock.nowMs);
    expect(take()).toBe(1);
  });

  it("a ground station that falls silent loses control, and the device holds", () => {
    const { take, send, pass, manager, actuation, desk } = openRig();
    take();
    send(287, setPitchYaw({ yaw: 0.5 }));
    pass(5000, [gcs]);
    expect(manager.primary).toMatchObject({ systemId: 255 });
    expect(actuation.kinds).toEqual(["position"]);
    pass(2600);
    expect(manager.primary).toBeUndefined();
    expect(actuation.kinds).toContain("stop hold");
    expect(desk.summary()[0]?.owner).toBeNull();
    expect(desk.sessionCount).toBe(0);
  });

  it("a line that goes down ends control at once", () => {
    const { take, line, manager, actuation } = openRig();
    take();
    line.unplug();
    expect(manager.primary).toBeUndefined();
    expect(actuation.kinds).toContain("stop hold");
  });

  it.each([
    ["refuse", 0],
    ["nudge", 1],
  ] as const)("secondary control (%s): rates while the first is quiet", (secondary, count) => {
    const { take, command, send, pass, actuation } = openRig({ secondary });
    take(gcs);
    expect(command(configure, [-1, -1, -2, -2, 0, 0, 0], other)).toBe(0);
    pass(600, [gcs, other]);
    send(287, setPitchYaw({ yaw_rate: 0.2 }), other);
    send(287, setPitchYaw({ yaw: 0.2 }), other);
    expect(actuation.sent).toHaveLength(count);
    send(287, setPitchYaw({ yaw: 0.2 }), gcs);
    send(287, setPitchYaw({ yaw_rate: 0.2 }), other);
    expect(actuation.sent).toHaveLength(count + 1);
  });

  it("TIMESYNC is answered with our time, an answer is not", () => {
    const { send, clock } = openRig();
    const [answer] = send(111, { tc1: 0n, ts1: 77n, target_system: 0, target_component: 0 });
    expect(answer?.values).toMatchObject({ tc1: BigInt(clock.nowMs * 1e6), ts1: 77n });
    expect(send(111, { tc1: 5n, ts1: 77n })).toEqual([]);
  });

  it("what is meant for another component is passed over", () => {
    const { send, take, actuation, command } = openRig();
    take();
    send(287, setPitchYaw({ yaw: 0.2, target_component: 1 }));
    expect(actuation.sent).toEqual([]);
    expect(send(76, { command: configure, target_system: 9 })).toEqual([]);
    expect(command(configure, [300, 1, -1, -1, 0, 0, 0])).toBe(2);
  });

  it("rates of messages can be changed, within bounds", () => {
    const { command, pass, said } = openRig();
    expect(command(511, [285, 500_000])).toBe(0);
    expect(command(511, [285, 1000])).toBe(2);
    expect(command(511, [281, -1])).toBe(0);
    pass(100);
    said.length = 0;
    pass(4000);
    expect(said.filter(({ id }) => id === 285)).toHaveLength(8);
    expect(said.filter(({ id }) => id === 281)).toHaveLength(0);
  });
});
